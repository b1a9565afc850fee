package warehouse

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"metabench/corpus"
)

// Prints stand for the models' answers to some benchmarks, by model: they are equal for
// equal answers, whatever the models are called. Benchmarks without answers add nothing, and vanished
// models that are left out have none.
//
// A print is the sum, modulo 2^64, of the first 8 bytes of SHA-256 over benchmark and
// task, each followed by a zero byte, and the answers (0, 1, 255 for missing) up to the
// last one that was observed.
func (w *Warehouse) Prints(ctx context.Context, benchmarks []string) (map[string]uint64, error) {
	prints := map[string]uint64{}
	err := w.View(ctx, func(v *Warehouse) error {
		for _, b := range benchmarks {
			if err := v.addPrints(ctx, b, prints); err != nil {
				return fmt.Errorf("hash the answers to %s: %w", b, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return prints, nil
}

// addPrints adds those of one benchmark; w is a view.
func (w *Warehouse) addPrints(ctx context.Context, benchmark string, prints map[string]uint64) error {
	var id, benchmarkID int32
	var name string
	tasks, models := map[int32]string{}, map[int32]string{}
	err := scanEach(ctx, w.db, `SELECT t.task_id, t.task, t.benchmark_id FROM task AS t JOIN benchmark USING (benchmark_id) WHERE benchmark = ?`,
		[]any{&id, &name, &benchmarkID}, func() { tasks[id] = name }, benchmark)
	if err != nil || len(tasks) == 0 {
		return err
	}
	if err := scanEach(ctx, w.db, `SELECT model_id, model FROM model`, []any{&id, &name}, func() { models[id] = name }); err != nil {
		return err
	}
	var text []byte
	return w.answers.each(ctx, `
		SELECT model_id, task_id, correct FROM response_block
		WHERE task_id IN (SELECT task_id FROM task WHERE benchmark_id = $1)
		  AND model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out)`, benchmarkID,
		func(model, task int32, correct []uint8) {
			last := 0
			for k, a := range correct {
				if a != corpus.Missing {
					last = k + 1
				}
			}
			if last == 0 {
				return
			}
			text = append(text[:0], benchmark...)
			text = append(append(append(text, 0), tasks[task]...), 0)
			sum := sha256.Sum256(append(text, correct[:last]...))
			prints[models[model]] += binary.BigEndian.Uint64(sum[:])
		})
}
