package analysis

import (
	"context"
	"fmt"
	"math"

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
	Columns   []int     // columns of the table, in order of selection
	Theta     []float64 // ability for which each was chosen
	Inform    []float64 // its information there
	Items     []irt.Item
	Kind      irt.Kind
	Estimator ability.Method
	Searches  []result.SearchStep
}

// searched are the estimators among which the search chooses, as in the published
// method.
var searched = []ability.Method{ability.MAP, ability.EAPSum}

// selectForm searches the filter of item information for the items whose ability
// reconstructs the validation models' scores best. The items' parameters stay those
// of the calibration; only abilities are estimated again from the items picked.
func selectForm(ctx context.Context, name string, data *Data, columns []int, fits []fitted, s response.Split, opts Options, report func(done, total int)) (form, error) {
	v := &validation{data: data, columns: columns, split: s, fits: fits}
	var candidates []distill.Candidate
	for _, f := range fits {
		for _, method := range searched {
			candidates = append(candidates, distill.Candidate{
				Kind: f.Kind, Estimator: method.String(), Items: f.Items, Abilities: f.abilities(method, s.Train.Rows),
			})
		}
	}
	search := distill.SearchOptions{
		Lambda: opts.Lambda, LeastItems: min(10, max(2, len(columns)/2)), Workers: workers(opts.Workers), Progress: report,
	}
	if opts.Items > 0 { // bins that are all filled give a form of that size
		search.Bins, search.LeastItems, search.Coarse, search.Rounds = opts.Items, min(opts.Items, len(columns)), 1, 0
	}
	trials, err := distill.Search(ctx, candidates, v.rmse, search)
	if err != nil {
		return form{}, err
	}
	f := form{Name: name}
	for step, t := range trials {
		f.Searches = append(f.Searches, result.SearchStep{
			Form: name, Step: step + 1, Kind: t.Kind.String(), Estimator: t.Estimator, Grid: string(t.Grid),
			Threshold: t.Threshold, Items: len(t.Picks), RMSE: t.RMSE, Objective: t.Objective, Chosen: t.Chosen,
		})
		if !t.Chosen {
			continue
		}
		f.Kind = t.Kind
		if f.Estimator, err = ability.ParseMethod(t.Estimator); err != nil {
			return form{}, err
		}
		for _, p := range t.Picks {
			f.Columns = append(f.Columns, columns[p.Item])
			f.Theta = append(f.Theta, p.Theta)
			f.Inform = append(f.Inform, p.Information)
			f.Items = append(f.Items, v.fit(t.Kind).Items[p.Item])
		}
	}
	return f, nil
}

// rows describes the form as rows of results.
func (f *form) rows(items []string) []result.SelectedItem {
	rows := make([]result.SelectedItem, len(f.Columns))
	for k, j := range f.Columns {
		rows[k] = result.SelectedItem{Form: f.Name, Position: k + 1, Item: items[j], Theta: f.Theta[k], Information: f.Inform[k]}
	}
	return rows
}

// validation judges picks on the validation models.
type validation struct {
	data    *Data
	columns []int
	split   response.Split
	fits    []fitted
}

func (v *validation) fit(kind irt.Kind) fitted {
	for _, f := range v.fits {
		if f.Kind == kind {
			return f
		}
	}
	panic(fmt.Sprintf("analysis: no fit of kind %v", kind))
}

// rmse is the error, in points, of the validation models' scores by a smooth of the
// ability on the picked items, fitted to the training models.
func (v *validation) rmse(ctx context.Context, t distill.Trial) (float64, error) {
	method, err := ability.ParseMethod(t.Estimator)
	if err != nil {
		return 0, err
	}
	items := make([]irt.Item, len(t.Picks))
	columns := make([]int, len(t.Picks))
	for k, p := range t.Picks {
		items[k], columns[k] = v.fit(t.Kind).Items[p.Item], v.columns[p.Item]
	}
	f := form{Columns: columns, Items: items, Estimator: method}
	predicted, err := f.byAbility(ctx, v.data, v.split.Train, v.split.Validation.Rows)
	if err != nil {
		return math.Inf(1), ctx.Err()
	}
	sum := 0.0
	for k, i := range v.split.Validation.Rows {
		e := predicted[k] - v.data.Scores[i]
		sum += e * e
	}
	return math.Sqrt(sum / float64(len(predicted))), nil
}

// byAbility reconstructs the scores of rows from the ability on the form's items
// alone: a P-spline from ability to score, fitted to the training models.
func (f *form) byAbility(ctx context.Context, data *Data, train response.TrainSet, rows []int) ([]float64, error) {
	answers := data.Table.Answers.SelectItems(f.Columns)
	scorer, err := ability.New(f.Items, ability.Options{Method: f.Estimator, Workers: 1})
	if err != nil {
		return nil, err
	}
	theta := func(rows []int) ([]float64, error) {
		estimates, err := scorer.All(ctx, answers.SelectModels(rows))
		out := make([]float64, len(estimates))
		for k, e := range estimates {
			out[k] = e.Theta
		}
		return out, err
	}
	x, err := theta(train.Rows)
	if err != nil {
		return nil, err
	}
	points := smooth.Points{X: x, Weight: make([]float64, len(x)), Sum: make([]float64, len(x))}
	for k, i := range train.Rows {
		y := data.Scores[i]
		points.Weight[k], points.Sum[k] = 1, y
		points.SumSquares += y * y
	}
	var curve smooth.Curve
	if err := smooth.NewCurveFitter(smooth.Smooth{Name: "ability", Functions: 20, Penalties: 1}).Fit(&curve, points, nil); err != nil {
		return nil, err
	}
	out, err := theta(rows)
	for k := range out {
		out[k] = min(100, max(0, curve.At(out[k])))
	}
	return out, err
}
