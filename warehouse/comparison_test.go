package warehouse

import (
	"math"
	"strings"
	"testing"

	"metabench/corpus"
)

// Two tasks of 4 and 2 items. A model with 1 of 4 and 2 of 2 has 3 of 6, 50 points, by items,
// and (25 + 100) / 2 = 62.5 by tasks.
func TestBothMeansOfABenchmarkWithTasks(t *testing.T) {
	w := fresh(t)
	subjects := corpus.Benchmark{Name: "mmlu", Metric: "acc", PublishedMean: corpus.MeanOfTasks,
		Tasks: []corpus.Task{{Name: "anatomy", Items: 4}, {Name: "virology", Items: 2}}}
	truth := corpus.Benchmark{Name: "truthfulqa", Metric: "mc1", Tasks: []corpus.Task{{Name: "truthfulqa", Items: 2}}}
	if err := w.SyncBenchmarks(t.Context(), []corpus.Benchmark{subjects, truth}); err != nil {
		t.Fatal(err)
	}
	d := corpus.Delivery{Repo: corpus.RepoState{Repo: "o/r"}}
	file := corpus.File{Repo: "o/r", Commit: "c", Path: "x", Size: 1, Verified: corpus.VerifiedHash, ReadAt: clock()}
	for _, b := range []corpus.Benchmark{subjects, truth} {
		for _, task := range b.Tasks {
			for k := range task.Items {
				d.Items = append(d.Items, corpus.Item{Benchmark: b.Name, Task: task.Name, Position: k, Key: task.Name + strings.Repeat("'", k)})
			}
		}
	}
	answered := func(model, benchmark, task string, correct ...uint8) {
		d.Blocks = append(d.Blocks, corpus.Block{Model: model, Benchmark: benchmark, Task: task, File: file, Correct: correct})
	}
	published := func(model, benchmark, metric string, score float64) {
		d.Scores = append(d.Scores, corpus.Score{Model: model, Benchmark: benchmark, Metric: metric, Value: score, File: file})
	}
	answered("whole", "mmlu", "anatomy", 1, 0, 0, 0)
	answered("whole", "mmlu", "virology", 1, 1)
	published("whole", "mmlu", "acc", 62.5)
	answered("part", "mmlu", "anatomy", 1, 0, corpus.Missing, 0)
	published("part", "mmlu", "acc", 10)
	published("none", "mmlu", "acc", 10)
	answered("whole", "truthfulqa", "truthfulqa", 1, 0)
	published("whole", "truthfulqa", "mc2", 20)
	published("whole", "truthfulqa", "mc1", 50)
	if err := w.Record(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	for _, r := range values(t, w, `SELECT model, score, tasks, mean_of_tasks FROM scores WHERE benchmark = 'mmlu'`) {
		want := map[any][3]any{"whole": {50.0, int64(2), 62.5}, "part": {100.0 / 3, int64(1), 100.0 / 3}}[r[0]]
		for k := range want {
			got, _ := r[k+1].(float64)
			if x, ok := want[k].(float64); ok && math.Abs(got-x) > 1e-12 || !ok && r[k+1] != want[k] {
				t.Errorf("%v: score, tasks, mean of tasks %v, want %v", r[0], r[1:], want)
			}
		}
	}
	type comparison struct{ recomputed, byTasks, comparable, whyNot any }
	want := map[string]comparison{
		"mmlu acc whole":       {50.0, 62.5, 0.0, nil},
		"mmlu acc part":        {100.0 / 3, 100.0 / 3, nil, "3 of 6 items answered"},
		"mmlu acc none":        {nil, nil, nil, "no answers"},
		"truthfulqa mc1 whole": {50.0, 50.0, 0.0, nil},
		"truthfulqa mc2 whole": {50.0, 50.0, nil, "another metric: published is mc2, answers are mc1"},
	}
	rows := values(t, w, `SELECT concat_ws(' ', benchmark, published_metric, model), recomputed, recomputed_by_tasks, comparable_difference, why_not FROM score_comparison`)
	if len(rows) != len(want) {
		t.Errorf("%d rows, want %d", len(rows), len(want))
	}
	for _, r := range rows {
		if got := (comparison{r[1], r[2], r[3], r[4]}); got != want[r[0].(string)] {
			t.Errorf("%v: %v, want %v", r[0], got, want[r[0].(string)])
		}
	}
	if found := mustCheck(t, w, CheckOptions{}); strings.Contains(textOf(found), "published_scores_differ") {
		t.Errorf("scores that agree are warned of: %v", found)
	}
	// Of a benchmark that is published as the share of items, the same is a difference.
	subjects.PublishedMean = corpus.MeanOfItems
	if err := w.SyncBenchmarks(t.Context(), []corpus.Benchmark{subjects}); err != nil {
		t.Fatal(err)
	}
	mustFind(t, mustCheck(t, w, CheckOptions{}), "published_scores_differ", Warning)
}

func textOf(found []Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, f.String())
	}
	return strings.Join(all, "\n")
}
