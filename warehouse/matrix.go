package warehouse

import (
	"context"
	"fmt"

	"metabench/analysis/response"
)

// Which says what part of a benchmark's answers is read.
type Which int

// The two parts.
const (
	Kept Which = iota // what the filters leave: items of kept_items, models that are no outliers
	All
)

// Responses reads a benchmark's answers: models in the order of their names, items
// in the order of tasks and positions. The scores are the models' in points from 0
// to 100: 100 · correct / observed over all items of the benchmark, whatever part
// is read. Vanished models that are left out are in neither part.
//
// Errors: *UnknownBenchmarkError.
func (w *Warehouse) Responses(ctx context.Context, benchmark string, which Which) (*response.Table, []float64, error) {
	if which == Kept {
		if err := w.refreshIfWriter(ctx); err != nil {
			return nil, nil, err
		}
	}
	r := &matrixReader{ctx: ctx, w: w, benchmark: benchmark, which: which}
	table, scores, err := r.read()
	if err != nil {
		return nil, nil, fmt.Errorf("read responses of %s: %w", benchmark, err)
	}
	return table, scores, nil
}

// UnknownBenchmarkError says that the warehouse has no answers to a benchmark.
type UnknownBenchmarkError struct{ Benchmark string }

func (e *UnknownBenchmarkError) Error() string {
	return fmt.Sprintf("the warehouse has no answers to benchmark %q; metabench status lists those it has", e.Benchmark)
}

// matrixReader puts one matrix together.
type matrixReader struct {
	ctx       context.Context
	w         *Warehouse
	benchmark string
	which     Which

	id     int32
	table  *response.Table
	scores []float64
	rowOf  map[int32]int // model_id → row
	first  map[int32]int // task_id → first column, over all items
	items  int           // over all items
	kept   []int         // columns that stay
}

func (r *matrixReader) read() (*response.Table, []float64, error) {
	r.table = &response.Table{Benchmark: r.benchmark}
	for _, step := range []func() error{r.readBenchmark, r.readItems, r.readModels, r.readAnswers} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	return r.table, r.scores, nil
}

func (r *matrixReader) readBenchmark() error {
	found := false
	err := scanEach(r.ctx, r.w.db, `SELECT benchmark_id, metric FROM benchmark SEMI JOIN corpus_state USING (benchmark_id) WHERE benchmark = ?`,
		[]any{&r.id, &r.table.Metric}, func() { found = true }, r.benchmark)
	if err == nil && !found {
		return &UnknownBenchmarkError{Benchmark: r.benchmark}
	}
	return err
}

func (r *matrixReader) readItems() error {
	r.first = map[int32]int{}
	var task, position int32
	var item string
	var dropped bool
	query := `
		SELECT t.task_id, i.position, i.item, false
		FROM task AS t JOIN item AS i USING (task_id) WHERE t.benchmark_id = ?
		ORDER BY t.position, t.task_id, i.position`
	if r.which == Kept {
		query = `
		SELECT t.task_id, f.position, f.item, f.dropped
		FROM task AS t JOIN item_filter AS f USING (task_id) WHERE t.benchmark_id = ?
		ORDER BY t.position, t.task_id, f.position`
	}
	return scanEach(r.ctx, r.w.db, query, []any{&task, &position, &item, &dropped}, func() {
		if _, ok := r.first[task]; !ok {
			r.first[task] = r.items
		}
		if !dropped {
			r.kept = append(r.kept, r.items)
			r.table.Items = append(r.table.Items, item)
		}
		r.items++
	}, r.id)
}

func (r *matrixReader) readModels() error {
	r.rowOf = map[int32]int{}
	query := `
		SELECT model_id, model, coalesce(score, 0) FROM scores
		WHERE benchmark_id = ? AND model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out) ORDER BY model`
	if r.which == Kept {
		query = `
		SELECT s.model_id, s.model, coalesce(s.score, 0)
		FROM scores AS s ANTI JOIN outlier_models AS o ON o.benchmark_id = s.benchmark_id AND o.model_id = s.model_id
		WHERE s.benchmark_id = ? AND s.model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out) ORDER BY s.model`
	}
	var id int32
	var model string
	var score float64
	return scanEach(r.ctx, r.w.db, query, []any{&id, &model, &score}, func() {
		r.rowOf[id] = len(r.table.Models)
		r.table.Models = append(r.table.Models, model)
		r.scores = append(r.scores, score)
	}, r.id)
}

func (r *matrixReader) readAnswers() error {
	m := response.New(len(r.table.Models), r.items)
	scan, err := openBlockScan(r.w.file, r.w.settings)
	if err != nil {
		return err
	}
	defer scan.close()
	err = scan.each(r.ctx, `
		SELECT model_id, task_id, correct FROM response_block
		WHERE task_id IN (SELECT task_id FROM task WHERE benchmark_id = $1)`, r.id,
		func(model, task int32, correct []uint8) {
			if row, ok := r.rowOf[model]; ok {
				m.SetRow(row, r.first[task], correct)
			}
		})
	if err != nil {
		return err
	}
	r.table.Answers = m
	if len(r.kept) < r.items {
		r.table.Answers = m.SelectItems(r.kept)
	}
	return nil
}
