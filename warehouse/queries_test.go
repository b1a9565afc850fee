package warehouse

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/result"
	"metabench/corpus"
	schema "metabench/sql"
)

// workedQueries says of each query of docs/warehouse.md how many rows it has for the warehouse of
// the test, and which of its columns may be NULL there.
var workedQueries = map[string]struct {
	rows int
	gaps []string
}{
	"01_fresh":             {1, []string{"built_at"}},
	"02_best_models":       {10, nil},
	"03_dropped_items":     {2, nil},
	"04_sharpest_items":    {10, []string{"prompt"}},
	"05_one_item":          {20, []string{"parameters"}},
	"06_where_from":        {1, []string{"sha256"}},
	"07_how_good":          {1, nil},
	"08_selected_items":    {1, []string{"prompt"}},
	"09_worst_predictions": {1, nil},
	"10_published_scores":  {1, []string{"why_not"}},
	"11_makers":            {1, nil},
	"12_what_changed":      {1, nil},
}

// The queries of docs/warehouse.md, asked as a reader of a published snapshot: each
// answers with what is there, without gaps.
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
	arc := corpus.Benchmark{Name: "arc", Title: "ARC", Metric: "acc_norm", Tasks: []corpus.Task{{Name: "arc", Items: 30}}}
	if err := errors.Join(w.SyncBenchmarks(t.Context(), []corpus.Benchmark{arc}), w.Record(t.Context(), d)); err != nil {
		t.Fatal(err)
	}
	run, err := w.BeginRun(t.Context(), Run{})
	if err != nil {
		t.Fatal(err)
	}
	s := someResults(1)
	s.Benchmark, s.Metrics[0].Target, s.Predictions[0].Target, s.Models[0].Target = "arc", "arc", "arc", "arc"
	s.Selected = []result.SelectedItem{{Form: "A", Position: 1, Item: "7"}}
	s.Items[0].Item, s.Items[0].Stage = "7", string(result.StageFormA)
	s.Metrics[0].Coverage, s.Predictions[0].Lower, s.Predictions[0].Upper = 0.9, 45, 55
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
	if err != nil || len(names) != len(workedQueries) {
		t.Fatalf("%d worked queries, want %d: %v", len(names), len(workedQueries), err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(schema.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		want := workedQueries[strings.TrimSuffix(path.Base(name), ".sql")]
		rows, err := r.Query(t.Context(), string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n := 0
		for values, ok, err := rows.Next(); ok || err != nil; values, ok, err = rows.Next() {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n++
			for k, c := range rows.Columns {
				if values[k].Null && !slices.Contains(want.gaps, c.Name) {
					t.Errorf("%s: row %d has no %s", name, n, c.Name)
				}
			}
		}
		if n != want.rows {
			t.Errorf("%s: %d rows, want %d", name, n, want.rows)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
