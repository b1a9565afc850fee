package analysis

import (
	"context"
	"math"
	"runtime"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// estimators are the abilities that a build keeps of every model.
var estimators = []ability.Method{ability.MAP, ability.EAP, ability.EAPSum}

// fitted is a calibrated set of items with the abilities of all models on it.
type fitted struct {
	Kind      irt.Kind
	Items     []irt.Item
	LogLik    float64
	Gradient  float64
	Steps     int
	Status    string
	Persons   int
	Abilities [][]ability.Estimate // by estimator, then model
	Errors    []irt.Item           // standard errors, 0 for none; nil where not computed
	Fit       []irt.ItemFit        // nil where not computed
}

// abilities are the estimates by a method of the given models.
func (f *fitted) abilities(method ability.Method, rows []int) []float64 {
	estimates := f.Abilities[slices.Index(estimators, method)]
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = estimates[i].Theta
	}
	return out
}

// workers returns a number of goroutines: 0 means one a processor.
func workers(n int) int {
	if n == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// calibration is a fit of item response models to some columns of a table.
type calibration struct {
	table   *response.Table
	columns []int
	train   response.TrainSet
	errors  bool     // also the standard errors and the fit of the items
	richest irt.Kind // of those that are fitted
	workers int
}

// fitAll fits 2PL, 3PL and 4PL, up to the richest asked for, to the training models, each
// from the maximum of the one before, and estimates the abilities of all models by each.
func (c calibration) fitAll(ctx context.Context, report func(done, total int)) ([]fitted, error) {
	answers := c.table.Answers.SelectItems(c.columns)
	training := answers.SelectModels(c.train.Rows)
	opts := irt.Options{Kind: c.richest, Prior: irt.WeakPrior(), Restarts: -1, Workers: c.workers}
	fits, err := irt.FitAll(ctx, training, opts)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all := make([]fitted, len(fits))
	for k, fit := range fits {
		report(k+1, len(fits)+1)
		all[k] = fitted{
			Kind: fit.Kind, Items: fit.Items, LogLik: fit.LogLikelihood, Gradient: fit.Gradient,
			Steps: fit.Iterations, Status: fit.Status.String(), Persons: fit.Models,
		}
		if c.errors {
			opts.Kind = fit.Kind
			if err := all[k].assess(ctx, training, fit, opts); err != nil {
				return nil, err
			}
		}
		for _, method := range estimators {
			estimates, err := ability.Estimates(ctx, answers, fit.Items, ability.Options{Method: method, Workers: c.workers})
			if err != nil {
				return nil, err
			}
			all[k].Abilities = append(all[k].Abilities, estimates)
		}
	}
	return all, nil
}

// assess adds the standard errors of the items' parameters and how well the items
// fit.
func (f *fitted) assess(ctx context.Context, training *response.Matrix, fit *irt.Result, opts irt.Options) error {
	se, err := irt.ComputeStandardErrors(ctx, training, fit, opts)
	if err != nil {
		return err
	}
	f.Errors = se.Items
	f.Fit, err = irt.ComputeItemFit(training, fit, opts)
	return err
}

// fitRows describes the fits as rows of results.
func fitRows(set *result.Set, stage string, table *response.Table, columns []int, fits []fitted) {
	for _, f := range fits {
		set.Fits = append(set.Fits, result.Fit{
			Stage: stage, Kind: f.Kind.String(), Persons: f.Persons, Items: len(f.Items),
			LogLikelihood: f.LogLik, Gradient: f.Gradient, Iterations: f.Steps, Status: f.Status,
		})
		for k, it := range f.Items {
			theta, information := it.MaxInformation()
			row := result.ItemParameter{
				Stage: stage, Kind: f.Kind.String(), Item: table.Items[columns[k]],
				A: it.A, D: it.D, G: it.G, U: it.U,
				SEA: math.NaN(), SED: math.NaN(), SEG: math.NaN(), SEU: math.NaN(),
				MaxInformation: information, ArgMax: theta, Infit: math.NaN(), Outfit: math.NaN(),
			}
			if f.Errors != nil {
				se := f.Errors[k]
				row.SEA, row.SED, row.SEG, row.SEU = orNaN(se.A), orNaN(se.D), orNaN(se.G), orNaN(se.U)
			}
			if f.Fit != nil {
				row.Infit, row.Outfit = f.Fit[k].Infit, f.Fit[k].Outfit
			}
			set.Items = append(set.Items, row)
		}
		for k, method := range estimators {
			for i, e := range f.Abilities[k] {
				set.Abilities = append(set.Abilities, result.Ability{
					Stage: stage, Kind: f.Kind.String(), Estimator: method.String(), Model: table.Models[i], Theta: e.Theta, SE: e.SE,
				})
			}
		}
	}
}

// orNaN is a standard error, NaN for a parameter that has none.
func orNaN(se float64) float64 {
	if se == 0 {
		return math.NaN()
	}
	return se
}
