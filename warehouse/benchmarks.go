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

// MeanScores returns each model's mean score over the given benchmarks (points),
// over those of them that it answered: at least the share minObserved of as many
// items as the most complete model. Vanished models that are left out have none.
func (w *Warehouse) MeanScores(ctx context.Context, benchmarks []string, minObserved float64) (map[string]float64, error) {
	var model string
	var score float64
	means := map[string]float64{}
	err := scanEach(ctx, w.db, `
		WITH chosen AS (
			SELECT model, score, observed, max(observed) OVER (PARTITION BY benchmark) AS complete
			FROM scores WHERE list_contains(?::VARCHAR[], benchmark) AND model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out)
		)
		SELECT model, avg(score ORDER BY score) FROM chosen WHERE observed >= ? * complete GROUP BY model`,
		[]any{&model, &score}, func() { means[model] = score }, benchmarks, minObserved)
	if err != nil {
		return nil, fmt.Errorf("mean scores of %v: %w", benchmarks, err)
	}
	return means, nil
}

// Metric returns what makes an answer to a benchmark correct.
func (w *Warehouse) Metric(ctx context.Context, benchmark string) (string, error) {
	var metric string
	row := w.db.QueryRowContext(ctx, `SELECT metric FROM benchmark WHERE benchmark = ?`, benchmark)
	if err := row.Scan(&metric); err != nil {
		return "", fmt.Errorf("look up the metric of %s: %w", benchmark, err)
	}
	return metric, nil
}
