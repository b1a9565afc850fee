package warehouse

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

func TestLakeHoldsTheAnswersByBenchmark(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	in := randomImport(1, 6, 5)
	other := blockOf("o.csv", "model 0001", 1, corpus.Missing)
	other.Benchmark, other.Task = "another one", "another one"
	in.Blocks = append(in.Blocks, other)
	mustImport(t, w, in)
	if err := w.StoreResults(t.Context(), "run1", someResults(1)); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "lake")
	for range 2 { // the second replaces the first
		lake, err := w.Export(t.Context(), ExportOptions{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if lake.Files == 0 || lake.Bytes == 0 || len(lake.Tables) != len(lakeTables) {
			t.Errorf("lake %+v", lake)
		}
	}
	got := values(t, w, `SELECT benchmark, model, item, correct FROM read_parquet(?, hive_partitioning = true) ORDER BY ALL`, filepath.Join(dir, "responses", "*", "*.parquet"))
	want := values(t, w, `SELECT benchmark, model, item, correct::TINYINT FROM responses ORDER BY ALL`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "responses", "benchmark=quiz")); err != nil {
		t.Error(err)
	}
	run := values(t, w, `SELECT DISTINCT value::VARCHAR FROM parquet_kv_metadata(?) WHERE key::VARCHAR = 'metabench_run_id'`, filepath.Join(dir, "*", "**", "*.parquet"))
	if diff := cmp.Diff([][]any{{"run1"}}, run); diff != "" {
		t.Error(diff)
	}
	if left, err := filepath.Glob(dir + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestEveryFileOfTheLakeSaysWhatItsColumnsMean(t *testing.T) {
	w := fresh(t)
	mustImport(t, w, randomImport(1, 6, 5))
	if err := w.StoreResults(t.Context(), "run1", someResults(1)); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "lake")
	if _, err := w.Export(t.Context(), ExportOptions{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.parquet"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		about := map[string]string{}
		for _, kv := range values(t, w, `SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)`, file) {
			about[kv[0].(string)] = kv[1].(string)
		}
		if about["metabench_comment"] == "" {
			t.Errorf("%s: the table has no comment", file)
		}
		var columns map[string]string
		if err := json.Unmarshal([]byte(about["metabench_columns"]), &columns); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, column := range values(t, w, `SELECT column_name FROM (DESCRIBE FROM read_parquet('`+file+`', hive_partitioning = false))`) {
			if columns[column[0].(string)] == "" {
				t.Errorf("%s: column %s has no comment", file, column[0])
			}
		}
	}
}

func TestNamesOfBenchmarksStayInsideTheLake(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	for k, name := range []string{"../../../escape", "/abs", `x" AS y`, "a'); DROP TABLE item;--", "=", "C:\\x", "naïve 💥"} {
		b := blockOf("f.csv", "m", 1, 0)
		b.Benchmark, b.Task, b.File.Path = name, name, string(rune('a'+k))
		mustImport(t, w, corpus.Import{Blocks: []corpus.Block{b}})
	}
	root := t.TempDir()
	dir := filepath.Join(root, "in", "side", "the", "lake")
	if _, err := w.Export(t.Context(), ExportOptions{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(path, dir+string(filepath.Separator)) {
			t.Errorf("%s is outside", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := values(t, w, `SELECT DISTINCT benchmark FROM read_parquet(?, hive_partitioning = true) ORDER BY ALL`, filepath.Join(dir, "responses", "*", "*.parquet"))
	want := values(t, w, `SELECT DISTINCT benchmark FROM responses ORDER BY ALL`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExportReplacesNothingButALake(t *testing.T) {
	w := fresh(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, "", "."} {
		if _, err := w.Export(t.Context(), ExportOptions{Dir: d}); err == nil {
			t.Errorf("exported over %q", d)
		}
	}
}
