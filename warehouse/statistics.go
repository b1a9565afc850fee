package warehouse

import (
	"context"
	"fmt"
)

// RefreshStatistics adds up the item sums of the benchmarks whose answers changed
// since they were last added up. The views are right without it, only slower.
func (w *Warehouse) RefreshStatistics(ctx context.Context) error {
	err := w.change(ctx, func(c *change) error {
		var stale []int32
		var id int32
		err := scanEach(c.ctx, c.conn, `
			SELECT benchmark_id FROM corpus_state AS c
			WHERE c.blocks > 0 AND NOT EXISTS (FROM item_sum AS k WHERE k.benchmark_id = c.benchmark_id AND k.fingerprint = c.fingerprint)`,
			[]any{&id}, func() { stale = append(stale, id) })
		if err != nil || len(stale) == 0 {
			return err
		}
		if err := c.exec(`DELETE FROM item_sum WHERE benchmark_id IN (SELECT unnest(?::INTEGER[]))`, stale); err != nil {
			return err
		}
		return c.exec(`
			INSERT INTO item_sum
			SELECT s.benchmark_id, s.task_id, s.position, c.fingerprint, s.n, s.sum_x, s.sum_s, s.sum_ss, s.sum_xs, s.answer_hash
			FROM item_sums AS s JOIN corpus_state AS c USING (benchmark_id)
			WHERE s.benchmark_id IN (SELECT unnest(?::INTEGER[]))
			ORDER BY s.task_id, s.position`, stale)
	})
	if err != nil {
		return fmt.Errorf("add up item statistics: %w", err)
	}
	return nil
}

func (w *Warehouse) refreshIfWriter(ctx context.Context) error {
	if w.readOnly {
		return nil
	}
	return w.RefreshStatistics(ctx)
}
