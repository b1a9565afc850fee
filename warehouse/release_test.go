package warehouse

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"metabench/analysis/result"
	"metabench/corpus"
)

// releasable is a crawled quiz whose results have a run, with forms A (items 3 and 1)
// and B (item 4).
func releasable(t *testing.T) *Warehouse {
	t.Helper()
	w := crawledQuiz(t, 6)
	buildQuiz(t, w, 1, nil, result.SelectedItem{Form: "A", Position: 1, Item: "3"}, result.SelectedItem{Form: "A", Position: 2, Item: "1"},
		result.SelectedItem{Form: "B", Position: 1, Item: "4"})
	return w
}

// buildQuiz stores what a build of a seed would have found.
func buildQuiz(t *testing.T, w *Warehouse, seed uint64, calibrated []result.Calibrated, selected ...result.SelectedItem) string {
	t.Helper()
	a, err := w.BeginRun(t.Context(), Run{Seed: seed, CodeVersion: "v", ConfigHash: "c"})
	if err != nil {
		t.Fatal(err)
	}
	s := someResults(1)
	s.Abilities, s.Selected, s.Calibrated = nil, selected, calibrated
	if err := errors.Join(w.StoreResults(t.Context(), a.RunID, s), w.FinishRun(t.Context(), a, RunDone, nil)); err != nil {
		t.Fatal(err)
	}
	return a.RunID
}

func mustRelease(t *testing.T, w *Warehouse, o ReleaseOptions) Release {
	t.Helper()
	r, _, err := w.CreateRelease(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReleaseKeepsItsItems(t *testing.T) {
	t.Parallel()
	w := releasable(t)
	made := mustRelease(t, w, ReleaseOptions{Version: "2026-11", Note: "for a paper"})
	buildQuiz(t, w, 2, nil, result.SelectedItem{Form: "A", Position: 1, Item: "2"})
	got, err := w.Release(t.Context(), "2026-11")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, got); diff != "" {
		t.Error(diff)
	}
	a, _ := got.Of("quiz", "A")
	b, _ := got.Of("quiz", "B")
	want := []ReleasedItem{{Task: "quiz", Item: "3", Hash: "hash2", Design: "selected", Present: true}, {Task: "quiz", Item: "1", Hash: "hash0", Design: "selected", Present: true}}
	if diff := cmp.Diff(want, a.Items); diff != "" || len(b.Items) != 1 || b.Items[0].Item != "4" || b.Items[0].Design != "given" { // no search chose form B
		t.Errorf("form B %v, form A %s", b.Items, diff)
	}
	if got.Note != "for a paper" || got.CodeVersion != "v" || got.RunID != a.RunID || len(got.Identity) != 16 {
		t.Errorf("%+v", got)
	}
	if found := mustCheck(t, w, CheckOptions{}); slices.ContainsFunc(found, func(f Finding) bool { return strings.HasPrefix(f.Check, "release") }) {
		t.Error(found)
	}
}

func TestReleasesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	w := releasable(t)
	mustRelease(t, w, ReleaseOptions{Version: "v1"})
	cases := map[string]struct {
		o    ReleaseOptions
		want string
	}{
		"there_already":     {ReleaseOptions{Version: "v1"}, "what was released never changes"},
		"name_of_a_form":    {ReleaseOptions{Version: "a"}, "name that can't be used"},
		"name_of_no_form":   {ReleaseOptions{Version: "none"}, "name that can't be used"},
		"capital":           {ReleaseOptions{Version: "V1"}, "name that can't be used"},
		"at":                {ReleaseOptions{Version: "v@1"}, "name that can't be used"},
		"path":              {ReleaseOptions{Version: "../v"}, "name that can't be used"},
		"empty":             {ReleaseOptions{}, "name that can't be used"},
		"unknown_benchmark": {ReleaseOptions{Version: "v2", Benchmarks: []string{"quiz", "arc"}}, "benchmark arc has no selected items"},
		"unknown_form":      {ReleaseOptions{Version: "v2", Forms: []string{"C"}}, "form C has no selected items"},
	}
	before := hashesOf(t, w)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, _, err := w.CreateRelease(t.Context(), c.o)
			var release *ReleaseError
			if !errors.As(err, &release) || !strings.Contains(err.Error(), c.want) || release.Remedy == "" {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
		t.Error(diff)
	}
	if _, err := w.Release(t.Context(), "v7"); err == nil || !strings.Contains(err.Error(), "there are v1") {
		t.Errorf("a release that is not there: %v", err)
	}
}

func TestEqualReleasesAreTold(t *testing.T) {
	w := releasable(t)
	first := mustRelease(t, w, ReleaseOptions{Version: "v1"})
	part := mustRelease(t, w, ReleaseOptions{Version: "v2", Forms: []string{"A"}})
	again, twins, err := w.CreateRelease(t.Context(), ReleaseOptions{Version: "v3"})
	if err != nil || !slices.Equal(twins, []string{"v1"}) || again.Identity != first.Identity || part.Identity == first.Identity {
		t.Errorf("%v: twins %v; identities %s, %s, %s", err, twins, first.Identity, part.Identity, again.Identity)
	}
}

func TestRetiredReleaseStays(t *testing.T) {
	t.Parallel()
	w := releasable(t)
	mustRelease(t, w, ReleaseOptions{Version: "v1"})
	before := hashesOf(t, w)
	for _, back := range []bool{false, true} {
		if err := w.RetireRelease(t.Context(), "v1", back); err != nil {
			t.Fatal(err)
		}
		r, err := w.Release(t.Context(), "v1")
		if err != nil || (r.RetiredAt == nil) != back || len(r.Forms) != 2 {
			t.Errorf("back %v: %v %+v", back, err, r)
		}
	}
	if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
		t.Error(diff)
	}
}

// calibration is four items of form A, of which the last is harder by shift.
func calibration(seed int, shift float64) []result.Calibrated {
	var all []result.Calibrated
	for k := range 4 {
		c := result.Calibrated{Form: "A@v1", Item: fmt.Sprint(k + 1), Models: 100 * seed, A: 1 + 0.1*float64(k), D: float64(k), SEA: 0.1, SED: 0.1, ShareCorrect: 0.5}
		// On another scale: theta_earlier = 2 theta_later + 0.5.
		c.D += 0.5 * c.A * float64(seed-1)
		c.A *= math.Pow(2, float64(seed-1))
		if k == 3 {
			c.D -= shift
		}
		all = append(all, c)
	}
	return all
}

func TestDriftIsWhatItemsDontHaveInCommon(t *testing.T) {
	w := releasable(t)
	mustRelease(t, w, ReleaseOptions{Version: "v1"})
	buildQuiz(t, w, 1, calibration(1, 0))
	drifted := func() [][]any {
		return values(t, w, `SELECT item, drifted, round(later_a - earlier_a, 6), round(later_d - earlier_d, 6), round(z_d, 6) FROM release_drift WHERE since = 'first' ORDER BY item`)
	}
	if got := drifted(); len(got) != 0 {
		t.Errorf("drift after one calibration: %v", got)
	}
	buildQuiz(t, w, 2, calibration(2, 3))
	se := math.Sqrt(0.1*0.1 + 0.1*0.1 + (0.1/2*0.5)*(0.1/2*0.5))
	want := [][]any{{"1", false, 0.0, 0.0, 0.0}, {"2", false, 0.0, 0.0, 0.0}, {"3", false, 0.0, 0.0, 0.0}, {"4", true, 0.0, -3.0, math.Round(-3/se*1e6) / 1e6}}
	if diff := cmp.Diff(want, drifted()); diff != "" {
		t.Error(diff)
	}
	status := values(t, w, `SELECT form, drifted_items, calibrations, models FROM release_status ORDER BY form`)
	if diff := cmp.Diff([][]any{{"A", int64(1), int32(2), int32(200)}, {"B", int64(0), int32(0), nil}}, status); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryOfCalibrationsIsBounded(t *testing.T) {
	t.Parallel()
	w := releasable(t)
	mustRelease(t, w, ReleaseOptions{Version: "v1"})
	for seed := range 9 {
		for k := range 3 { // the same run again, and another that finds the same, replace it
			buildQuiz(t, w, uint64(seed+100*(k/2)), calibration(1, float64(seed)))
		}
	}
	got := values(t, w, `SELECT calibration, count(*) FROM released_calibration GROUP BY calibration ORDER BY ALL`)
	want := [][]any{{int32(1), int64(4)}, {int32(6), int64(4)}, {int32(7), int64(4)}, {int32(8), int64(4)}, {int32(9), int64(4)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Texts of released items are read, and stay whatever is selected later, also when the
// corpus has another question of that name.
func TestTextsOfReleasedItemsStay(t *testing.T) {
	w := releasable(t)
	mustRelease(t, w, ReleaseOptions{Version: "v1", Forms: []string{"A"}})
	buildQuiz(t, w, 2, nil, result.SelectedItem{Form: "A", Position: 1, Item: "4"})
	tasks := unread(t, w)
	if len(tasks) != 1 || !slices.Equal(tasks[0].Unread, []int{0, 2, 3}) {
		t.Fatalf("to be read: %+v", tasks)
	}
	var texts []corpus.Question
	for _, p := range tasks[0].Unread {
		it := tasks[0].Items[p]
		texts = append(texts, corpus.Question{Benchmark: "quiz", Task: "quiz", Key: it.Key, Position: p, Hash: it.Hash, Prompt: "text of " + it.Key, Target: "#### 1", File: tasks[0].Files[0]})
	}
	if err := w.StoreQuestions(t.Context(), texts); err != nil {
		t.Fatal(err)
	}
	if _, err := w.conn.ExecContext(t.Context(), `UPDATE item SET prompt_hash = 'another' WHERE item = '3'`); err != nil {
		t.Fatal(err)
	}
	buildQuiz(t, w, 3, nil, result.SelectedItem{Form: "A", Position: 1, Item: "2"})
	questions, err := w.ReleasedQuestions(t.Context(), "v1", "quiz", "A")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range questions {
		got = append(got, q.Key+" "+q.Hash+" "+q.Prompt)
	}
	if want := []string{"3 hash2 text of 3", "1 hash0 text of 1"}; !slices.Equal(got, want) {
		t.Errorf("texts %q, want %q", got, want)
	}
	if left := values(t, w, `SELECT item FROM question ORDER BY item`); len(left) != 2 {
		t.Errorf("texts kept: %v", left)
	}
	for _, f := range mustCheck(t, w, CheckOptions{}) {
		if f.Check == "questions_of_unknown_items" {
			t.Error(f)
		}
	}
	r, err := w.Release(t.Context(), "v1")
	if f, _ := r.Of("quiz", "A"); err != nil || f.Items[0].Present || !f.Items[1].Present {
		t.Errorf("%v: item 3 is another question, and item 1 is not: %+v", err, f.Items)
	}
}

// What is released goes into snapshots and lakes, and a change of it is published.
func TestReleasesArePublished(t *testing.T) {
	t.Parallel()
	w := releasable(t)
	dir := t.TempDir()
	publish := func() string {
		t.Helper()
		s, err := w.Publish(t.Context(), PublishOptions{Dir: filepath.Join(dir, "public"), Keep: 2, IfChanged: true, Force: true})
		if err != nil {
			t.Fatal(err)
		}
		lake, err := w.Export(t.Context(), ExportOptions{Dir: filepath.Join(dir, "lake"), IfChanged: true})
		if err != nil || (len(lake.Tables) > 0) != (s.Version != "") {
			t.Fatalf("lake %v, %v; snapshot %q", lake.Tables, err, s.Version)
		}
		return s.Version
	}
	publish()
	mustRelease(t, w, ReleaseOptions{Version: "v1"})
	if publish() == "" {
		t.Error("a new release was not published")
	}
	if publish() != "" {
		t.Error("the same was published again")
	}
	if err := w.RetireRelease(t.Context(), "v1", false); err != nil {
		t.Fatal(err)
	}
	if publish() == "" {
		t.Error("a retired release was not published")
	}
	r, err := OpenReadOnly(t.Context(), Options{Path: filepath.Join(dir, "public", SnapshotName)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	all, err := r.Releases(t.Context())
	if err != nil || len(all) != 1 || len(all[0].Forms) != 2 || all[0].RetiredAt == nil {
		t.Errorf("%v: %+v", err, all)
	}
}

// The gain is the difference of errors on the same test models, and counts where it is
// more than twice its standard error, which is that of the paired squared errors.
func TestGainOfANewReleaseIsJudgedByItsNoise(t *testing.T) {
	t.Parallel()
	w := releasable(t)
	mustRelease(t, w, ReleaseOptions{Version: "v0"})
	mustRelease(t, w, ReleaseOptions{Version: "v1"})
	build := func(released, proposed []float64) {
		t.Helper()
		a, err := w.BeginRun(t.Context(), Run{Seed: uint64(len(released)), ConfigHash: fmt.Sprint(released)})
		if err != nil {
			t.Fatal(err)
		}
		s := result.Set{Benchmark: "quiz", Models: someResults(1).Models}
		for form, errs := range map[string][]float64{"A": proposed, "A@v1": released, "A@v0": released} {
			mse := 0.0
			for k, e := range errs {
				mse += e * e / float64(len(errs))
				s.Predictions = append(s.Predictions, result.Prediction{Target: "quiz", Form: form, Method: "gaussian process", Scheme: "random",
					Model: fmt.Sprint("m", k), Part: "test", Score: 50, Predicted: 50 + e, Lower: 0, Upper: 100})
			}
			s.Metrics = append(s.Metrics, result.Metric{Target: "quiz", Form: form, Method: "gaussian process", Scheme: "random", Part: "test", Group: "all",
				Models: len(errs), Items: 2, RMSE: math.Sqrt(mse)})
		}
		if err := w.StoreResults(t.Context(), a.RunID, s); err != nil {
			t.Fatal(err)
		}
	}
	gains := func() []Gain {
		t.Helper()
		all, err := w.ReleaseGains(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	build([]float64{3, -3, 4, -4}, []float64{1, -1, 2, -2})
	// Squared errors differ by 8, 8, 12, 12: mean 10, its standard error 4/sqrt(3)/2.
	released, proposed := math.Sqrt(12.5), math.Sqrt(2.5)
	want := []Gain{{Version: "v1", Form: "A", Benchmark: "quiz", Points: released - proposed, SE: 4 / math.Sqrt(3) / 2 / (released + proposed)}}
	if diff := cmp.Diff(want, gains(), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Error(diff)
	}
	build([]float64{3, -1, 4, -2}, []float64{1, -3, 2, -3}) // 8, −8, 12, −5: mean 1.75, with a standard error of 4.8
	if got := gains(); len(got) != 0 {
		t.Errorf("noise counts as a gain: %+v", got)
	}
	build([]float64{1, -1, 2, -2}, []float64{3, -3, 4, -4})
	if got := gains(); len(got) != 0 {
		t.Errorf("a loss counts as a gain: %+v", got)
	}
}
