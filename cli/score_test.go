package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/harness"
	"metabench/score"
)

// calibration writes a bundle of ten items and returns its path, and the input it was
// fitted on.
func calibration(t *testing.T) (path string, in *reconstruct.Input) {
	t.Helper()
	const models, items = 60, 10
	rng := rand.New(rand.NewPCG(1, 2))
	part := reconstruct.Benchmark{Name: "arc", Metric: "acc_norm", Answers: response.New(models, items), Scores: make([]float64, models)}
	in = &reconstruct.Input{}
	bench := score.Benchmark{Name: "arc", Title: "ARC-Challenge", Metric: "acc_norm", Kind: irt.TwoPL, Estimator: ability.MAP}
	for j := range items {
		part.Items = append(part.Items, fmt.Sprint(j+1))
		bench.Items = append(bench.Items, score.Item{Key: fmt.Sprint(j + 1), A: 1, D: float64(j)/4 - 1, U: 1})
	}
	var train response.TrainSet
	for i := range models {
		in.Models = append(in.Models, fmt.Sprintf("org/m%d", i))
		train.Rows = append(train.Rows, i)
		theta := rng.NormFloat64()
		part.Scores[i] = 50 + 15*theta
		for j := range items {
			a := response.Wrong
			if rng.NormFloat64() < theta {
				a = response.Correct
			}
			part.Answers.Set(i, j, a)
		}
	}
	in.Benchmarks = []reconstruct.Benchmark{part}
	bench.Scores = score.NewScale(part.Scores)
	m, err := reconstruct.Fit(context.Background(), in, train, reconstruct.Options{Seed: 1, Iterations: 3})
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	p, err := score.NewPredictor(data)
	if err != nil {
		t.Fatal(err)
	}
	b := score.Bundle{Form: harness.FormA, Run: score.Run{ID: "r1"}, Benchmarks: []score.Benchmark{bench}, Predictors: []score.Predictor{p}}
	var content bytes.Buffer
	if err := b.Write(&content); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "a.bundle")
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, in
}

// run executes a command line in the process.
func run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Run(context.Background(), args, IO{In: strings.NewReader(""), Out: &out, Err: &errs})
	return code, out.String(), errs.String()
}

// writeLog logs a model's answers by a metric in the harness's shape.
func writeLog(t *testing.T, in *reconstruct.Input, row int, metric string) (dir string) {
	t.Helper()
	part := in.Benchmarks[0]
	task := harness.Task{Benchmark: part.Name, Form: harness.FormA, Items: part.Items, Answers: map[harness.Metric][]uint8{}}
	for j := range part.Items {
		task.Answers[harness.Metric{Name: metric}] = append(task.Answers[harness.Metric{Name: metric}], uint8(part.Answers.At(row, j)))
	}
	files, err := harness.Log(in.Models[row], time.Unix(0, 0), []harness.Task{task})
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestScoreCommandPrintsTableJSONAndHTML(t *testing.T) {
	bundle, in := calibration(t)
	dir := writeLog(t, in, 7, "acc_norm")
	code, out, errs := run("score", dir, "--bundle", bundle)
	if code != 0 || !strings.Contains(out, "ARC-Challenge") || !strings.Contains(out, "org/m7") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs = run("score", dir, "--bundle", bundle, "--json")
	var r score.Report
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Model != "org/m7" || r.Benchmarks[0].Score == nil {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	code, out, errs = run("score", dir, "--bundle", bundle, "--html")
	if code != 0 || !strings.HasPrefix(out, "<!DOCTYPE html>") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// Whatever the form of the result, warnings reach whoever ran the command.
func TestScoreCommandWarnsInEveryForm(t *testing.T) {
	bundle, in := calibration(t)
	dir := writeLog(t, in, 7, "acc_norm")
	for _, form := range [][]string{nil, {"--json"}, {"--html"}} {
		code, out, errs := run(append([]string{"score", dir, "--bundle", bundle}, form...)...)
		if code != 0 || !strings.Contains(errs, "warning: arc: the questions can't be compared with the calibration's") {
			t.Errorf("%v: exit %d\n%s%s", form, code, out, errs)
		}
	}
	if _, out, _ := run("score", dir, "--bundle", bundle); !strings.Contains(out, "acc_norm") || !strings.Contains(out, "see the warnings") {
		t.Errorf("the table doesn't say its metric and that its intervals are in doubt:\n%s", out)
	}
}

func TestScoreCommandWantsHalfOfTheItems(t *testing.T) {
	bundle, in := calibration(t)
	dir := writeLog(t, in, 7, "acc_norm")
	log := logIn(t, dir)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, []byte(strings.Join(strings.SplitAfter(string(text), "\n")[:4], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := run("score", dir, "--bundle", bundle)
	if ExitCode(code) != ExitError || out != "" || !strings.Contains(errs, "4 of 10 selected items are answered") || !strings.Contains(errs, "--min-answered 0.4") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs = run("score", dir, "--bundle", bundle, "--min-answered", "0.4")
	if code != 0 || !strings.Contains(out, "ARC-Challenge *") || !strings.Contains(out, "* scored from fewer than half") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs = run("score", dir, "--bundle", bundle, "--min-answered", "0.4", "--json")
	if code != 0 || !strings.Contains(out, `"sparse": true`) || !strings.Contains(out, `"min_answered": 0.4`) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := run("score", dir, "--bundle", bundle, "--min-answered", "40"); ExitCode(code) != ExitUsage || !strings.Contains(errs, "from 0 to 1") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// logIn is the only sample log of a directory.
func logIn(t *testing.T, dir string) string {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*", "samples_*"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs %v, %v", logs, err)
	}
	return logs[0]
}

func rightAnswers(in *reconstruct.Input, row int) int {
	right, _ := in.Benchmarks[0].Answers.Counts(row)
	return right
}

// Two revisions of a model lie in one directory: each is scored by itself, or one is
// chosen.
func TestScoreCommandScoresRunsApart(t *testing.T) {
	bundle, in := calibration(t)
	dir := writeLog(t, in, 7, "acc_norm")
	log := logIn(t, dir)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	const stamp = "2026-11-23T22-00-00.000000"
	for name, content := range map[string]string{
		"samples_metabench_form_a_arc_" + stamp + ".jsonl": strings.ReplaceAll(string(text), `"acc_norm":0`, `"acc_norm":1`),
		"results_" + stamp + ".json":                       `{"results": {}, "configs": {}, "model_name": "org/m7", "config": {"model_args": "pretrained=org/m7,revision=step2"}}`,
	} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(log), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := run("score", dir, "--bundle", bundle)
	if code != 0 || !strings.Contains(out, "2 runs") || !strings.Contains(out, "org/m7, pretrained=org/m7, revision=step2") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	var both score.Batch
	code, out, errs = run("score", dir, "--bundle", bundle, "--json")
	if err := json.Unmarshal([]byte(out), &both); code != 0 || err != nil || len(both.Reports) != 2 || both.Version != 1 || both.Reports[0].Benchmarks[0].Right == both.Reports[1].Benchmarks[0].Right {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	if code, _, errs := run("score", dir, "--bundle", bundle, "--run", "revision=step3"); ExitCode(code) != ExitError || !strings.Contains(errs, `no run matches "revision=step3"`) {
		t.Errorf("no such run: exit %d\n%s", code, errs)
	}
	for asked, right := range map[string]int{"revision=step2": 10, "backend=simulated": rightAnswers(in, 7)} {
		code, out, errs := run("score", dir, "--bundle", bundle, "--run", asked, "--json")
		var r score.Report
		if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Benchmarks[0].Right != right || !strings.Contains(r.Evaluation.String(), asked) {
			t.Errorf("--run %s: exit %d, %v, %d right of %s, want %d\n%s", asked, code, err, r.Benchmarks[0].Right, r.Evaluation, right, errs)
		}
	}
}

func TestScoreCommandRefuses(t *testing.T) {
	bundle, in := calibration(t)
	dir := writeLog(t, in, 7, "acc_norm")
	cases := map[string]struct {
		args []string
		code ExitCode
		say  string
	}{
		"no_paths":       {[]string{"score", "--bundle", bundle}, ExitUsage, "arg"},
		"no_bundle":      {[]string{"score", dir}, ExitUsage, "--bundle"},
		"both_forms":     {[]string{"score", dir, "--bundle", bundle, "--json", "--html"}, ExitUsage, "exclude"},
		"no_such_bundle": {[]string{"score", dir, "--bundle", bundle + "x"}, ExitError, "no such file"},
		"not_a_bundle":   {[]string{"score", dir, "--bundle", "score_test.go"}, ExitError, "isn't a bundle"},
		"no_such_path":   {[]string{"score", dir + "x", "--bundle", bundle}, ExitError, "no such file"},
		"other_metric":   {[]string{"score", writeLog(t, in, 7, "acc"), "--bundle", bundle}, ExitError, "arc is needed by acc_norm"},
		"export_without": {[]string{"export", "harness", dir, "--bundle", bundle}, ExitUsage, "--questions"},
		"no_warehouse":   {[]string{"--warehouse", dir + "/none.duckdb", "export", "harness", dir}, ExitNoWarehouse, "none.duckdb"},
		"no_questions":   {[]string{"export", "harness", dir, "--bundle", bundle, "--questions", bundle + "x"}, ExitError, "no such file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, out, errs := run(c.args...)
			if code != int(c.code) || !strings.Contains(errs, c.say) || out != "" {
				t.Errorf("exit %d, want %d, saying %q\n%s%s", code, c.code, c.say, out, errs)
			}
		})
	}
}

// A user's whole way: questions out of a log, the selected ones exported, answered,
// and scored, which reproduces the fit's own score to the last bit.
func TestExportAnswerScoreReproducesTheFit(t *testing.T) {
	bundle, in := calibration(t)
	var log strings.Builder
	for k := range 12 { // two more than are selected
		fmt.Fprintf(&log, `{"doc_id": %d, "doc": {"metabench_idx": %d}, "target": "1", "acc": 0, "arguments": {"gen_args_0": {"arg_0": "Q%d", "arg_1": " no"}, "gen_args_1": {"arg_0": "Q%d", "arg_1": " yes"}}}`+"\n", k, k+1, k+1, k+1)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "samples_metabench_arc.jsonl")
	if err := os.WriteFile(source, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tasks := filepath.Join(dir, "tasks")
	code, out, errs := run("export", "harness", tasks, "--bundle", bundle, "--questions", source, "--json")
	if code != 0 || !strings.Contains(out, `"questions": 10`) {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	rows, err := os.ReadFile(filepath.Join(tasks, "data", "metabench_form_a_arc.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	const row = 11
	var answers strings.Builder
	for k, line := range strings.Split(strings.TrimSpace(string(rows)), "\n") {
		var doc map[string]any
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatal(err)
		}
		if want := "Q" + doc["item"].(string); doc["prompt"] != want {
			t.Fatalf("prompt %v, want %s", doc["prompt"], want)
		}
		fmt.Fprintf(&answers, `{"doc_id": %d, "doc": %s, "filter": "none", "acc": 0.0, "acc_norm": %d.0}`+"\n", k, line, in.Benchmarks[0].Answers.At(row, k))
	}
	results := filepath.Join(dir, "samples_metabench_form_a_arc_2026-11-23T22-00-00.000000.jsonl")
	if err := os.WriteFile(results, []byte(answers.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = run("score", results, "--bundle", bundle, "--json")
	var r score.Report
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	b, _, err := readBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	m := &reconstruct.Model{}
	if err := m.UnmarshalBinary(b.Predictors[0].Data); err != nil {
		t.Fatal(err)
	}
	want, err := m.PredictRow(in, row)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Benchmarks[0].Score; got.Value != want[0].Score || got.Lower != want[0].Lower || got.Upper != want[0].Upper {
		t.Errorf("score %+v, the fit says %+v", *got, want[0])
	}
}
