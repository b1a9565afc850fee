package adaptive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/split"
)

// Comparison plays adaptive tests of several designs, and a fixed form, with the models of
// a table. Items are fitted and predictions calibrated on some of them, and judged by the
// others.
type Comparison struct {
	Designs   []Options
	Kind      irt.Kind // of the items
	Bank      *Bank    // items to use instead of fitting them; nil to fit
	Form      int      // items of the fixed form; 0 for none
	Lengths   []int    // numbers of items at which the error is reported, rising
	TestShare float64  // of the models
	Seed      uint64   // of the split
	Workers   int      // 0 means GOMAXPROCS; does not change the result

	// Report is called as designs are done; may be nil.
	Report func(done, total int)
}

// ComparisonReport is what a Comparison found.
type ComparisonReport struct {
	Items      int          `json:"items"`
	Train      int          `json:"train"` // models
	Test       int          `json:"test"`
	Model      string       `json:"model"`            // of the items; empty where they were not fitted
	Status     string       `json:"status,omitempty"` // how their fit ended
	FitSeconds float64      `json:"fit_seconds"`
	Fixed      []FormReport `json:"fixed_form"` // one an estimator
	Tests      []TimedTest  `json:"tests"`      // one a design
}

// TimedTest is the report of a test and how long it took.
type TimedTest struct {
	*TestReport
	Seconds float64 `json:"seconds"` // for all models, train and test
}

// Name is the design: criterion and estimator.
func (t TimedTest) Name() string { return t.Criterion.String() + " " + t.Estimator.String() }

// MissingItemError says that a table has no answers to an item of the bank.
type MissingItemError struct{ Item string }

func (e *MissingItemError) Error() string {
	return fmt.Sprintf("item %q is not in the response table", e.Item)
}

// Answered returns the table without the models that have no answer: they have no score.
func Answered(t *response.Table) *response.Table {
	var rows []int
	for i := range t.Models {
		if _, observed := t.Answers.Counts(i); observed > 0 {
			rows = append(rows, i)
		}
	}
	if len(rows) == len(t.Models) {
		return t
	}
	return t.SelectModels(rows)
}

// FitItems fits the items of a test, with weak priors.
func FitItems(ctx context.Context, m *response.Matrix, kind irt.Kind, workers int) (*irt.Result, error) {
	fit, err := irt.Fit(ctx, m, irt.Options{Kind: kind, Prior: irt.WeakPrior(), Workers: workers})
	if err != nil {
		return nil, err
	}
	return fit, ctx.Err()
}

// Run splits the models by their scores and plays every test. Models without answers are
// left out.
//
// Errors: *MissingItemError, those of split.Stratified, irt.Fit, Calibrator.Run.
func (c Comparison) Run(ctx context.Context, table *response.Table) (*ComparisonReport, error) {
	table = Answered(table)
	scores := make([]float64, len(table.Models))
	for i := range scores {
		correct, observed := table.Answers.Counts(i)
		scores[i] = float64(correct) / float64(observed)
	}
	parts, err := split.Stratified(scores, split.Shares{Test: c.TestShare}, c.Seed)
	if err != nil {
		return nil, err
	}
	ev := Evaluation{Bank: c.Bank, Table: table, Train: parts.Train, Test: parts.Test, Form: c.Form, Lengths: c.Lengths, Workers: c.Workers}
	r := &ComparisonReport{Train: len(ev.Train.Rows), Test: len(ev.Test.Rows)}
	if r.Test == 0 {
		return nil, errors.New("no models to test on; raise --test")
	}
	if c.Bank != nil {
		ev.Table, err = columnsOf(table, c.Bank)
	} else {
		ev.Bank, err = r.fit(ctx, ev, c.Kind)
	}
	if err != nil {
		return nil, err
	}
	r.Items = len(ev.Bank.Items)
	report := func(done int) {
		if c.Report != nil {
			c.Report(done, len(c.Designs))
		}
	}
	for k, o := range c.Designs {
		report(k)
		form, err := r.form(ctx, ev, o.Estimator)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		test, err := ev.Adaptive(ctx, o, form)
		if err != nil {
			return nil, err
		}
		r.Tests = append(r.Tests, TimedTest{test, time.Since(began).Seconds()})
	}
	report(len(c.Designs))
	return r, nil
}

// fit fits the items on the train models.
func (r *ComparisonReport) fit(ctx context.Context, ev Evaluation, kind irt.Kind) (*Bank, error) {
	began := time.Now()
	fit, err := FitItems(ctx, ev.Table.Answers.SelectModels(ev.Train.Rows), kind, ev.Workers)
	if err != nil {
		return nil, err
	}
	r.Model, r.Status, r.FitSeconds = fit.Kind.String(), fit.Status.String(), time.Since(began).Seconds()
	return NewBank(ev.Table.Items, fit.Items)
}

// form returns the fixed form's report for an estimator, computed once; nil for none.
func (r *ComparisonReport) form(ctx context.Context, ev Evaluation, estimator ability.Method) (*FormReport, error) {
	if ev.Form == 0 {
		return nil, nil
	}
	for k := range r.Fixed {
		if r.Fixed[k].Estimator == estimator {
			return &r.Fixed[k], nil
		}
	}
	form, err := ev.FixedForm(ctx, estimator)
	if err != nil {
		return nil, err
	}
	r.Fixed = append(r.Fixed, *form)
	return form, nil
}

// columnsOf returns the table's columns of the bank's items, in its order.
func columnsOf(t *response.Table, bank *Bank) (*response.Table, error) {
	at := make(map[string]int, len(t.Items))
	for j, key := range t.Items {
		at[key] = j
	}
	columns := make([]int, len(bank.Keys))
	for k, key := range bank.Keys {
		j, ok := at[key]
		if !ok {
			return nil, &MissingItemError{key}
		}
		columns[k] = j
	}
	return t.SelectItems(columns), nil
}
