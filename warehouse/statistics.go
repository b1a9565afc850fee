package warehouse

import (
	"context"
	"fmt"

	"metabench/corpus"
)

// RefreshStatistics adds up the item sums of the benchmarks whose answers changed
// since they were last added up. The views are right without it, only slower: the
// view item_sums says the same in SQL.
func (w *Warehouse) RefreshStatistics(ctx context.Context) error {
	err := w.change(ctx, func(c *change) error {
		stale, err := c.staleBenchmarks()
		if err != nil || len(stale) == 0 {
			return err
		}
		if err := c.exec(`DELETE FROM item_sum WHERE benchmark_id IN (SELECT unnest(?::INTEGER[]))`, stale); err != nil {
			return err
		}
		scan, err := openBlockScan(w.file, w.settings)
		if err != nil {
			return err
		}
		defer scan.close()
		for _, id := range stale {
			if err := c.addUp(scan, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add up item statistics: %w", err)
	}
	return nil
}

// staleBenchmarks are those with answers that the kept sums are not of.
func (c *change) staleBenchmarks() ([]int32, error) {
	var stale []int32
	var id int32
	err := scanEach(c.ctx, c.conn, `
		SELECT benchmark_id FROM analysed_state AS c
		WHERE c.blocks > 0 AND NOT EXISTS (FROM item_sum AS k WHERE k.benchmark_id = c.benchmark_id AND k.fingerprint = c.fingerprint)
		ORDER BY benchmark_id`,
		[]any{&id}, func() { stale = append(stale, id) })
	return stale, err
}

// itemSum is what item_sum says of one item: n models answered, x is 1 for a
// correct answer, s the model's number of correct answers in the benchmark.
type itemSum struct {
	n, x, s, ss, xs int64
	hash            uint64
}

// modelTerms is what a model adds to the sums of every item it answered.
type modelTerms struct {
	s     int64
	wrong uint64 // hash of the model with a wrong answer
	right uint64
}

// addUp computes a benchmark's item sums and appends them. One pass over the
// answers with six additions each: SQL needs eight times as long to unnest and
// group them.
func (c *change) addUp(scan *blockScan, benchmarkID int32) error {
	var fingerprint uint64
	if err := c.conn.QueryRowContext(c.ctx, `SELECT fingerprint FROM analysed_state WHERE benchmark_id = ?`, benchmarkID).Scan(&fingerprint); err != nil {
		return err
	}
	terms := map[int32]modelTerms{}
	var id int32
	var m modelTerms
	err := scanEach(c.ctx, c.conn, `
		SELECT r.model_id, sum(r.correct_count)::BIGINT, hash(2 * r.model_id), hash(2 * r.model_id + 1)
		FROM response_block AS r JOIN task AS t USING (task_id) WHERE t.benchmark_id = ? AND r.model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out) GROUP BY r.model_id`,
		[]any{&id, &m.s, &m.wrong, &m.right}, func() { terms[id] = m }, benchmarkID)
	if err != nil {
		return err
	}
	sums := map[int32][]itemSum{} // by task_id, then position
	err = scan.each(c.ctx, `
		SELECT model_id, task_id, correct FROM response_block
		WHERE task_id IN (SELECT task_id FROM task WHERE benchmark_id = $1)
		  AND model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out)`, benchmarkID,
		func(model, task int32, correct []uint8) {
			all := sums[task]
			if missing := len(correct) - len(all); missing > 0 {
				all = append(all, make([]itemSum, missing)...)
				sums[task] = all
			}
			terms[model].addTo(all, correct)
		})
	if err != nil {
		return err
	}
	for _, task := range sortedKeys(sums) {
		for position, s := range sums[task] {
			if s.n == 0 {
				continue
			}
			err := c.append("item_sum", benchmarkID, task, int32(position), fingerprint, int32(s.n), s.x, s.s, s.ss, s.xs, s.hash)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (m modelTerms) addTo(sums []itemSum, correct []uint8) {
	ss := m.s * m.s
	for k, a := range correct {
		sum := &sums[k]
		switch a {
		case 0:
			sum.hash ^= m.wrong
		case 1:
			sum.x++
			sum.xs += m.s
			sum.hash ^= m.right
		case corpus.Missing:
			continue
		}
		sum.n++
		sum.s += m.s
		sum.ss += ss
	}
}

func (w *Warehouse) refreshIfWriter(ctx context.Context) error {
	if w.readOnly {
		return nil
	}
	return w.RefreshStatistics(ctx)
}
