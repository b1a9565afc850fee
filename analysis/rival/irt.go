package rival

import (
	"context"
	"math"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// partialIRT is p-IRT from the items nearest to the centres of clusters of 2PL items
// (Polo et al., "tinyBenchmarks", ICML 2024).
func partialIRT(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	_, p, err := t.clustered(ctx, size, t.Test.Rows)
	return points(p), err
}

// mixedIRT is gp-IRT (same source): λ · weighted share + (1-λ) · p-IRT, with the λ in
// [0, 1] of least squared error on the training models.
func mixedIRT(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	c, learned, err := t.clustered(ctx, size, t.Train.Rows)
	if err != nil {
		return nil, err
	}
	cross, square := 0.0, 0.0
	for k, i := range t.Train.Rows {
		d := t.share(i, c) - learned[k]
		cross += d * (t.Scores[i] - learned[k])
		square += d * d
	}
	lambda := 0.0
	if square > 0 {
		lambda = min(1, max(0, cross/square))
	}
	_, out, err := t.clustered(ctx, size, t.Test.Rows)
	if err != nil {
		return nil, err
	}
	for k, i := range t.Test.Rows {
		out[k] += lambda * (t.share(i, c) - out[k])
	}
	return points(out), nil
}

// clustered chooses items by clusters of their parameters, and returns the p-IRT scores
// of some models.
func (t *Task) clustered(ctx context.Context, size int, models []int) (distill.Choice, []float64, error) {
	bank, err := t.bank(ctx, irt.TwoPL)
	if err != nil {
		return distill.Choice{}, nil, err
	}
	c, err := t.choose(ctx, distill.Clusters{Items: bank, Seed: t.Seed}, size)
	if err != nil {
		return c, nil, err
	}
	scores, err := PartialScores(ctx, t.Table.Answers.SelectModels(models), bank, c.Items, t.Workers)
	return c, scores, err
}

// PartialScores returns p-IRT scores in points, one a row of the answers: the answers to
// the chosen items as they are, and for each other item the probability at the ability
// θ̂ (MAP) estimated from the chosen ones,
//
//	score = 100/J · (Σ_{j chosen} x_j + Σ_{j not} P_j(θ̂)).
//
// What a model did not answer is expected, too.
func PartialScores(ctx context.Context, answers *response.Matrix, bank []irt.Item, items []int, workers int) ([]float64, error) {
	chosen := make([]irt.Item, len(items))
	for k, j := range items {
		chosen[k] = bank[j]
	}
	theta, err := ability.Estimates(ctx, answers.SelectItems(items), chosen, ability.Options{Method: ability.MAP, Workers: workers})
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(theta))
	for i, e := range theta {
		sum := 0.0
		for _, it := range bank {
			sum += it.Prob(e.Theta)
		}
		for _, j := range items {
			if a := answers.At(i, j); a != response.Missing {
				sum += float64(a) - bank[j].Prob(e.Theta)
			}
		}
		out[i] = 100 * sum / float64(len(bank))
	}
	return out, nil
}

// adaptivePIRT asks each model the items of most information at its ability so far, under
// the 3PL, and expects the others at the ability it ends with (Li, Tang, Chen, Cheng,
// Metoyer, Hua and Chawla, "Adaptive testing for LLM evaluation: a psychometric
// alternative to static benchmarks" (ATLAS), 2025).
func adaptivePIRT(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	items, err := t.bank(ctx, irt.ThreePL)
	if err != nil {
		return nil, err
	}
	bank, err := adaptive.NewBank(t.Table.Items, items)
	if err != nil {
		return nil, err
	}
	stop := adaptive.Any{adaptive.Answers(size)}
	test, err := adaptive.NewTest(bank, adaptive.Options{Estimator: ability.EAP, Stop: stop, Seed: t.Seed})
	if err != nil {
		return nil, err
	}
	played, err := adaptive.Study{Test: test, Workers: t.Workers}.Run(ctx, t.Table.SelectModels(t.Test.Rows))
	if err != nil {
		return nil, err
	}
	out := make([]reconstruct.Prediction, len(played))
	for k, p := range played {
		out[k].Score = p.Score.Raw
		if math.IsNaN(p.Score.Raw) {
			out[k].Score = t.meanScore()
		}
	}
	return out, nil
}
