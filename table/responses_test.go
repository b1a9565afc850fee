package table

import (
	"context"
	"errors"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/refdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
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
			r, err := ReadResponses(context.Background(), refdata.Path(t, c.path...), ResponseOptions{Rows: c.rows})
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

// spell writes a table's answers as "model: 01-".
func spell(r *Responses) []string {
	var rows []string
	for i, m := range r.Models {
		row := []byte(m + ": ")
		for j := range r.Items {
			row = append(row, "01-"[min(r.Answers.At(i, j), 2)])
		}
		rows = append(rows, string(row))
	}
	return rows
}

func TestReadResponsesUnderstandsLayouts(t *testing.T) {
	cases := map[string]struct {
		content string
		o       ResponseOptions
		items   []string
		rows    []string
		extra   map[string][]string
	}{
		"wide_keeps_the_files_order": {"llm,10,9\nb,1,0\na,0,\n", ResponseOptions{}, []string{"10", "9"}, []string{"b: 10", "a: 0-"}, nil},
		"wide_carries_set_along": {"model,set,q\na,train,1\nb,test,NA\n", ResponseOptions{}, []string{"q"}, []string{"a: 1", "b: -"},
			map[string][]string{"set": {"train", "test"}}},
		"wide_carries_scores_and_text_along": {"model,q,score,note,void\na,1,63.2,x,\nb,0,1,y,\n", ResponseOptions{}, []string{"q"}, []string{"a: 1", "b: 0"},
			map[string][]string{"score": {"63.2", "1"}, "note": {"x", "y"}}},
		"wide_set_of_zeros_and_ones_is_no_item": {"model,split,q\na,0,1\nb,1,0\n", ResponseOptions{}, []string{"q"}, []string{"a: 1", "b: 0"},
			map[string][]string{"split": {"0", "1"}}},
		"wide_rows_chosen": {"model,set,q\na,train,1\nb,test,0\n", ResponseOptions{Rows: map[string]string{"set": "test"}}, []string{"q"}, []string{"b: 0"},
			map[string][]string{"set": {"test"}}},
		"wide_model_elsewhere": {"q,name\n1,a\n0,b\n", ResponseOptions{Model: "name"}, []string{"q"}, []string{"a: 1", "b: 0"}, nil},
		"wide_of_truth_values": {"model,q\na,TRUE\nb,false\nc,1.0\n", ResponseOptions{}, []string{"q"}, []string{"a: 1", "b: 0", "c: 1"}, nil},
		"long_is_sorted":       {"item,correct,model\n10,1,b\n9,0,b\n9,1,a\n", ResponseOptions{}, []string{"9", "10"}, []string{"a: 1-", "b: 01"}, nil},
		"long_of_the_seeds":    {"source,item,correct\nx,1,1.0\n", ResponseOptions{}, []string{"1"}, []string{"x: 1"}, nil},
		"long_other_names":     {"who,what,right\nx,1,1\n", ResponseOptions{Model: "who", Item: "what", Correct: "right"}, []string{"1"}, []string{"x: 1"}, nil},
		"long_rows_chosen": {"model,item,correct,form\nx,1,1,A\nx,1,0,B\nx,2,1,B\n", ResponseOptions{Rows: map[string]string{"form": "B"}}, []string{"1", "2"},
			[]string{"x: 01"}, nil},
		"long_benchmark_chosen": {"model,benchmark,item,correct\nx,p,1,1\nx,q,2,0\n", ResponseOptions{Rows: map[string]string{"benchmark": "q"}}, []string{"2"},
			[]string{"x: 0"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := ReadResponses(context.Background(), write(t, map[string]string{"a.csv": c.content})[0], c.o)
			if err != nil {
				t.Fatal(err)
			}
			if c.extra == nil {
				c.extra = map[string][]string{}
			}
			for what, diff := range map[string]string{"items": cmp.Diff(c.items, r.Items), "rows": cmp.Diff(c.rows, spell(r)), "extra": cmp.Diff(c.extra, r.Extra)} {
				if diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
		})
	}
}

func TestReadResponsesRefuses(t *testing.T) {
	cases := map[string]struct {
		content string
		o       ResponseOptions
		kind    corpus.Kind
		say     []string
	}{
		"wide_stray_score_in_an_item": {"model,q\na,1\nb,0\nc,0.63\n", ResponseOptions{}, corpus.KindValue, []string{"line 4", `model "c"`, `item "q"`, "0.63 is a continuous score"}},
		"wide_model_twice":            {"model,q\na,1\na,0\n", ResponseOptions{}, corpus.KindDuplicate, []string{"line 3", `model "a"`, "line 2"}},
		"wide_model_unnamed":          {"model,q\n,1\n", ResponseOptions{}, corpus.KindName, []string{"line 2", "no name"}},
		"wide_without_items":          {"model,score\na,63\nb,62\n", ResponseOptions{}, corpus.KindColumn, []string{"no column holds answers"}},
		"wide_of_continuous_scores":   {"model,q\na,0.3\nb,0.4\n", ResponseOptions{}, corpus.KindColumn, []string{"no column holds answers"}},
		"model_column_misspelt":       {"model,q\na,1\n", ResponseOptions{Model: "modle"}, corpus.KindColumn, []string{`Did you mean "model"?`}},
		"item_column_absent":          {"model,q\na,1\n", ResponseOptions{Item: "item"}, corpus.KindColumn, []string{`column "item"`}},
		"long_several_benchmarks":     {"model,benchmark,item,correct\nx,p,1,1\nx,q,1,0\n", ResponseOptions{}, corpus.KindColumn, []string{"line 3", "Choose one of p, q"}},
		"long_duplicate_after_filter": {"model,item,correct,form\nx,1,1,A\nx,1,0,B\nx,1,0,B\n", ResponseOptions{Rows: map[string]string{"form": "B"}}, corpus.KindDuplicate,
			[]string{"line 4", "in line 3"}},
		"filter_column_unknown": {"model,item,correct\nx,1,1\n", ResponseOptions{Rows: map[string]string{"form": "B"}}, corpus.KindColumn, []string{`column "form"`}},
		"filter_value_unknown":  {"model,item,correct,set\nx,1,1,train\n", ResponseOptions{Rows: map[string]string{"set": "trian"}}, corpus.KindValue, []string{`Did you mean "train"?`}},
		"filters_exclude_each_other": {"model,item,correct,a,b\nx,1,1,p,q\nx,2,1,r,s\n", ResponseOptions{Rows: map[string]string{"a": "p", "b": "s"}}, corpus.KindEmpty,
			[]string{"no row has all"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ReadResponses(context.Background(), write(t, map[string]string{"a.csv": c.content})[0], c.o)
			var e *corpus.DataError
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Fatalf("error %v, want kind %q", err, c.kind)
			}
			for _, part := range c.say {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message lacks %q: %v", part, err)
				}
			}
		})
	}
}

func TestKeysSortByNumberAndText(t *testing.T) {
	keys := []string{"b.2", "10", "a.10", "9", "a.9", "007", "7", "b.2a", ""}
	var sorted []string
	for _, k := range sortKeys(keys) {
		sorted = append(sorted, keys[k])
	}
	if diff := cmp.Diff([]string{"", "007", "7", "9", "10", "a.9", "a.10", "b.2", "b.2a"}, sorted); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// An order of keys must be one: whichever two are compared, and however.
func TestCompareKeysIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a0-9.]{0,6}`)
		a, b, c := key.Draw(t, "a"), key.Draw(t, "b"), key.Draw(t, "c")
		if corpus.CompareKeys(a, b) != -corpus.CompareKeys(b, a) || (corpus.CompareKeys(a, b) == 0) != (a == b) {
			t.Fatalf("%q and %q: %d, %d", a, b, corpus.CompareKeys(a, b), corpus.CompareKeys(b, a))
		}
		if corpus.CompareKeys(a, b) < 0 && corpus.CompareKeys(b, c) < 0 && corpus.CompareKeys(a, c) >= 0 {
			t.Fatalf("%q < %q < %q, but not %q < %q", a, b, c, a, c)
		}
	})
}
