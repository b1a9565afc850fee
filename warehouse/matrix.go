package warehouse

import (
	"cmp"
	"context"
	"errors"
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
// is read. Vanished models that are left out are in neither part. All of it is of one
// moment.
//
// Errors: *UnknownBenchmarkError, *AnswersError.
func (w *Warehouse) Responses(ctx context.Context, benchmark string, which Which) (*response.Table, []float64, error) {
	if which == Kept {
		if err := w.refreshIfWriter(ctx); err != nil {
			return nil, nil, err
		}
	}
	r := &matrixReader{ctx: ctx, benchmark: benchmark, which: which}
	if err := w.View(ctx, r.read); err != nil {
		return nil, nil, fmt.Errorf("read responses of %s: %w", benchmark, err)
	}
	return r.table, r.scores, nil
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
	rowOf  map[int32]int     // model_id → row
	tasks  map[int32]columns // by task_id, over all items
	items  int               // over all items
	kept   []int             // columns that stay
}

// columns are a task's: first, first + 1, …
type columns struct {
	task  string
	first int
	items int
}

func (r *matrixReader) read(w *Warehouse) error {
	r.w = w
	r.table = &response.Table{Benchmark: r.benchmark}
	for _, step := range []func() error{r.readBenchmark, r.readItems, r.readModels, r.readAnswers} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
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
	r.tasks = map[int32]columns{}
	var id int32
	var position int
	var task, item string
	var dropped bool
	var wrong error
	query := `
		SELECT t.task_id, t.task, i.position, i.item, false
		FROM task AS t JOIN item AS i USING (task_id) WHERE t.benchmark_id = ?
		ORDER BY t.position, t.task_id, i.position`
	if r.which == Kept {
		query = `
		SELECT t.task_id, t.task, f.position, f.item, f.dropped
		FROM task AS t JOIN item_filter AS f ON f.task_id = t.task_id WHERE t.benchmark_id = ?
		ORDER BY t.position, t.task_id, f.position`
	}
	err := scanEach(r.ctx, r.w.db, query, []any{&id, &task, &position, &item, &dropped}, func() {
		c, ok := r.tasks[id]
		if !ok {
			c = columns{task: task, first: r.items}
		}
		if position != c.items && wrong == nil {
			wrong = &AnswersError{Task: task, Reason: fmt.Sprintf("its item %q has position %d, want %d", item, position, c.items)}
		}
		c.items++
		r.tasks[id] = c
		if !dropped {
			r.kept = append(r.kept, r.items)
			r.table.Items = append(r.table.Items, item)
		}
		r.items++
	}, r.id)
	return errors.Join(err, wrong)
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
	var wrong error
	err := r.w.answers.each(r.ctx, `
		SELECT model_id, task_id, correct FROM response_block
		WHERE task_id IN (SELECT task_id FROM task WHERE benchmark_id = $1)`, r.id,
		func(model, task int32, correct []uint8) {
			row, ok := r.rowOf[model]
			if !ok || wrong != nil {
				return
			}
			c := r.tasks[task]
			if reason := fits(len(correct), c.items); reason != nil {
				wrong = &AnswersError{Task: cmp.Or(c.task, fmt.Sprint("number ", task)), Model: r.table.Models[row], Reason: reason.Error()}
				return
			}
			m.SetRow(row, c.first, correct)
		})
	if err := errors.Join(err, wrong); err != nil {
		return err
	}
	r.table.Answers = m
	if len(r.kept) < r.items {
		r.table.Answers = m.SelectItems(r.kept)
	}
	return nil
}
