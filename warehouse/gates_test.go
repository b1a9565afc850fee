package warehouse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"metabench/corpus"
)

// limits are those of the configuration.
var limits = Limits{MaxLoss: 0.1, MaxItemLoss: 0.5, MaxFailed: 0.25}

// gated is a warehouse with 20 models, 8 items and results in a snapshot, and the
// options that publish the next one.
func gated(t *testing.T) (*Warehouse, PublishOptions) {
	t.Helper()
	w := fresh(t)
	mustImport(t, w, randomImport(1, 20, 8))
	mustSelect(t, w, 8, 8)
	mustRelease(t, w, ReleaseOptions{Version: "2026-11"})
	o := PublishOptions{Dir: filepath.Join(t.TempDir(), "published"), Keep: 3, Limits: limits}
	mustPublish(t, w, o)
	return w, o
}

// siteLike is another warehouse like one that is closed, and the options that publish the
// next one: making it takes ten times as long as copying it.
func siteLike(t *testing.T, closed *Warehouse, o PublishOptions) (*Warehouse, PublishOptions) {
	t.Helper()
	dir, public := t.TempDir(), o.Dir
	o.Dir = filepath.Join(dir, "published")
	err := errors.Join(os.CopyFS(dir, os.DirFS(filepath.Dir(closed.path))), os.CopyFS(o.Dir, os.DirFS(public)))
	all, globErr := versions(o.Dir)
	newest := filepath.Join(o.Dir, SnapshotName)
	if err = errors.Join(err, globErr, os.Remove(newest)); err == nil {
		err = os.Link(all[len(all)-1], newest)
	}
	if err != nil {
		t.Fatal(err)
	}
	return openAt(t, filepath.Join(dir, filepath.Base(closed.path))), o
}

// mustSelect stores results with so many items selected for the forms.
func mustSelect(t *testing.T, w *Warehouse, a, b int) {
	t.Helper()
	input, err := w.Fingerprint(t.Context(), "quiz")
	if err != nil {
		t.Fatal(err)
	}
	run, err := w.BeginRun(t.Context(), Run{Seed: uint64(10*a + b), InputFingerprint: input})
	if err != nil {
		t.Fatal(err)
	}
	s := someResults(1)
	one := s.Selected[0]
	s.Selected, s.Abilities = nil, nil
	for form, n := range map[string]int{"A": a, "B": b} {
		for k := range n {
			one.Form, one.Position, one.Item = form, k+1, fmt.Sprint(k+1)
			s.Selected = append(s.Selected, one)
		}
	}
	if err := errors.Join(w.StoreResults(t.Context(), run.RunID, s), w.FinishRun(t.Context(), run, RunDone, nil)); err != nil {
		t.Fatal(err)
	}
}

// mustFail records repositories of whose tasks some failed.
func mustFail(t *testing.T, w *Warehouse, repos, failed int) {
	t.Helper()
	for k := range repos {
		repo := fmt.Sprintf("o/details_%d", k)
		state := corpus.FileState{Repo: repo, Commit: "c", Benchmark: "quiz", Task: "quiz", Path: "x.parquet", Status: corpus.StatusDone}
		if k < failed {
			state.Status, state.Error = corpus.StatusPermanent, "no Parquet file"
		}
		d := corpus.Delivery{Repo: corpus.RepoState{Repo: repo, Commit: "c", Status: state.Status}, Files: []corpus.FileState{state}}
		if err := w.Record(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
}

func mustImportModels(models int) func(*testing.T, *Warehouse) {
	return func(t *testing.T, w *Warehouse) { mustImport(t, w, randomImport(1, models, 8)) }
}

// What people would lose keeps yesterday's snapshot, wherever it is asked: publish,
// a refresh of something new, a refresh of nothing new, and check say the same.
func TestGatesKeepWhatPeopleHave(t *testing.T) {
	t.Parallel()
	yesterday, published := gated(t)
	if err := yesterday.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		lose  func(*testing.T, *Warehouse)
		check string // "": the gates are open
		says  string
	}{
		"nothing_new":                {func(*testing.T, *Warehouse) {}, "", ""},
		"more_models":                {mustImportModels(30), "", ""},
		"a_tenth_of_the_models_gone": {mustImportModels(18), "", ""},
		"more_than_a_tenth_gone":     {mustImportModels(17), "corpus_shrank", "has 17 models, and 20 in "},
		"all_but_one_gone":           {mustImportModels(1), "corpus_shrank", "95 % gone, publish.max_loss tolerates 10 %"},
		"answers_gone_models_not": {func(t *testing.T, w *Warehouse) {
			in := randomImport(1, 20, 8)
			for k := range in.Blocks {
				for i := range 4 {
					in.Blocks[k].Correct[i] = corpus.Missing
				}
			}
			mustImport(t, w, in)
		}, "corpus_shrank", "has 80 answers, and 160 in "},
		"half_of_a_form_gone":       {func(t *testing.T, w *Warehouse) { mustSelect(t, w, 4, 8) }, "", ""},
		"more_than_half_gone":       {func(t *testing.T, w *Warehouse) { mustSelect(t, w, 3, 8) }, "selection_shrank", "has 3 items of form A, and 8 in "},
		"a_form_gone":               {func(t *testing.T, w *Warehouse) { mustSelect(t, w, 8, 0) }, "selection_shrank", "has 0 items of form B, and 8 in "},
		"a_quarter_of_tasks_failed": {func(t *testing.T, w *Warehouse) { mustFail(t, w, 8, 2) }, "", ""},
		"more_than_a_quarter_failed": {func(t *testing.T, w *Warehouse) { mustFail(t, w, 8, 3) }, "failed_sources",
			"something of 3 of 8 models on the Hub (37.5 %) can't be had for good, publish.max_failed tolerates 25 %"},
		"a_release_gone": {func(t *testing.T, w *Warehouse) {
			if _, err := w.conn.ExecContext(t.Context(), "DELETE FROM release; DELETE FROM released_item; DELETE FROM released_calibration"); err != nil {
				t.Fatal(err)
			}
		}, "lost_releases", "release 2026-11: is in "},
		"results_gone": {func(t *testing.T, w *Warehouse) {
			for _, table := range resultTables {
				if _, err := w.conn.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
					t.Fatal(err)
				}
			}
		}, "lost_results", "none any more"},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := siteLike(t, yesterday, published)
			before, err := os.Stat(filepath.Join(o.Dir, SnapshotName))
			if err != nil {
				t.Fatal(err)
			}
			c.lose(t, w)
			found := mustCheck(t, w, CheckOptions{Published: o.Dir, Limits: o.Limits})
			if c.check == "" {
				if Gated(found) {
					t.Error(found)
				}
				mustPublish(t, w, o)
				return
			}
			mustFind(t, found, c.check, Gate)
			for _, ifChanged := range []bool{false, true} {
				o.IfChanged = ifChanged
				_, err := w.Publish(t.Context(), o)
				var gate *GateError
				if !errors.As(err, &gate) {
					t.Fatalf("error %v, want a *GateError", err)
				}
				mustFind(t, gate.Findings, c.check, Gate)
				if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "metabench publish --accept-loss") {
					t.Errorf("%q says neither %q nor how to accept it", err, c.says)
				}
			}
			if after, err := os.Stat(filepath.Join(o.Dir, SnapshotName)); err != nil || !os.SameFile(before, after) {
				t.Error("the snapshot was replaced:", err)
			}
			// Accepted once, it is what people have from then on.
			o.IfChanged, o.AcceptLoss = false, true
			if s := mustPublish(t, w, o); Gated(s.Findings) {
				t.Error(s.Findings)
			}
			o.AcceptLoss = false
			if s := mustPublish(t, w, o); Gated(s.Findings) {
				t.Error(s.Findings)
			}
		})
	}
}

// A benchmark that is gone as a whole has lost all it had.
func TestGateSeesBenchmarksThatAreGone(t *testing.T) {
	t.Parallel()
	w, o := gated(t)
	other := fresh(t)
	in := randomImport(2, 20, 8)
	for k := range in.Items {
		in.Items[k].Benchmark, in.Items[k].Task = "other", "other"
	}
	for k := range in.Blocks {
		in.Blocks[k].Benchmark, in.Blocks[k].Task = "other", "other"
	}
	mustImport(t, other, in)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := other.Publish(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "quiz: has 0 models, and 20 in ") || !strings.Contains(err.Error(), "lost_results: quiz") {
		t.Errorf("error %v", err)
	}
}

// Nothing is never published, however often it is asked for, accepted or not.
func TestNothingIsNotPublished(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fill func(*testing.T, *Warehouse)
		says string
	}{
		"never_loaded":      {func(*testing.T, *Warehouse) {}, "holds no answers, so that there is nothing to publish; crawl or import something"},
		"all_files_refused": {func(t *testing.T, w *Warehouse) { mustFail(t, w, 8, 8) }, "holds no answers: of 8 models on the Hub nothing can be had; " + failuresQuery},
	} {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			c.fill(t, w)
			o := PublishOptions{Dir: t.TempDir(), Limits: limits}
			for _, o.AcceptLoss = range []bool{false, true} {
				for _, o.IfChanged = range []bool{true, false} {
					if _, err := w.Publish(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.says) {
						t.Errorf("error %v, want %q", err, c.says)
					}
				}
			}
			if _, err := os.Stat(filepath.Join(o.Dir, SnapshotName)); err == nil {
				t.Error("nothing was published")
			}
			mustFind(t, mustCheck(t, w, CheckOptions{Published: o.Dir}), checkNothing, Gate)
		})
	}
}

// A snapshot that cannot be read does not open the gates: the one before it is compared
// with, and where there is none, that is reported.
func TestGatesCompareWithTheNewestSnapshotThatCanBeRead(t *testing.T) {
	t.Parallel()
	w, o := gated(t)
	mustImport(t, w, randomImport(1, 10, 8))
	spoil := func(path string) {
		t.Helper()
		mustRemove(t, path)
		if err := os.WriteFile(path, []byte("cut off"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	spoil(filepath.Join(o.Dir, SnapshotName))
	mustFind(t, mustCheck(t, w, CheckOptions{Published: o.Dir, Limits: limits}), "corpus_shrank", Gate)
	all, err := versions(o.Dir)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	spoil(all[0])
	mustFind(t, mustCheck(t, w, CheckOptions{Published: o.Dir, Limits: limits}), "unreadable_snapshots", Warning)
}

func TestSnapshotPassesItsOwnGates(t *testing.T) {
	t.Parallel()
	w, o := gated(t)
	mustFail(t, w, 4, 4)
	o.AcceptLoss = true
	s := mustPublish(t, w, o)
	r, err := OpenReadOnly(t.Context(), Options{Path: s.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if found := mustCheck(t, r, CheckOptions{Published: o.Dir, Limits: limits}); Gated(found) {
		t.Error(found)
	}
}
