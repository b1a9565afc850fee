package table

import (
	"context"
	"testing"
)

func TestReadResponsesReadsRealTables(t *testing.T) {
	cases := map[string]struct {
		path          []string
		rows          map[string]string
		models, items int
		observed      int
	}{
		"long_parquet_incomplete": {path: []string{"oll1", "responses", "arc.parquet"}, models: 4171, items: 860, observed: 1248925},
		"long_parquet_complete":   {path: []string{"oll2", "bbh_tracking_five.parquet"}, models: 3246, items: 250, observed: 811500},
		"long_parquet_one_of_11_benchmarks": {path: []string{"wmdp", "responses.parquet"},
			models: 54, items: 1273, observed: 54 * 1273},
		"long_parquet_form_only": {path: []string{"oll1", "responses", "mmlu.parquet"}, rows: map[string]string{"form": "B"},
			models: 3478, items: 102, observed: 3478 * 102},
		"wide_csv_gz": {path: []string{"metabench-r", "responses-arc-B.csv.gz"}, models: 4280, items: 100, observed: 428000},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := ReadResponses(context.Background(), sharedData(t, c.path...), ResponseOptions{Rows: c.rows})
			if err != nil {
				t.Fatal(err)
			}
			models, items := r.Answers.Dims()
			observed := 0
			for i := range models {
				_, o := r.Answers.Counts(i)
				observed += o
			}
			if models != c.models || items != c.items || observed != c.observed {
				t.Errorf("%d models × %d items, %d answers, want %d × %d, %d", models, items, observed, c.models, c.items, c.observed)
			}
		})
	}
}
