package evallog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"metabench/corpus"
)

// tree writes files by their names and returns their directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sheet is an import in words: a line a block, with its benchmark, metric, task, model and answers.
func sheet(in *corpus.Import) string {
	var lines []string
	for _, b := range in.Blocks {
		k := slices.IndexFunc(in.Benchmarks, func(x corpus.Benchmark) bool { return x.Name == b.Benchmark })
		line := fmt.Sprintf("%s %s %s %s", b.Benchmark, in.Benchmarks[k].Metric, b.Task, b.Model)
		for _, it := range in.Items {
			if it.Benchmark == b.Benchmark && it.Task == b.Task {
				answer := fmt.Sprint(b.Correct[it.Position])
				if b.Correct[it.Position] == corpus.Missing {
					answer = "-"
				}
				line += fmt.Sprintf(" %s:%s", it.Key, answer)
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func mustRead(t testing.TB, dir string, o Options) *corpus.Import {
	t.Helper()
	in, err := Read(t.Context(), []string{dir}, o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func wantSheet(t *testing.T, dir string, o Options, want string) {
	t.Helper()
	if got := sheet(mustRead(t, dir, o)); got != want {
		t.Errorf("read\n%s\nwant\n%s", got, want)
	}
}

// refused expects a DataError of a kind that says certain words.
func refused(t *testing.T, dir string, o Options, kind corpus.Kind, words ...string) {
	t.Helper()
	in, err := Read(t.Context(), []string{dir}, o)
	var e *corpus.DataError
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("error %v, want a data error of kind %s; read %+v", err, kind, in)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q doesn't say %q", err, w)
		}
	}
}

// sound fails unless bytes from anywhere give answers that fit together, or a data error.
func sound(t *testing.T, dir string, o Options) {
	t.Helper()
	in, err := Read(t.Context(), []string{dir}, o)
	if err != nil {
		var e *corpus.DataError
		if !errors.As(err, &e) {
			t.Fatalf("untyped error %v", err)
		}
		return
	}
	items := map[string]int{}
	for _, it := range in.Items {
		if it.Key == "" || it.Position != items[it.Benchmark+"\x00"+it.Task] {
			t.Fatalf("item %+v out of place", it)
		}
		items[it.Benchmark+"\x00"+it.Task]++
	}
	for _, b := range in.Blocks {
		if b.Model == "" || len(b.Correct) != items[b.Benchmark+"\x00"+b.Task] {
			t.Fatalf("block %+v of other length than its task", b)
		}
	}
}

func TestDirectoryWithoutLogsIsRefused(t *testing.T) {
	refused(t, tree(t, map[string]string{"notes.txt": "hello", "a/b.json": `{"x": 1}`}), Options{}, corpus.KindEmpty, "no evaluation log")
}

func TestTablesAreNoLogs(t *testing.T) {
	dir := tree(t, map[string]string{"answers.csv": "model,item,correct\na,1,1\n", "empty": "", "samples_arc.jsonl": `{"model":"a"}`, "web.html": "<html>"})
	for _, name := range []string{"answers.csv", "empty", "samples_arc.jsonl", "web.html"} {
		if is, err := Is(filepath.Join(dir, name)); is || err != nil {
			t.Errorf("%s: %v, %v, want no log", name, is, err)
		}
	}
}
