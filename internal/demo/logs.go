package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"metabench/analysis"
	"metabench/harness"
	"metabench/warehouse"
)

// WriteLogs writes, into dir, what lm-evaluation-harness would have logged of one
// simulated model on the selected questions: the first test model, which neither the
// selection nor the reconstruction has seen. Nothing that is in dir already is removed.
func WriteLogs(ctx context.Context, w *warehouse.Warehouse, dir string) error {
	models, err := w.TestModels(ctx, analysis.JointName, string(harness.FormA))
	if err != nil {
		return err
	}
	if len(models) == 0 {
		return fmt.Errorf("write the demo's harness output: no test model has answered all benchmarks; raise --models")
	}
	benchmarks, err := w.Benchmarks(ctx)
	if err != nil {
		return err
	}
	var tasks []harness.Task
	run, err := w.ResultRun(ctx, analysis.JointName)
	if err != nil {
		return err
	}
	for _, name := range benchmarks {
		t, err := taskLog(ctx, w, name, models[0])
		if err != nil {
			return err
		}
		t.Settings.Build = run.ID()
		tasks = append(tasks, t)
	}
	files, err := harness.Log(models[0], time.Unix(0, 0), tasks)
	if err != nil {
		return err
	}
	if err := harness.WriteFiles(dir, files); err != nil {
		return fmt.Errorf("write the demo's harness output: %w", err)
	}
	return nil
}

// taskLog is a model's answers to form A of a benchmark, as a task of the harness.
func taskLog(ctx context.Context, w *warehouse.Warehouse, benchmark, model string) (harness.Task, error) {
	set, _, err := w.Calibration(ctx, benchmark)
	if err != nil {
		return harness.Task{}, err
	}
	hashes, err := w.PromptHashes(ctx, benchmark)
	if err != nil {
		return harness.Task{}, err
	}
	table, _, err := w.Responses(ctx, benchmark, warehouse.All)
	if err != nil {
		return harness.Task{}, err
	}
	row := slices.Index(table.Models, model)
	if row < 0 {
		return harness.Task{}, fmt.Errorf("write the demo's harness output: %s has no answers to %s", model, benchmark)
	}
	column := make(map[string]int, len(table.Items))
	for j, item := range table.Items {
		column[item] = j
	}
	t := harness.Task{Benchmark: benchmark, Form: harness.FormA, Model: model}
	var answers []uint8
	for _, s := range set.Selected {
		if s.Form != string(harness.FormA) {
			continue
		}
		j, ok := column[s.Item]
		if !ok {
			return harness.Task{}, fmt.Errorf("write the demo's harness output: nobody answered item %q of %s, which form A has", s.Item, benchmark)
		}
		t.Items, answers = append(t.Items, s.Item), append(answers, uint8(table.Answers.At(row, j)))
		t.OriginalHashes = append(t.OriginalHashes, hashes[s.Item])
	}
	metric := harness.Metric{Name: table.Metric}
	if benchmark == "gsm8k" { // the leaderboard's acc is what the harness calls
		metric = harness.Metric{Name: "exact_match", Filter: "strict-match"}
	}
	t.Answers = map[harness.Metric][]uint8{metric: answers}
	return t, nil
}
