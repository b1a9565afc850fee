package table

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type longRow struct {
	Model   string   `parquet:"model"`
	Item    int32    `parquet:"item"`
	Correct *float64 `parquet:"correct,optional"`
}

func parquetBytes[T any](t testing.TB, rows []T) string {
	t.Helper()
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func number(v float64) *float64 { return &v }

func longRows() []longRow {
	return []longRow{{"x", 1, number(1)}, {"x", 2, number(0)}, {"x", 3, nil}, {"y", 1, number(0)}}
}

// Everything a user can get wrong, and what the message must say of it.
func TestReadLongRefusesWithPlaceAndRemedy(t *testing.T) {
	whole := parquetBytes(t, longRows())
	flipped := []byte(whole)
	for k := 4; k < 60; k++ {
		flipped[k] ^= 0x55
	}
	compressed := gzipped(t, "model,item,correct\nx,1,1\nx,2,0\n")
	cases := map[string]struct {
		content string
		kind    corpus.Kind
		say     []string
	}{
		"empty_file":          {"", corpus.KindEmpty, []string{"the file is empty"}},
		"only_white_space":    {"\n \n", corpus.KindEmpty, []string{"the file is empty"}},
		"header_only":         {"model,item,correct\n", corpus.KindEmpty, []string{"no rows"}},
		"near_miss_of_column": {"model,itm,correct\nx,1,1\n", corpus.KindColumn, []string{`column "item"`, `Did you mean "itm"?`, "model, itm, correct"}},
		"no_answer_column":    {"model,item,score\nx,1,1\n", corpus.KindColumn, []string{`column "correct"`, "It has the columns model, item, score"}},
		"wide_table":          {"model,1,2\nx,0,1\n", corpus.KindColumn, []string{"one row per answer"}},
		"column_named_twice":  {"model,item,item,correct\nx,1,1,1\n", corpus.KindColumn, []string{"twice", "positions 2 and 3"}},
		"neither_0_nor_1":     {"model,item,correct\nx,1,1\nx,2,yes\n", corpus.KindValue, []string{"line 3", `model "x"`, `item "2"`, `"yes" is neither 0 nor 1`}},
		"continuous_score":    {"model,item,correct\nx,1,1\nx,2,0.63\n", corpus.KindValue, []string{"line 3", "0.63 is a continuous score", "acc_norm is 0 or 1", "mc1, not mc2"}},
		"share_of_points":     {"model,item,correct\nx,1,63\n", corpus.KindValue, []string{`"63" is neither`}},
		"header_repeated":     {"model,item,correct\nx,1,1\nmodel,item,correct\n", corpus.KindFormat, []string{"line 3", "header is repeated"}},
		"same_answer_twice":   {"model,item,correct\nx,1,1\ny,1,1\nx,1,1\n", corpus.KindDuplicate, []string{"line 4", `model "x"`, `item "1"`, "in line 2"}},
		"contradicting_twice": {"model,item,correct\nx,1,1\nx,1,0\n", corpus.KindDuplicate, []string{"line 3", "in line 2"}},
		"missing_twice":       {"model,item,correct\nx,1,\nx,1,\n", corpus.KindDuplicate, []string{"line 3", "in line 2"}},
		"cut_inside_a_line":   {"model,item,correct\nx,1,1\nx,2", corpus.KindTruncated, []string{"line 3", "2 of 3 fields"}},
		"cut_after_a_comma":   {"model,item,correct\nx,1,1\nx,2,", corpus.KindTruncated, []string{"line 3", "no newline"}},
		"cut_inside_quotes":   {"model,item,correct\nx,1,1\n\"x", corpus.KindTruncated, []string{"line 3", "quoted value"}},
		"short_line":          {"model,item,correct\nx,1\nx,2,0\n", corpus.KindFormat, []string{"line 2", "2 fields where the header has 3"}},
		"long_line":           {"model,item,correct\nx,1,1,1\n", corpus.KindFormat, []string{"line 2", "4 fields"}},
		"stray_quote":         {"model,item,correct\nx\"y,1,1\n", corpus.KindFormat, []string{"line 2", "quote"}},
		"text_after_quote":    {"model,item,correct\n\"x\"y,1,1\n", corpus.KindFormat, []string{"line 2", "closing quote"}},
		"no_model":            {"model,item,correct\n,1,1\n", corpus.KindName, []string{"line 2", `column "model"`, "missing"}},
		"no_item":             {"model,item,correct\nx,,1\n", corpus.KindName, []string{"line 2", `column "item"`}},
		"nul_in_name":         {"model,item,correct\nx\x00y,1,1\n", corpus.KindFormat, []string{"binary"}},
		"late_nul_in_name":    {"model,item,correct\n" + strings.Repeat("\n", 600) + "x\x00y,1,1\n", corpus.KindName, []string{"line 602", "control character"}},
		"line_end_in_name":    {"model,item,correct\n\"x\ny\",1,1\n", corpus.KindName, []string{"control character"}},
		"latin_1":             {"model,item,correct\nx\xe9,1,1\n", corpus.KindName, []string{"UTF-8"}},
		"name_of_20_kB":       {"model,item,correct\n" + strings.Repeat("x", 20000) + ",1,1\n", corpus.KindName, []string{"20000 bytes"}},
		"item_beyond_last":    {"model,item,correct\nx,5,1\n", corpus.KindItem, []string{`item "5"`, "arc has the items 1 to 4"}},
		"item_counted_from_0": {"model,item,correct\nx,0,1\n", corpus.KindItem, []string{`item "0"`, "from 1"}},
		"item_of_other_name":  {"model,item,correct\nx,Mercury_7,1\n", corpus.KindItem, []string{"another name"}},
		"html_error_page":     {"<!DOCTYPE html><html>404</html>", corpus.KindFormat, []string{"web page"}},
		"json":                {`[{"model": "x"}]`, corpus.KindFormat, []string{"JSON", "metabench score"}},
		"lfs_pointer":         {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", corpus.KindFormat, []string{"Git LFS pointer"}},
		"spreadsheet":         {"PK\x03\x04abc", corpus.KindFormat, []string{"spreadsheet"}},
		"zstd":                {"\x28\xb5\x2f\xfdabc", corpus.KindFormat, []string{"zstd"}},
		"utf_16":              {"\xff\xfem\x00o\x00", corpus.KindFormat, []string{"UTF-16"}},
		"sep_line":            {"sep=;\nmodel;item;correct\nx;1;1\n", corpus.KindFormat, []string{"tells a spreadsheet", "Remove it"}},
		"sep_line_quoted":     {"\ufeff\"sep=,\"\nmodel,item,correct\nx,1,1\n", corpus.KindFormat, []string{"tells a spreadsheet"}},
		"comment_in_front":    {"# made by us, today\nmodel,item,correct\nx,1,1\n", corpus.KindFormat, []string{"comment, not the header", "Remove the lines that begin with #"}},
		"comment_inside":      {"model,item,correct\nx,1,1\n# end\n", corpus.KindFormat, []string{"line 3", "a comment inside the table"}},
		"pipes":               {"model|item|correct\nx|1|1\n", corpus.KindFormat, []string{"separated by |", "commas, tabs or semicolons"}},
		"gzip_cut":            {compressed[:len(compressed)-9], corpus.KindTruncated, []string{"gzip data end too early"}},
		"gzip_header_cut":     {compressed[:5], corpus.KindTruncated, []string{"gzip data end too early"}},
		"gzip_damaged":        {compressed[:15] + "zzzz" + compressed[19:], corpus.KindFormat, []string{"gzip data are damaged"}},
		"gzip_of_html":        {gzipped(t, "<html></html>"), corpus.KindFormat, []string{"web page"}},
		"gzip_of_nothing":     {gzipped(t, ""), corpus.KindEmpty, []string{"the file is empty"}},
		"gzip_twice":          {gzipped(t, compressed), corpus.KindFormat, []string{"gzipped twice"}},
		"gzip_of_parquet":     {gzipped(t, whole), corpus.KindFormat, []string{"gzipped Parquet"}},
		"parquet_cut":         {whole[:len(whole)/2], corpus.KindTruncated, []string{"footer"}},
		"parquet_magic_only":  {"PAR1", corpus.KindTruncated, []string{"footer"}},
		"parquet_footer_lies": {whole[:len(whole)-8] + "\xff\xff\xff\x00PAR1", corpus.KindFormat, []string{"damaged"}},
		"parquet_damaged":     {string(flipped), corpus.KindFormat, []string{"damaged"}},
		"parquet_duplicate":   {parquetBytes(t, append(longRows(), longRows()...)), corpus.KindDuplicate, []string{"row 5", `model "x"`, `item "1"`, "in row 1"}},
		"parquet_continuous":  {parquetBytes(t, append(longRows(), longRow{"z", 1, number(0.25)})), corpus.KindValue, []string{"row 5", "0.25 is a continuous score"}},
		"parquet_wrong_columns": {parquetBytes(t, []struct {
			Models string `parquet:"models"`
			Item   int32  `parquet:"item"`
		}{{"x", 1}}), corpus.KindColumn, []string{`Did you mean "models"?`}},
		"parquet_nested_answers": {parquetBytes(t, []struct {
			Model   string  `parquet:"model"`
			Item    int32   `parquet:"item"`
			Correct []int32 `parquet:"correct"`
		}{{"x", 1, []int32{1}}}), corpus.KindColumn, []string{"nested"}},
		"parquet_without_rows": {parquetBytes(t, []longRow{}), corpus.KindEmpty, []string{"no rows"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			paths := write(t, map[string]string{"table.dat": c.content})
			im, err := ReadLong(context.Background(), paths, LongOptions{Benchmark: "arc", Catalogue: catalogue()})
			var e *corpus.DataError
			if !errors.As(err, &e) {
				t.Fatalf("error %v (%T), want *corpus.DataError", err, err)
			}
			if im != nil {
				t.Error("something was read nonetheless")
			}
			if e.Kind != c.kind {
				t.Errorf("kind %q, want %q: %v", e.Kind, c.kind, err)
			}
			for _, part := range append(c.say, paths[0]) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message lacks %q:\n%v", part, err)
				}
			}
		})
	}
}

func TestReadLongRefusesWhatDoesNotFitTogether(t *testing.T) {
	cases := map[string]struct {
		files map[string]string
		o     LongOptions
		kind  corpus.Kind
		say   string
	}{
		"no_benchmark_given": {map[string]string{"a.csv": "model,item,correct\nx,1,1\n"}, LongOptions{}, corpus.KindColumn, "--benchmark"},
		"benchmark_not_in_column": {map[string]string{"a.csv": "model,benchmark,item,correct\nx,mine,1,1\n"},
			LongOptions{Benchmark: "mime"}, corpus.KindValue, `Did you mean "mine"?`},
		"file_named_twice": {map[string]string{"a.csv": "model,item,correct\nx,1,1\n"}, LongOptions{Benchmark: "twice"}, corpus.KindDuplicate, "named twice"},
		"other_metric": {map[string]string{"a.csv": "model,item,correct\nx,1,1\n"},
			LongOptions{Benchmark: "arc", Metric: "acc"}, corpus.KindValue, "arc is kept by acc_norm"},
		"subject_misspelt": {map[string]string{"a.csv": "model,item,correct\nx,anatomi.1,1\n"},
			LongOptions{Benchmark: "mmlu"}, corpus.KindItem, `Did you mean "anatomy"?`},
		"item_without_subject": {map[string]string{"a.csv": "model,item,correct\nx,seven,1\n"},
			LongOptions{Benchmark: "mmlu"}, corpus.KindItem, "which"},
		"item_beyond_all_subjects": {map[string]string{"a.csv": "model,item,correct\nx,8,1\n"},
			LongOptions{Benchmark: "mmlu"}, corpus.KindItem, "1 to 7"},
		"item_beyond_subject": {map[string]string{"a.csv": "model,item,correct\nx,anatomy.4,1\n"},
			LongOptions{Benchmark: "mmlu"}, corpus.KindItem, "anatomy has the items 1 to 3"},
		"prompt_twice": {map[string]string{"arc_prompts.csv": "item,prompt\n1,a\n1,b\n"}, LongOptions{}, corpus.KindDuplicate, "in line 2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.o.Catalogue = catalogue()
			paths := write(t, c.files)
			if c.o.Benchmark == "twice" {
				dir, base := filepath.Split(paths[0])
				paths = append(paths, dir+"./"+base) // the same, spelt otherwise
			}
			_, err := ReadLong(context.Background(), paths, c.o)
			var e *corpus.DataError
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want kind %q saying %q", err, c.kind, c.say)
			}
		})
	}
}

func TestReadLongObeysFileSystemAndContext(t *testing.T) {
	_, err := ReadLong(context.Background(), []string{filepath.Join(t.TempDir(), "none.csv")}, LongOptions{Benchmark: "arc"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	paths := write(t, map[string]string{"a.csv": "model,item,correct\nx,1,1\n"})
	if _, err := ReadLong(ctx, paths, LongOptions{Benchmark: "arc"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if _, err := ReadLong(context.Background(), []string{os.TempDir()}, LongOptions{Benchmark: "arc"}); err == nil {
		t.Error("a directory was read as a table")
	}
}
