package warehouse

import (
	"context"
	"fmt"
)

// Benchmarks returns the names of the benchmarks that have answers, in
// alphabetical order.
func (w *Warehouse) Benchmarks(ctx context.Context) ([]string, error) {
	var name string
	var names []string
	err := scanEach(ctx, w.db, `SELECT benchmark FROM corpus_state WHERE blocks > 0 ORDER BY benchmark`, []any{&name}, func() {
		names = append(names, name)
	})
	if err != nil {
		return nil, fmt.Errorf("list benchmarks: %w", err)
	}
	return names, nil
}
