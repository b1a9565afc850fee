package warehouse

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

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

// LeftOut returns what the last build of a benchmark could not make, and why: parts
// first, then items.
func (w *Warehouse) LeftOut(ctx context.Context, benchmark string) ([]result.LeftOut, error) {
	var l result.LeftOut
	var all []result.LeftOut
	err := scanEach(ctx, w.db, `SELECT part, item, reason FROM left_out WHERE benchmark = ? ORDER BY item <> '', part, item`,
		[]any{&l.Part, &l.Item, &l.Reason}, func() { all = append(all, l) }, benchmark)
	if err != nil {
		return nil, fmt.Errorf("read what was left out of %s: %w", benchmark, err)
	}
	return all, nil
}

// NoFormError says that a benchmark has no form of a name, why, and what to do.
type NoFormError struct{ Benchmark, Form, Reason string }

func (e *NoFormError) Error() string {
	return fmt.Sprintf("%s has no form %s: %s", e.Benchmark, e.Form, e.Reason)
}

// WantForm is nil where a benchmark has a form of that name, and else a *NoFormError or
// an *UnknownBenchmarkError.
func (w *Warehouse) WantForm(ctx context.Context, benchmark, form string) error {
	var answers, there, built bool
	row := w.db.QueryRowContext(ctx, `
		SELECT EXISTS (FROM corpus_state WHERE benchmark = $1 AND blocks > 0),
			EXISTS (FROM selected_item WHERE benchmark = $1 AND form = $2),
			EXISTS (FROM reconstruction_model WHERE benchmark = $1)`, benchmark, form)
	err := row.Scan(&answers, &there, &built)
	if err == nil && there {
		return nil
	}
	var reason string
	if err == nil {
		reason, err = w.whyWithout(ctx, benchmark, form)
	}
	switch {
	case err != nil:
		return fmt.Errorf("look for form %s of %s: %w", form, benchmark, err)
	case reason != "":
		return &NoFormError{benchmark, form, reason}
	case built:
		return &NoFormError{benchmark, form, "its last build made one form only: set build.forms to 2 and run metabench build --benchmark " + benchmark}
	case !answers:
		return &UnknownBenchmarkError{Benchmark: benchmark}
	}
	return &NoFormError{benchmark, form, "it is not built yet: run metabench build --benchmark " + benchmark}
}

// whyWithout is why the last build left out a form, or all of the benchmark; empty where
// it left out neither.
func (w *Warehouse) whyWithout(ctx context.Context, benchmark, form string) (string, error) {
	left, err := w.LeftOut(ctx, benchmark)
	for _, l := range left {
		if l.Item == "" && (l.Part == "benchmark" || l.Part == "form "+form) {
			return l.Reason, err
		}
	}
	return "", err
}

// Together returns the reconstruction that was fitted for a form of these benchmarks
// together, which is kept under a name of its own, and its run. Where there is none, or
// one of other benchmarks, it is a *NoFormError.
func (w *Warehouse) Together(ctx context.Context, name, form string, benchmarks []string) (predictor []byte, run Run, err error) {
	var target string
	var of []string
	err = scanEach(ctx, w.db, `SELECT DISTINCT target FROM reconstruction_metric WHERE benchmark = $1 AND form = $2 AND target <> $1
		  AND target IN (SELECT benchmark FROM benchmark) ORDER BY target`,
		[]any{&target}, func() { of = append(of, target) }, name, form)
	if err == nil && len(of) == 0 {
		reason, err := w.whyWithout(ctx, name, form)
		if err != nil {
			return nil, run, err
		}
		return nil, run, &NoFormError{name, form, cmp.Or(reason, "these benchmarks were not built in one go: run metabench build")}
	}
	if err == nil && !slices.Equal(of, slices.Sorted(slices.Values(benchmarks))) {
		return nil, run, &NoFormError{name, form, "the benchmarks that were reconstructed together are " + strings.Join(of, ", ")}
	}
	if err == nil {
		row := w.db.QueryRowContext(ctx, `SELECT predictor FROM reconstruction_model WHERE benchmark = ? AND form = ? AND chosen`, name, form)
		err = row.Scan(&predictor)
	}
	if err != nil {
		return nil, run, fmt.Errorf("read the results of %s: %w", name, err)
	}
	run, err = w.ResultRun(ctx, name)
	return predictor, run, err
}

// FittedModels counts the models that a benchmark's reconstruction was fitted on: its
// training and validation models.
func (w *Warehouse) FittedModels(ctx context.Context, benchmark string) (int, error) {
	var n int
	row := w.db.QueryRowContext(ctx, `
		SELECT count(*) FROM split_assignment WHERE benchmark = ? AND scheme = 'random' AND part IN ('train', 'validation')`, benchmark)
	if err := row.Scan(&n); err != nil {
		return 0, fmt.Errorf("count the models that %s was fitted on: %w", benchmark, err)
	}
	return n, nil
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

// HasResults reports whether results of a benchmark are stored.
func (w *Warehouse) HasResults(ctx context.Context, benchmark string) (bool, error) {
	var n int
	row := w.db.QueryRowContext(ctx, `SELECT count(*) FROM reconstruction_model WHERE benchmark = ?`, benchmark)
	if err := row.Scan(&n); err != nil {
		return false, fmt.Errorf("look for results of %s: %w", benchmark, err)
	}
	return n > 0, nil
}
