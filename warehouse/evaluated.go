package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Sources says where the answers to benchmarks come from.
type Sources struct {
	Repositories int       // on the Hub; 0 where nothing was crawled
	Tables       int       // local files; 0 where nothing was imported
	From, To     time.Time // first and last evaluation; zero where no file tells
}

// Sources looks up where the answers to benchmarks come from.
func (w *Warehouse) Sources(ctx context.Context, benchmarks []string) (Sources, error) {
	var s Sources
	var from, to sql.NullTime
	row := w.db.QueryRowContext(ctx, `
		SELECT count(DISTINCT repo), count(DISTINCT path) FILTER (repo IS NULL), min(evaluated), max(evaluated)
		FROM lineage WHERE list_contains(?, benchmark)`, benchmarks)
	if err := row.Scan(&s.Repositories, &s.Tables, &from, &to); err != nil {
		return s, fmt.Errorf("look up the sources of %v: %w", benchmarks, err)
	}
	s.From, s.To = from.Time, to.Time
	return s, nil
}
