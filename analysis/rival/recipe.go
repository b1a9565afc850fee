package rival

import (
	"context"
	"errors"
	"fmt"

	"metabench/analysis/ability"
	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
)

// publishedRecipe is the published method at a given number of items: the filter of 2PL
// information, abilities from the chosen items, and an additive model of the ability, the
// linear model and the sub-score (Kipnis et al., "metabench", ICLR 2025). A model that
// lacks an answer is given the training models' mean score, since the recipe says nothing
// of it.
func publishedRecipe(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	bank, err := t.bank(ctx, irt.TwoPL)
	if err != nil {
		return nil, err
	}
	c, err := t.choose(ctx, Information{Items: bank}, size)
	if err != nil {
		return nil, err
	}
	if len(c.Items) < size {
		return nil, fmt.Errorf("information filter: %d bins chose %d items", size, len(c.Items))
	}
	in := t.input(c.Items)
	answers := in.Benchmarks[0].Answers
	fit, err := irt.Fit(ctx, answers.SelectModels(t.Train.Rows), irt.Options{Kind: irt.TwoPL, Prior: irt.WeakPrior(), Workers: t.Workers})
	if err != nil {
		return nil, err
	}
	theta, err := ability.Estimates(ctx, answers, fit.Items, ability.Options{Method: ability.MAP, Workers: t.Workers})
	if err != nil {
		return nil, err
	}
	abilities := make([][]float64, len(theta))
	for i, e := range theta {
		abilities[i] = []float64{e.Theta}
	}
	recipe, err := reconstruct.FitRecipe(ctx, in, abilities, t.Train)
	if err != nil {
		return nil, err
	}
	out := make([]reconstruct.Prediction, len(t.Test.Rows))
	for k, i := range t.Test.Rows {
		p, err := recipe.PredictRow(in, abilities[i], i)
		switch {
		case errors.Is(err, reconstruct.ErrIncomplete):
			out[k].Score = t.meanScore()
		case err != nil:
			return nil, err
		default:
			out[k].Score = min(100, max(0, p[0].Score))
		}
	}
	return out, nil
}

// Information is the published filter of item information as a selector of a given size:
// four bins of an even grid of abilities for each item wanted, and no threshold. It may find
// fewer.
type Information struct{ Items []irt.Item }

// Name returns "information filter".
func (Information) Name() string { return "information filter" }

// Select chooses at most size of the items.
func (f Information) Select(_ context.Context, _ *distill.Sample, size int) (distill.Choice, error) {
	theta := make([]float64, 161)
	for k := range theta {
		theta[k] = -4 + 8*float64(k)/160
	}
	grid, err := distill.NewGrid(distill.EvenGrid, theta, 4*size)
	if err != nil {
		return distill.Choice{}, err
	}
	filter, err := distill.NewFilter(distill.Information(f.Items, grid), grid, size)
	if err != nil {
		return distill.Choice{}, err
	}
	items := filter.Select(0)
	return distill.Choice{Items: items[:min(size, len(items))]}, nil
}
