package warehouse

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"metabench/corpus"
)

// clock stands still: what is written must not depend on when.
func clock() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func openAt(t *testing.T, path string) *Warehouse {
	t.Helper()
	w, err := Create(t.Context(), Options{Path: path, Threads: 2, Now: clock, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// empty is the file of a new warehouse: making one takes ten times as long as
// opening it.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "warehouse")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "w.duckdb")
	w, err := Create(context.Background(), Options{Path: path, Now: clock})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func fresh(t *testing.T) *Warehouse {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	file, err := empty()
	if err == nil {
		err = os.WriteFile(path, file, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

// blockOf is a block read from a local file.
func blockOf(path, model string, correct ...uint8) corpus.Block {
	return corpus.Block{Model: model, Benchmark: "quiz", Task: "quiz", Correct: correct,
		File: corpus.File{Path: path, Size: 10, SHA256: "00", Verified: corpus.VerifiedHash, ReadAt: clock()}}
}

// itemsOf are items of the task quiz with the given keys.
func itemsOf(keys ...string) []corpus.Item {
	items := make([]corpus.Item, len(keys))
	for k, key := range keys {
		items[k] = corpus.Item{Benchmark: "quiz", Task: "quiz", Position: k, Key: key}
	}
	return items
}

func mustImport(t *testing.T, w *Warehouse, in corpus.Import) ImportResult {
	t.Helper()
	r, err := w.Import(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// values runs a query and returns its rows.
func values(t *testing.T, w *Warehouse, query string, args ...any) [][]any {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]any
	for rows.Next() {
		row, ptrs := make([]any, len(columns)), make([]any, len(columns))
		for k := range row {
			ptrs[k] = &row[k]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
