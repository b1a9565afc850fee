package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"metabench/analysis"
	"metabench/score"
)

// A new user's way from nothing to a scored model must end in the very numbers that
// the build predicted for that model from the same answers: equal to the last bit.
func TestScoringAModelGivesWhatTheBuildPredicted(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo takes a while")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	db, bundle := filepath.Join(dir, "metabench.duckdb"), filepath.Join(dir, "metabench.bundle")
	run := func(args ...string) []byte {
		t.Helper()
		var out, stderr bytes.Buffer
		if code := Run(t.Context(), args, IO{In: strings.NewReader(""), Out: &out, Err: &stderr}); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, stderr.String())
		}
		return out.Bytes()
	}
	run("--no-progress", "demo", "--models", "60", "--dir", dir)
	run("--warehouse", db, "export", "bundle", bundle)
	var stderr bytes.Buffer
	args := []string{"score", filepath.Join(dir, "harness"), "--bundle", bundle}
	if code := Run(t.Context(), args, IO{In: strings.NewReader(""), Out: goneReader{}, Err: &stderr}); ExitCode(code) != ExitPipe || stderr.Len() > 0 {
		t.Errorf("nobody reads the output: exit code %d, %s", code, stderr.String())
	}
	var report score.Report
	if err := json.Unmarshal(run("--json", "score", filepath.Join(dir, "harness"), "--bundle", bundle), &report); err != nil {
		t.Fatal(err)
	}
	wantPredicted(t, run, db, "A", &report)

	// The same from what is exported to be asked, when a model answers it so. The demo
	// is over, and with it its Hub.
	t.Setenv("HF_HUB_OFFLINE", "1")
	for _, form := range []string{"A", "B"} {
		tasks, results := filepath.Join(dir, "tasks-"+form), filepath.Join(dir, "results-"+form)
		run("--warehouse", db, "export", "bundle", bundle, "--form", form)
		run("--warehouse", db, "export", "harness", tasks, "--form", form)
		answerTasks(t, tasks, results, report.Model, storedAnswers(t, run, db, report.Model))
		var asked score.Report
		if err := json.Unmarshal(run("--json", "score", results, "--bundle", bundle), &asked); err != nil {
			t.Fatal(err)
		}
		for _, b := range asked.Benchmarks {
			if len(b.Warnings) > 0 || len(b.Missing) > 0 {
				t.Errorf("form %s, %s: no answers to %v, warnings %q", form, b.Benchmark, b.Missing, b.Warnings)
			}
		}
		wantPredicted(t, run, db, form, &asked)
	}
}

// command runs a command line that must succeed and returns its output.
type command func(args ...string) []byte

// storedAnswers are a model's answers by benchmark and item.
func storedAnswers(t *testing.T, run command, db, model string) map[[2]string]float64 {
	t.Helper()
	var rows []struct {
		Benchmark, Item string
		Correct         float64
	}
	out := run("--warehouse", db, "query", "--format", "json", `select benchmark, item, correct from responses where model = '`+model+`'`)
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatalf("%v in %.300s", err, out)
	}
	answers := map[[2]string]float64{}
	for _, r := range rows {
		answers[[2]string{r.Benchmark, r.Item}] = r.Correct
	}
	return answers
}

// answerTasks writes what lm-evaluation-harness would log of a model that answers the
// documents of an exported group as the model did on the leaderboard.
func answerTasks(t *testing.T, dir, results, model string, answers map[[2]string]float64) {
	t.Helper()
	tasks, err := readGroup(dir)
	if err != nil {
		t.Fatal(err)
	}
	results = filepath.Join(results, strings.ReplaceAll(model, "/", "__"))
	if err := os.MkdirAll(results, 0o755); err != nil {
		t.Fatal(err)
	}
	const stamp = "2026-11-23T22-00-00.000000"
	means, shots := map[string]any{}, map[string]int{}
	for name, documents := range tasks {
		means[name], shots[name] = map[string]any{"alias": name}, 0
		var log bytes.Buffer
		enc := json.NewEncoder(&log)
		for k, document := range documents {
			answer, ok := answers[[2]string{document.Benchmark, document.Item}]
			if !ok {
				t.Fatalf("%s asks item %q of %s, which the model was not asked", name, document.Item, document.Benchmark)
			}
			sample := map[string]any{"doc_id": k, "doc": document, "filter": "none", "acc": answer, "acc_norm": answer}
			if document.Benchmark == "gsm8k" {
				sample = map[string]any{"doc_id": k, "doc": document, "filter": "strict-match", "exact_match": answer}
			}
			if err := enc.Encode(sample); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(results, "samples_"+name+"_"+stamp+".jsonl"), log.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := json.Marshal(map[string]any{"results": means, "n-shot": shots, "model_name": model, "chat_template": nil, "config": map[string]any{"limit": nil}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(results, "results_"+stamp+".json"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantPredicted compares a report with what the build stored for the model.
func wantPredicted(t *testing.T, run command, db, form string, report *score.Report) {
	t.Helper()
	var stored []struct {
		Target, Model           string
		Predicted, Lower, Upper float64
	}
	rows := run("--warehouse", db, "query", "--format", "json",
		`select target, model, predicted, lower, upper from prediction where benchmark = 'mean' and form = '`+form+`'`)
	if err := json.Unmarshal(rows, &stored); err != nil {
		t.Fatalf("%v in %.300s", err, rows)
	}
	got := map[string]*score.Score{"mean": report.Mean}
	for _, b := range report.Benchmarks {
		got[b.Benchmark] = b.Score
		if b.TaskMean != nil {
			got[analysis.TaskMeanTarget(b.Benchmark)] = b.TaskMean
		}
	}
	compared := 0
	for _, want := range stored {
		if want.Model != report.Model {
			continue
		}
		compared++
		s := got[want.Target]
		if s == nil || s.Value != want.Predicted || s.Lower != want.Lower || s.Upper != want.Upper {
			t.Errorf("form %s, %s: scored %+v, the build predicted %v", form, want.Target, s, want)
		}
	}
	if compared != 8 {
		t.Errorf("form %s: compared %d targets of %s, want six benchmarks, MMLU as the mean of its tasks, and the mean", form, compared, report.Model)
	}
}

// goneReader is an output whose reader has gone.
type goneReader struct{}

func (goneReader) Write([]byte) (int, error) { return 0, syscall.EPIPE }
