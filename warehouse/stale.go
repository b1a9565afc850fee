package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Stale returns the benchmarks whose answers changed after the build that their
// results are of, or that have none, in alphabetical order.
func (w *Warehouse) Stale(ctx context.Context) ([]string, error) {
	var name string
	var names []string
	err := scanEach(ctx, w.db, `SELECT benchmark FROM benchmark_status WHERE stale ORDER BY benchmark`, []any{&name}, func() {
		names = append(names, name)
	})
	if err != nil {
		return nil, fmt.Errorf("look for stale benchmarks: %w", err)
	}
	return names, nil
}

// PublishedIsFresh reports whether the newest snapshot in a directory was published
// after the last change of the warehouse: of its file and its write-ahead log.
func (w *Warehouse) PublishedIsFresh(dir string) (bool, error) {
	published, err := os.Stat(filepath.Join(dir, SnapshotName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the published snapshot: %w", err)
	}
	var load, run, question string
	row := w.db.QueryRow(`SELECT coalesce(max(loaded_at)::VARCHAR, ''), coalesce((SELECT max(finished)::VARCHAR FROM run_attempt), ''),
		coalesce((SELECT max(read_at)::VARCHAR FROM question), '') FROM manifest`)
	if err := row.Scan(&load, &run, &question); err != nil {
		return false, fmt.Errorf("look for the last change: %w", err)
	}
	last := max(load, run, question)
	return last != "" && published.ModTime().UTC().Format("2006-01-02 15:04:05.999999") > last, nil
}
