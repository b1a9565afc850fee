package warehouse

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/analysis/result"
)

func someResults(rmse float64) result.Set {
	nan := math.NaN()
	return result.Set{
		Benchmark: "quiz",
		Splits:    []result.Split{{Scheme: "random", Model: "m", Part: "test"}},
		Fits:      []result.Fit{{Stage: "full", Kind: "2PL", Persons: 3, Items: 2, LogLikelihood: -4.5, Gradient: 1e-6, Iterations: 7, Status: "converged"}},
		Items:     []result.ItemParameter{{Stage: "full", Kind: "2PL", Item: "1", A: 1, D: 0.5, U: 1, SEA: nan, SED: nan, SEG: nan, SEU: nan, Infit: nan, Outfit: nan}},
		Abilities: []result.Ability{{Stage: "full", Kind: "2PL", Estimator: "EAP", Model: "m", Theta: -0.25, SE: 0.5}},
		Searches:  []result.SearchStep{{Form: "A", Step: 1, Kind: "2PL", Estimator: "EAP", Grid: "even", Items: 2, RMSE: rmse, Objective: rmse, Chosen: true}},
		Selected:  []result.SelectedItem{{Form: "A", Position: 1, Item: "1", Theta: 0.5, Information: 0.25}},
		Models:    []result.ReconstructionModel{{Target: "quiz", Form: "A", Method: "smooth", Metric: "acc", Chosen: true, Detail: "s(theta)", Blob: []byte{1, 2}}},
		Predictions: []result.Prediction{{Target: "quiz", Form: "A", Method: "smooth", Scheme: "random", Model: "m", Part: "test",
			Score: 50, Predicted: 51, Lower: nan, Upper: nan}},
		Metrics: []result.Metric{{Target: "quiz", Form: "A", Method: "smooth", Scheme: "random", Part: "test", Group: "all", Models: 1, Items: 2,
			RMSE: rmse, MAE: 1, Bias: 1, Spearman: nan, Coverage: nan, Width: math.Inf(1)}},
		Forms: []result.FormReliability{{FormA: "A", FormB: "B", Models: 3, Correlation: 0.9, RMSD: 1.5}},
		Curve: []result.LearningPoint{{Axis: "items", TrainingModels: 3, Items: 1, TestModels: 1, RMSE: rmse, MAE: 1}},
	}
}

// allResults are someResults with what an old warehouse has no place for.
func allResults(rmse float64) result.Set {
	s := someResults(rmse)
	s.LeftOut = []result.LeftOut{{Part: "family split", Reason: "one family"}}
	return s
}

func TestResultsReplaceThoseOfTheSameBenchmark(t *testing.T) {
	w := fresh(t)
	other := allResults(9)
	other.Benchmark = "other"
	for run, s := range map[string]result.Set{"r0": other, "r1": allResults(1)} {
		if err := w.StoreResults(t.Context(), run, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.StoreResults(t.Context(), "r2", allResults(2)); err != nil {
		t.Fatal(err)
	}
	got := values(t, w, `SELECT benchmark, rmse, spearman, coverage, width, run_id FROM reconstruction_metric ORDER BY ALL`)
	want := [][]any{{"other", 9.0, nil, nil, nil, "r0"}, {"quiz", 2.0, nil, nil, nil, "r2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, table := range resultTables {
		if n := values(t, w, `SELECT count(*) FROM `+table)[0][0]; n != int64(2) {
			t.Errorf("%s has %v rows, want 2", table, n)
		}
	}
}

func TestResultThatMustBeANumberIsRefusedWhole(t *testing.T) {
	w := fresh(t)
	if err := w.StoreResults(t.Context(), "r1", someResults(1)); err != nil {
		t.Fatal(err)
	}
	before := hashesOf(t, w)
	bad := someResults(2)
	bad.Abilities[0].Theta = math.NaN()
	if err := w.StoreResults(t.Context(), "r2", bad); err == nil {
		t.Fatal("an ability that is not a number was stored")
	}
	if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
		t.Error(diff)
	}
}

func TestRunIsToldApartByWhatGoesIntoIt(t *testing.T) {
	w := fresh(t)
	r := Run{Command: "build", ConfigHash: "c", CodeVersion: "v", Seed: 1 << 63, InputFingerprint: "f"}
	first, err := w.BeginRun(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.FinishRun(t.Context(), first, RunDone, map[string]int64{"benchmarks": 6, "models": 5}); err != nil {
		t.Fatal(err)
	}
	r.Command = "refresh"
	again, err := w.BeginRun(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.Seed++
	other, err := w.BeginRun(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if first.RunID != again.RunID || first.RunID == other.RunID {
		t.Errorf("runs %s, %s, %s", first.RunID, again.RunID, other.RunID)
	}
	got := values(t, w, `SELECT status, finished IS NOT NULL, counts['models'] FROM run_attempt ORDER BY attempt_id`)
	want := [][]any{{"done", true, int64(5)}, {"running", false, nil}, {"running", false, nil}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := values(t, w, `SELECT count(*) FROM run`)[0][0]; n != int64(2) {
		t.Errorf("%v runs, want 2", n)
	}
}

// A killed process leaves its run as running; whoever opens the warehouse for writing
// next knows better.
func TestRunOfAKilledProcessIsSettledByTheNextOpening(t *testing.T) {
	w := fresh(t)
	done, err := w.BeginRun(t.Context(), Run{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.FinishRun(t.Context(), done, RunDone, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.BeginRun(t.Context(), Run{Seed: 2}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = openAt(t, w.path)
	got := values(t, w, `SELECT status, finished IS NOT NULL FROM run_attempt ORDER BY attempt_id`)
	if diff := cmp.Diff([][]any{{"done", true}, {"failed", false}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStageIsKeptUntilItsInputsChange(t *testing.T) {
	w := fresh(t)
	for _, fingerprint := range []string{"f1", "f2"} {
		if err := w.StoreStage(t.Context(), "quiz", "fit", fingerprint, []byte(fingerprint)); err != nil {
			t.Fatal(err)
		}
	}
	if out, ok, err := w.Stage(t.Context(), "quiz", "fit", "f2"); err != nil || !ok || string(out) != "f2" {
		t.Errorf("kept stage: %q, %v, %v", out, ok, err)
	}
	for _, fingerprint := range []string{"f1", "f3"} {
		if _, ok, err := w.Stage(t.Context(), "quiz", "fit", fingerprint); err != nil || ok {
			t.Errorf("stage of other inputs: %v, %v", ok, err)
		}
	}
	if f, err := w.StageFingerprint(t.Context(), "quiz", "fit"); err != nil || f != "f2" {
		t.Errorf("fingerprint %q, %v", f, err)
	}
}

func TestFingerprintFollowsWhatAnAnalysisReads(t *testing.T) {
	w := fresh(t)
	seen := map[string]string{}
	note := func(what string) {
		t.Helper()
		f, err := w.Fingerprint(t.Context(), "quiz")
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := seen[f]; ok {
			t.Errorf("%s has the fingerprint of %s", what, before)
		}
		seen[f] = what
	}
	in := randomImport(2, 5, 4)
	mustImport(t, w, in)
	note("first import")
	in.Blocks[0].Correct[0] ^= 1
	mustImport(t, w, in)
	note("another answer")
	in.Items[0].Key = "renamed"
	mustImport(t, w, in)
	note("another item")
	h := DefaultThresholds()
	h.MinSD = 0.02
	if err := w.SetThresholds(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	note("another limit")
}
