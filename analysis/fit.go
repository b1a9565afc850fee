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

// workers is a number of goroutines as the options mean it.
func workers(n int) int {
	if n == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// fitAll calibrates 2PL, 3PL and 4PL on the training models, each from the poorer
// one's maximum, and scores all models with it.
func fitAll(ctx context.Context, table *response.Table, columns []int, train response.TrainSet, workers int, report func(done, total int)) ([]fitted, error) {
	answers := table.Answers.SelectItems(columns)
	training := answers.SelectModels(train.Rows)
	var all []fitted
	steps := len(irt.Kinds()) * (1 + len(estimators))
	for _, kind := range irt.Kinds() {
		fit, err := irt.Fit(ctx, training, irt.Options{Kind: kind, Prior: irt.WeakPrior(), Restarts: -1, Workers: workers})
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := fitted{
			Kind: kind, Items: fit.Items, LogLik: fit.LogLikelihood, Gradient: fit.Gradient,
			Steps: fit.Iterations, Status: fit.Status.String(), Persons: fit.Models,
		}
		report(len(all)*(1+len(estimators))+1, steps)
		for k, method := range estimators {
			estimates, err := ability.Estimates(ctx, answers, fit.Items, ability.Options{Method: method, Workers: workers})
			if err != nil {
				return nil, err
			}
			f.Abilities = append(f.Abilities, estimates)
			report(len(all)*(1+len(estimators))+2+k, steps)
		}
		all = append(all, f)
	}
	return all, nil
}

// rows describes the fits as rows of results.
func fitRows(set *result.Set, stage string, table *response.Table, columns []int, fits []fitted) {
	for _, f := range fits {
		set.Fits = append(set.Fits, result.Fit{
			Stage: stage, Kind: f.Kind.String(), Persons: f.Persons, Items: len(f.Items),
			LogLikelihood: f.LogLik, Gradient: f.Gradient, Iterations: f.Steps, Status: f.Status,
		})
		for k, it := range f.Items {
			theta, information := it.MaxInformation()
			set.Items = append(set.Items, result.ItemParameter{
				Stage: stage, Kind: f.Kind.String(), Item: table.Items[columns[k]],
				A: it.A, D: it.D, G: it.G, U: it.U,
				SEA: math.NaN(), SED: math.NaN(), SEG: math.NaN(), SEU: math.NaN(),
				MaxInformation: information, ArgMax: theta, Infit: math.NaN(), Outfit: math.NaN(),
			})
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
