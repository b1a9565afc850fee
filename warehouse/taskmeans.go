package warehouse

import (
	"context"
	"fmt"
)

// TaskMeans returns each model's score on a benchmark as the mean of its tasks' scores:
//
//	100/T · Σ correct_t / observed_t
//
// over its T tasks (the view scores), in points from 0 to 100. Every task weighs the same, however many
// items it has; leaderboards publish this. Models that have no answers to some task are
// left out. A benchmark that is its own only task has no such means.
func (w *Warehouse) TaskMeans(ctx context.Context, benchmark string) (means map[string]float64, tasks int, err error) {
	fail := func(err error) (map[string]float64, int, error) {
		return nil, 0, fmt.Errorf("read the means of tasks of %s: %w", benchmark, err)
	}
	row := w.db.QueryRowContext(ctx, `
		SELECT count(DISTINCT t.task_id) FROM task AS t JOIN item AS i USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
		WHERE b.benchmark = ?`, benchmark)
	if err := row.Scan(&tasks); err != nil {
		return fail(err)
	}
	if tasks < 2 {
		return nil, tasks, nil
	}
	var model string
	var mean float64
	means = map[string]float64{}
	err = scanEach(ctx, w.db, `SELECT model, mean_of_tasks FROM scores WHERE benchmark = ? AND tasks = ?`,
		[]any{&model, &mean}, func() { means[model] = mean }, benchmark, tasks)
	if err != nil {
		return fail(err)
	}
	return means, tasks, nil
}
