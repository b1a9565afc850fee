package statistics

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/table"
)

// FitOptions say how items are fitted to a response table.
type FitOptions struct {
	Table     table.ResponseOptions
	Kind      irt.Kind
	Abilities []ability.Method // to estimate
	Nodes     int              // quadrature nodes on [-6, 6]
	SameNodes bool             // for the abilities too, which else have as many as they need
	Start     string           // file of parameters to start from; empty for none
	Prior     bool             // weak priors on the parameters
	Restarts  int              // further starts; 0 for none
	Seed      uint64           // of the further starts
	Workers   int              // 0 for all; the result is the same
	Out       string           // directory of items.csv and abilities.csv; empty for none
	Note      func(string)     // gets what the reader of the table decided by itself
}

// maxErrorParams bounds the standard errors that are computed unasked: their time
// and memory grow with the square of the number of parameters.
const maxErrorParams = 4000

// FitReport is a fit of items and abilities.
type FitReport struct {
	Model         irt.Kind   `json:"model"`
	Persons       int        `json:"persons"`
	Answered      int        `json:"persons_with_answers"` // the n of BIC
	Items         int        `json:"items"`
	LogLikelihood float64    `json:"log_likelihood"`
	Iterations    int        `json:"iterations"`
	Status        irt.Status `json:"status"`
	Gradient      float64    `json:"gradient"`
	Seconds       float64    `json:"seconds"`

	Parameters     int                `json:"parameters"`
	AIC            float64            `json:"aic"`
	BIC            float64            `json:"bic"`
	Gain           float64            `json:"gain"`
	Evaluations    int                `json:"evaluations"`
	Patterns       int                `json:"patterns"`
	Nodes          int                `json:"nodes"`
	Prior          bool               `json:"prior"`
	Constant       int                `json:"constant_items"`
	AtBound        int                `json:"items_at_bound"`
	Unbounded      int                `json:"items_unbounded"`         // whose slope the answers set no limit to
	Reliability    *float64           `json:"reliability"`             // of the answers that there are; null without any
	AllItems       float64            `json:"reliability_all_items"`   // if every model had answered every item
	Capped         map[string]int     `json:"capped_errors,omitempty"` // by method: standard errors that are their limit
	Warnings       []string           `json:"warnings,omitempty"`
	AbilitySeconds map[string]float64 `json:"ability_seconds"`
	ErrorSeconds   *float64           `json:"se_seconds,omitempty"`
	Out            string             `json:"out,omitempty"`

	Columns  table.Columns   `json:"columns"`   // those that model, item and answer were read from
	NotItems []table.NotItem `json:"not_items"` // and those that were not taken for items
}

// Fit fits an item response model to a response table and estimates the abilities.
//
// Errors: *OptionError, *corpus.DataError, those of irt.Fit.
func Fit(ctx context.Context, path string, o FitOptions) (*FitReport, error) {
	answers, err := table.ReadResponses(ctx, path, o.Table)
	if err != nil {
		return nil, columnError(err)
	}
	for _, note := range answers.Notes() {
		o.Note(note)
	}
	opts := irt.Options{
		Kind: o.Kind, Grid: irt.NormalGrid(o.Nodes, irt.DefaultLimit), Workers: o.Workers, Restarts: o.Restarts, Seed: o.Seed,
	}
	if o.Restarts == 0 {
		opts.Restarts = -1
	}
	if o.Prior {
		opts.Prior = irt.WeakPrior()
	}
	if o.Start != "" {
		if opts.Start, err = readStart(ctx, o.Start, answers.Items); err != nil {
			return nil, err
		}
	}
	fail := func(err error) (*FitReport, error) { return nil, fmt.Errorf("fit %s: %w", path, err) }
	started := time.Now()
	fit, err := irt.Fit(ctx, answers.Answers, opts)
	if err != nil {
		return fail(err)
	}
	seconds := time.Since(started).Seconds()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := newFitReport(fit, o, seconds)
	reliability, err := irt.EmpiricalReliability(answers.Answers, fit, opts)
	if err != nil {
		return fail(err)
	}
	r.Reliability = finiteOrNull(reliability)
	r.Columns, r.NotItems = answers.Columns, append([]table.NotItem{}, answers.NotItems...)
	estimates, err := r.estimate(ctx, answers, fit, o)
	if err != nil {
		return fail(err)
	}
	if o.Out != "" {
		se, err := r.standardErrors(ctx, answers, fit, opts)
		if err != nil {
			return nil, err
		}
		fits, err := irt.ComputeItemFit(answers.Answers, fit, opts)
		if err != nil {
			return fail(err)
		}
		if err := os.MkdirAll(o.Out, 0o755); err != nil {
			return fail(fmt.Errorf("--out: %w", err))
		}
		if err := writeRecords(filepath.Join(o.Out, "items.csv"), itemRecords(answers.Items, fit, se, fits)); err != nil {
			return nil, err
		}
		if err := writeRecords(filepath.Join(o.Out, "abilities.csv"), abilityRecords(answers, o.Abilities, estimates)); err != nil {
			return nil, err
		}
	}
	r.explain()
	return r, nil
}

func newFitReport(f *irt.Result, o FitOptions, seconds float64) *FitReport {
	r := &FitReport{
		Model: f.Kind, Persons: f.Models, Answered: f.Answered, Items: len(f.Items), LogLikelihood: f.LogLikelihood,
		Iterations: f.Iterations, Status: f.Status, Gradient: f.Gradient, Seconds: seconds,
		Gain: f.Gain, Evaluations: f.Passes, Patterns: f.Patterns, Nodes: o.Nodes, Prior: o.Prior,
		Constant: len(f.Items), Out: o.Out, AbilitySeconds: map[string]float64{}, Capped: map[string]int{},
		AllItems: irt.MarginalReliability(f.Items, irt.NormalGrid(o.Nodes, irt.DefaultLimit)),
	}
	for j, estimated := range f.Estimated {
		if !estimated {
			continue
		}
		r.Constant--
		if f.Kind.AtBound(f.Items[j]) {
			r.AtBound++
		}
		if f.Unbounded[j] {
			r.Unbounded++
		}
	}
	r.Parameters = f.Kind.Params() * (r.Items - r.Constant)
	r.AIC = 2*float64(r.Parameters) - 2*f.LogLikelihood
	r.BIC = math.Log(float64(max(1, f.Answered)))*float64(r.Parameters) - 2*f.LogLikelihood
	return r
}

// estimate estimates the abilities by every method.
func (r *FitReport) estimate(ctx context.Context, answers *table.Responses, fit *irt.Result, o FitOptions) ([][]ability.Estimate, error) {
	var estimates [][]ability.Estimate
	for _, method := range o.Abilities {
		began := time.Now()
		options := ability.Options{Method: method, Workers: o.Workers}
		if o.SameNodes {
			options.Nodes = o.Nodes
		}
		e, err := ability.Estimates(ctx, answers.Answers, fit.Items, options)
		if err != nil {
			return nil, fmt.Errorf("%s abilities: %w", method, err)
		}
		estimates = append(estimates, e)
		for _, one := range e {
			if one.Capped {
				r.Capped[method.String()]++
			}
		}
		r.AbilitySeconds[method.String()] = time.Since(began).Seconds()
	}
	return estimates, nil
}

// standardErrors are those of the items, nil where there are none: a warning says why.
func (r *FitReport) standardErrors(ctx context.Context, answers *table.Responses, fit *irt.Result, opts irt.Options) (*irt.StandardErrors, error) {
	if r.Parameters > maxErrorParams {
		r.warn("no standard errors: %d parameters are more than %d", r.Parameters, maxErrorParams)
		return nil, nil
	}
	began := time.Now()
	se, err := irt.ComputeStandardErrors(ctx, answers.Answers, fit, opts)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		r.warn("no standard errors: %v", err)
	case se.Ridge > 0:
		r.warn("the information about the parameters is singular, so that some standard errors are lower limits; --prior makes it regular")
	}
	took := time.Since(began).Seconds()
	r.ErrorSeconds = &took
	return se, nil
}

func (r *FitReport) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// explain says in words what the numbers alone would hide.
func (r *FitReport) explain() {
	switch {
	case r.Status == irt.Local:
		r.warn("the fit ended with: local; no other start led to this maximum, and a higher one may exist: try more --restarts")
	case r.Status != irt.Converged:
		r.warn("the fit ended with: %s", r.Status)
	}
	if n := r.Persons - r.Answered; n > 0 {
		r.warn("%d of %d persons have no answer; BIC counts the others", n, r.Persons)
	}
	if r.Constant > 0 {
		r.warn("%d items are answered all right or all wrong; their curves are flat", r.Constant)
	}
	if r.Unbounded > 0 {
		r.warn("the slopes of %d of %d items are not identified: the answers set them no limit, and what is given is where the search ends; --prior keeps them finite", r.Unbounded, r.Items)
	}
	for _, method := range ability.Methods() {
		if n := r.Capped[method.String()]; n > 0 {
			r.warn("%d of %d standard errors of %s are their limit: the answers say less than was known before", n, r.Persons, method)
		}
	}
}
