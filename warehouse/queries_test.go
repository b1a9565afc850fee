package warehouse

import (
	"fmt"
	"io/fs"
	"testing"

	"metabench/analysis/result"
	"metabench/corpus"
	schema "metabench/sql"
)

// TestWorkedQueriesAnswer runs the queries of docs/warehouse.md as a reader of a
// published snapshot: each must find something.
func TestWorkedQueriesAnswer(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	var d corpus.Delivery
	for _, b := range randomBlocks(1, 20, 30, 0) {
		b.Benchmark, b.Task = "arc", "arc"
		b.Model = "org/" + b.Model[:5] + "-" + fmt.Sprint(len(d.Blocks))
		b.File = corpus.File{Repo: "o/r", Commit: "c", Path: fmt.Sprint(len(d.Blocks), ".parquet")}
		d.Blocks = append(d.Blocks, b)
		d.Scores = append(d.Scores, corpus.Score{Model: b.Model, Benchmark: "arc", Metric: "acc_norm", Value: 50, File: b.File})
	}
	for k := range 30 {
		d.Items = append(d.Items, corpus.Item{Benchmark: "arc", Task: "arc", Position: k, Key: fmt.Sprint(k + 1)})
	}
	d.Repo.Repo = "o/r"
	if err := w.Record(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	run, err := w.BeginRun(t.Context(), Run{})
	if err != nil {
		t.Fatal(err)
	}
	s := someResults(1)
	s.Benchmark, s.Metrics[0].Target, s.Predictions[0].Target = "arc", "arc", "arc"
	s.Selected = []result.SelectedItem{{Form: "A", Position: 1, Item: "7"}}
	s.Abilities[0].Model = d.Blocks[0].Model
	if err := w.StoreResults(t.Context(), run.RunID, s); err != nil {
		t.Fatal(err)
	}
	snapshot := mustPublish(t, w, PublishOptions{Dir: t.TempDir()})
	r, err := OpenReadOnly(t.Context(), Options{Path: snapshot.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names, err := fs.Glob(schema.Files, "queries/*.sql")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d worked queries: %v", len(names), err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(schema.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := r.Query(t.Context(), string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, ok, err := rows.Next(); err != nil || !ok {
			t.Errorf("%s: no answer: %v", name, err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
