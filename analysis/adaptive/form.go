package adaptive

import (
	"context"
	"fmt"
	"math"

	"metabench/analysis/ability"
	"metabench/analysis/response"
)

// FixedForm returns n items that are informative wherever abilities are: at each of n
// quantiles of the standard normal population, from the middle outwards, the item
// not yet taken with the most information there. It is the form that an adaptive test
// has to beat; the items with the most information on average do worse, because they
// crowd at one ability.
func FixedForm(bank *Bank, n int) []int {
	open := make(bitset, (len(bank.Items)+63)/64)
	open.fill(len(bank.Items))
	n = min(n, len(bank.Items))
	value := make([]float64, len(bank.Items))
	form := make([]int, 0, n)
	for k := range n {
		// The k-th quantile from the middle: n/2, n/2-1, n/2+1, n/2-2, …
		rank := n / 2
		if k%2 == 1 {
			rank -= (k + 1) / 2
		} else {
			rank += k / 2
		}
		theta := math.Sqrt2 * math.Erfinv(2*(float64(rank)+0.5)/float64(n)-1)
		for j, it := range bank.Items {
			value[j] = it.Information(theta)
		}
		j := open.nthLargest(value, 0)
		form = append(form, j)
		open.drop(j)
	}
	return form
}

// PlayForm predicts every model's score from its answers to the items of a form,
// asked as a whole.
func PlayForm(ctx context.Context, bank *Bank, form []int, estimator ability.Method, table *response.Table) ([]Played, error) {
	scorer, err := ability.New(bank.Items, ability.Options{Method: estimator})
	if err != nil {
		return nil, fmt.Errorf("fixed form: %w", err)
	}
	models, items := table.Answers.Dims()
	if items != len(bank.Items) {
		return nil, fmt.Errorf("fixed form: %d columns of answers, %d items in the bank", items, len(bank.Items))
	}
	asked := response.New(models, items)
	for i := range models {
		for _, j := range form {
			asked.Set(i, j, table.Answers.At(i, j))
		}
	}
	estimates, err := scorer.All(ctx, asked)
	if err != nil {
		return nil, fmt.Errorf("fixed form: %w", err)
	}
	out := make([]Played, models)
	for i, e := range estimates {
		var answers []Answer
		for _, j := range form {
			if a := table.Answers.At(i, j); a != response.Missing {
				answers = append(answers, Answer{j, a == response.Correct})
			}
		}
		correct, observed := table.Answers.Counts(i)
		score := bank.score(answers, e.Theta, e.SE, 0, nil)
		out[i] = Played{
			Model: table.Models[i], Asked: form, Theta: e.Theta, SE: e.SE,
			Score:  score,
			Path:   []Standing{{e.Theta, e.SE, score}},
			Actual: 100 * float64(correct) / float64(max(1, observed)),
		}
	}
	return out, nil
}

// calibrateForm calibrates the scores of test by those of train, like a test of the
// form's length. There is nothing to calibrate when the form is the whole bank.
func calibrateForm(ctx context.Context, train, test []Played, form, items int) error {
	if form >= items {
		return nil
	}
	node, err := fitNode(ctx, train, form, items)
	if err != nil {
		return fmt.Errorf("calibrate the fixed form on %d models: %w", len(train), err)
	}
	c := Calibration{Nodes: []Node{node}}
	for i := range test {
		p := &test[i]
		p.Score = c.correct(p.Score, p.Theta, known{answered: form, items: items, most: 100})
	}
	return nil
}
