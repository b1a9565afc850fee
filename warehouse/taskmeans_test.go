package warehouse

import (
	"fmt"
	"maps"
	"math"
	"testing"

	"metabench/corpus"
)

// The leaderboard's score of a benchmark with tasks weighs tasks, not items.
func TestTaskMeansWeighTasksAlike(t *testing.T) {
	w := fresh(t)
	var d corpus.Delivery
	d.Repo.Repo = "o/r"
	answers := map[string]map[string][]uint8{
		"org/whole":   {"small": {1, 0}, "large": {1, 1, 1, 0}},
		"org/gaps":    {"small": {1, corpus.Missing}, "large": {corpus.Missing, 0, 0, 1}},
		"org/lacks":   {"large": {1, 1, 1, 1}},
		"org/nothing": {"small": {corpus.Missing, corpus.Missing}, "large": {1, 1, 1, 1}},
	}
	for model, tasks := range answers {
		for task, correct := range tasks {
			f := corpus.File{Repo: "o/r", Commit: "c", Path: fmt.Sprint(len(d.Blocks), ".parquet")}
			d.Blocks = append(d.Blocks, corpus.Block{Model: model, Benchmark: "two", Task: task, Correct: correct, File: f})
		}
	}
	f := corpus.File{Repo: "o/r", Commit: "c", Path: "one.parquet"}
	d.Blocks = append(d.Blocks, corpus.Block{Model: "org/whole", Benchmark: "one", Task: "one", Correct: []uint8{1, 0}, File: f})
	for task, n := range map[string]int{"small": 2, "large": 4} {
		for k := range n {
			d.Items = append(d.Items, corpus.Item{Benchmark: "two", Task: task, Position: k, Key: fmt.Sprint(task, ".", k)})
		}
	}
	for k := range 2 {
		d.Items = append(d.Items, corpus.Item{Benchmark: "one", Task: "one", Position: k, Key: fmt.Sprint(k)})
	}
	if err := w.Record(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	means, tasks, err := w.TaskMeans(t.Context(), "two")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"org/whole": (50.0 + 75.0) / 2, "org/gaps": (100 + 100.0/3) / 2}
	if tasks != 2 || !maps.EqualFunc(means, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
		t.Errorf("%d tasks, %v, want %v", tasks, means, want)
	}
	if means, tasks, err := w.TaskMeans(t.Context(), "one"); err != nil || tasks != 1 || means != nil {
		t.Errorf("of a single task: %v, %d, %v", means, tasks, err)
	}
}
