package warehouse

import (
	"context"
	"fmt"
)

// TaskMeans returns each model's score on a benchmark as the mean of its tasks' scores:
//
//	100/T · Σ correct_t / observed_t
//
// over its T tasks, in points from 0 to 100. Every task weighs the same, however many
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
	var correct, observed int64
	answered := map[string]int{}
	means = map[string]float64{}
	// Added up here, in the order of tasks: DuckDB's sum of fractions differs in the last
	// digits from run to run.
	err = scanEach(ctx, w.db, `
		SELECT m.model, r.correct_count, r.observed_count
		FROM response_block AS r JOIN task AS t USING (task_id)
		JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id JOIN model AS m USING (model_id)
		WHERE b.benchmark = ? AND r.observed_count > 0 ORDER BY m.model, t.position, t.task_id`,
		[]any{&model, &correct, &observed}, func() {
			answered[model]++
			means[model] += 100 * float64(correct) / float64(observed) / float64(tasks)
		}, benchmark)
	if err != nil {
		return fail(err)
	}
	for model, n := range answered {
		if n < tasks {
			delete(means, model)
			continue
		}
		means[model] = min(means[model], 100) // a sum of rounded shares may exceed it by a last digit
	}
	return means, tasks, nil
}
