package analysis

import (
	"context"

	"metabench/analysis/ability"
	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/analysis/smooth"
)

// form is a set of selected items, and how it was found.
type form struct {
	Name      string
	Columns   []int      // columns of the table, in order of selection
	Share     float64    // see reconstruction
	Inclusion []float64  // see reconstruction
	Theta     []float64  // ability for which each was chosen
	Inform    []float64  // its information there
	Items     []irt.Item // calibrated on these items alone
	Kind      irt.Kind
	Estimator ability.Method
	Searches  []result.SearchStep
}

// searched are the estimators of the search, as in the published method.
var searched = []ability.Method{ability.MAP, ability.EAPSum}

// preselect returns the random subset of the columns that reconstructs scores best, or
// all columns where there are at most opts.Preselect.
func preselect(ctx context.Context, data *Data, columns []int, s response.Split, opts Options, report func(done, total int)) ([]int, error) {
	if len(columns) <= opts.Preselect {
		return columns, nil
	}
	sample, err := distill.NewSample(data.Table.Answers, data.Scores, s.Train)
	if err != nil {
		return nil, err
	}
	best, err := distill.RandomSubsets(ctx, sample.Only(columns), distill.SubsetOptions{
		Size: opts.Preselect, Subsets: opts.Subsets, Seed: opts.Seed, Workers: workers(opts.Workers), Progress: report,
	})
	if err != nil {
		return nil, err
	}
	return best.Items, nil
}

// filterItems searches for the threshold of the information filter whose items
// reconstruct the validation models' scores best, by their abilities.
func filterItems(ctx context.Context, name string, data *Data, columns []int, fits []fitted, s response.Split, opts Options, report func(done, total int)) (form, error) {
	judge := &distill.Refit{
		Answers: data.Table.Answers.SelectItems(columns), Scores: data.Scores, Train: s.Train, Validation: s.Validation,
		Prior: irt.WeakPrior(), Starts: map[irt.Kind][]irt.Item{}, Smooth: abilitySmooth, Workers: 1,
	}
	var candidates []distill.Candidate
	for _, f := range fits {
		judge.Starts[f.Kind] = f.Items
		for _, method := range searched {
			candidates = append(candidates, distill.Candidate{
				Kind: f.Kind, Estimator: method, Items: f.Items, Abilities: f.abilities(method, s.Train.Rows),
			})
		}
	}
	search := distill.SearchOptions{
		Lambda: opts.Lambda, LeastItems: min(10, max(2, len(columns)/2)), Workers: workers(opts.Workers), Progress: report,
	}
	if opts.Items > 0 { // bins that are all filled give a form of that size
		search.Bins, search.LeastItems, search.Coarse, search.Rounds = opts.Items, min(opts.Items, len(columns)), 1, 0
	}
	trials, err := distill.Search(ctx, candidates, judge.Evaluate, search)
	if err != nil {
		return form{}, err
	}
	f := form{Name: name}
	for step, t := range trials {
		f.Searches = append(f.Searches, result.SearchStep{
			Form: name, Step: step + 1, Kind: t.Kind.String(), Estimator: t.Estimator.String(), Grid: string(t.Grid),
			Threshold: t.Threshold, Items: len(t.Picks), RMSE: t.RMSE, Objective: t.Objective, Chosen: t.Chosen,
		})
		if !t.Chosen {
			continue
		}
		f.Kind, f.Estimator = t.Kind, t.Estimator
		for _, p := range t.Picks {
			f.Columns = append(f.Columns, columns[p.Item])
			f.Theta = append(f.Theta, p.Theta)
			f.Inform = append(f.Inform, p.Information)
		}
		fit, err := irt.Fit(ctx, data.Table.Answers.SelectItems(f.Columns).SelectModels(s.Train.Rows),
			irt.Options{Kind: t.Kind, Prior: judge.Prior, Restarts: -1, Workers: opts.Workers})
		if err != nil {
			return form{}, err
		}
		f.Items = fit.Items
	}
	return f, ctx.Err()
}

// abilitySmooth is the smooth from ability to score, as in the published method.
var abilitySmooth = smooth.Smooth{Name: "ability"}

// locate sets the abilities at which the form's items have most information, by their fit
// of the form's kind.
func (f *form) locate(fits []fitted) {
	for _, fit := range fits {
		if fit.Kind != f.Kind {
			continue
		}
		f.Items = fit.Items
		for _, it := range fit.Items {
			theta, information := it.MaxInformation()
			f.Theta, f.Inform = append(f.Theta, theta), append(f.Inform, information)
		}
	}
}

// rows describes the form as rows of results.
func (f *form) rows(items []string) []result.SelectedItem {
	rows := make([]result.SelectedItem, len(f.Columns))
	for k, j := range f.Columns {
		rows[k] = result.SelectedItem{Form: f.Name, Position: k + 1, Item: items[j], Theta: f.Theta[k], Information: f.Inform[k]}
		if f.Inclusion != nil {
			rows[k].Inclusion = f.Inclusion[k]
		}
	}
	return rows
}

// abilities estimates all models' abilities from the form's items.
func (f *form) abilities(ctx context.Context, data *Data, workers int) ([]float64, error) {
	estimates, err := ability.Estimates(ctx, data.Table.Answers.SelectItems(f.Columns), f.Items,
		ability.Options{Method: f.Estimator, Workers: workers})
	theta := make([]float64, len(estimates))
	for i, e := range estimates {
		theta[i] = e.Theta
	}
	return theta, err
}
