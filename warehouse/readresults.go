package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"metabench/analysis/result"
)

// Calibration reads what scoring a new model needs of a benchmark's results, and the
// run that they are of: the search, the items with their parameters, the chosen
// reconstruction models and the errors. It is an error when there are none.
func (w *Warehouse) Calibration(ctx context.Context, benchmark string) (set result.Set, run Run, err error) {
	err = w.View(ctx, func(v *Warehouse) error {
		set, run, err = v.calibration(ctx, benchmark)
		return err
	})
	return set, run, err
}

func (w *Warehouse) calibration(ctx context.Context, benchmark string) (result.Set, Run, error) {
	r := resultReader{ctx: ctx, w: w, benchmark: benchmark}
	set := result.Set{Benchmark: benchmark}
	r.each(`SELECT form, step, kind, estimator, grid, threshold, items, rmse, objective, chosen FROM selection_search`, "form, step", func(scan scanner) {
		var s result.SearchStep
		var rmse, objective sql.NullFloat64
		scan(&s.Form, &s.Step, &s.Kind, &s.Estimator, &s.Grid, &s.Threshold, &s.Items, &rmse, &objective, &s.Chosen)
		s.RMSE, s.Objective = orNaN(rmse), orNaN(objective)
		set.Searches = append(set.Searches, s)
	})
	r.each(`SELECT stage, kind, item, a, d, g, u FROM item_parameter`, "stage, kind, item", func(scan scanner) {
		var p result.ItemParameter
		scan(&p.Stage, &p.Kind, &p.Item, &p.A, &p.D, &p.G, &p.U)
		set.Items = append(set.Items, p)
	})
	r.each(`SELECT form, position, item FROM selected_item`, "form, position", func(scan scanner) {
		var s result.SelectedItem
		scan(&s.Form, &s.Position, &s.Item)
		set.Selected = append(set.Selected, s)
	})
	r.each(`SELECT target, form, method, metric, chosen, detail, predictor FROM reconstruction_model`, "target, form, method", func(scan scanner) {
		var m result.ReconstructionModel
		scan(&m.Target, &m.Form, &m.Method, &m.Metric, &m.Chosen, &m.Detail, &m.Blob)
		set.Models = append(set.Models, m)
	})
	r.each(`SELECT target, form, method, scheme, part, grp, models, items, rmse, mae FROM reconstruction_metric`, "target, form, method, scheme, part, grp", func(scan scanner) {
		var m result.Metric
		var rmse, mae sql.NullFloat64
		scan(&m.Target, &m.Form, &m.Method, &m.Scheme, &m.Part, &m.Group, &m.Models, &m.Items, &rmse, &mae)
		m.RMSE, m.MAE = orNaN(rmse), orNaN(mae)
		set.Metrics = append(set.Metrics, m)
	})
	if r.err == nil && len(set.Models) == 0 {
		r.err = errNoResults
	}
	if r.err != nil {
		return set, Run{}, fmt.Errorf("read the results of %s: %w", benchmark, r.err)
	}
	run, err := w.ResultRun(ctx, benchmark)
	return set, run, err
}

// ResultRun returns the run that a benchmark's results are of.
func (w *Warehouse) ResultRun(ctx context.Context, benchmark string) (Run, error) {
	var run Run
	row := w.db.QueryRowContext(ctx, `
		SELECT command, config_hash, code_version, seed, input_fingerprint FROM run
		WHERE run_id = (SELECT any_value(run_id) FROM reconstruction_model WHERE benchmark = ?)`, benchmark)
	err := row.Scan(&run.Command, &run.ConfigHash, &run.CodeVersion, &run.Seed, &run.InputFingerprint)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoResults
	}
	if err != nil {
		return run, fmt.Errorf("read the run of the results of %s: %w", benchmark, err)
	}
	return run, nil
}

var errNoResults = errors.New("there are no results yet; run metabench build")

// scanner scans the current row; an error is kept by its reader.
type scanner func(dst ...any)

// resultReader reads rows of one benchmark until something goes wrong.
type resultReader struct {
	ctx       context.Context
	w         *Warehouse
	benchmark string
	err       error
}

// each calls row for every row of a query, which names a result table, in the given
// order. Both are constants of this file.
func (r *resultReader) each(query, order string, row func(scanner)) {
	if r.err != nil {
		return
	}
	rows, err := r.w.db.QueryContext(r.ctx, query+` WHERE benchmark = ? ORDER BY `+order, r.benchmark)
	if err != nil {
		r.err = err
		return
	}
	for r.err == nil && rows.Next() {
		row(func(dst ...any) {
			if err := rows.Scan(dst...); err != nil {
				r.err = err
			}
		})
	}
	for _, err := range []error{rows.Err(), rows.Close()} {
		if r.err == nil {
			r.err = err
		}
	}
}

func orNaN(x sql.NullFloat64) float64 {
	if !x.Valid {
		return math.NaN()
	}
	return x.Float64
}

// PromptHashes returns the hash of each of a benchmark's questions by item, of those
// whose text is known.
func (w *Warehouse) PromptHashes(ctx context.Context, benchmark string) (map[string]string, error) {
	var item, hash string
	hashes := map[string]string{}
	err := scanEach(ctx, w.db, `
		SELECT i.item, i.prompt_hash FROM item AS i JOIN task AS t USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
		WHERE b.benchmark = ? AND i.prompt_hash IS NOT NULL ORDER BY i.item`, []any{&item, &hash}, func() { hashes[item] = hash }, benchmark)
	if err != nil {
		return nil, fmt.Errorf("read the questions of %s: %w", benchmark, err)
	}
	return hashes, nil
}

// Questions counts a benchmark's questions, those that the filters drop among them.
func (w *Warehouse) Questions(ctx context.Context, benchmark string) (int, error) {
	var n int
	row := w.db.QueryRowContext(ctx, `
		SELECT count(*) FROM item AS i JOIN task AS t USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
		WHERE b.benchmark = ?`, benchmark)
	if err := row.Scan(&n); err != nil {
		return 0, fmt.Errorf("count the questions of %s: %w", benchmark, err)
	}
	return n, nil
}

// TestModels returns the test models for which a benchmark's results predict its own
// score from a form, in alphabetical order.
func (w *Warehouse) TestModels(ctx context.Context, benchmark, form string) ([]string, error) {
	var model string
	var models []string
	err := scanEach(ctx, w.db, `
		SELECT DISTINCT model FROM prediction
		WHERE benchmark = ? AND target = benchmark AND form = ? AND scheme = 'random' AND part = 'test' ORDER BY model`,
		[]any{&model}, func() { models = append(models, model) }, benchmark, form)
	if err != nil {
		return nil, fmt.Errorf("list the test models of %s: %w", benchmark, err)
	}
	return models, nil
}

// BenchmarksWithForm are the benchmarks that a form was selected of, in alphabetical
// order.
func (w *Warehouse) BenchmarksWithForm(ctx context.Context, form string) ([]string, error) {
	var name string
	var names []string
	err := scanEach(ctx, w.db, `SELECT DISTINCT benchmark FROM selected_item WHERE form = ? ORDER BY benchmark`, []any{&name}, func() {
		names = append(names, name)
	}, form)
	if err != nil {
		return nil, fmt.Errorf("look for form %s: %w", form, err)
	}
	return names, nil
}

// HasResults reports whether results of a benchmark are stored.
func (w *Warehouse) HasResults(ctx context.Context, benchmark string) (bool, error) {
	var n int
	row := w.db.QueryRowContext(ctx, `SELECT count(*) FROM reconstruction_model WHERE benchmark = ?`, benchmark)
	if err := row.Scan(&n); err != nil {
		return false, fmt.Errorf("look for results of %s: %w", benchmark, err)
	}
	return n > 0, nil
}
