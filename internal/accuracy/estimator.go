package accuracy

import (
	"context"
	"math"

	"metabench/analysis/ability"
	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/smooth"
)

// whole is a benchmark of which every answer is known, and a split of its models.
type whole struct {
	table  *response.Table
	scores []float64 // points: the share of correct answers to all items
	split  response.Split
	items  []irt.Item // 2PL fitted to the training models
	seed   uint64
}

func newWhole(t *response.Table, s response.Split, seed uint64) *whole {
	w := &whole{table: t, split: s, seed: seed}
	_, items := t.Answers.Dims()
	for i := range t.Models {
		right, _ := t.Answers.Counts(i)
		w.scores = append(w.scores, 100*float64(right)/float64(items))
	}
	return w
}

// fitItems fits the 2PL that p-IRT, gp-IRT and some selectors need.
func (w *whole) fitItems(ctx context.Context, workers int) error {
	r, err := irt.Fit(ctx, w.table.Answers.SelectModels(w.split.Train.Rows), irt.Options{Kind: irt.TwoPL, Prior: irt.WeakPrior(), Workers: workers})
	if err != nil {
		return err
	}
	w.items = r.Items
	return nil
}

// input is what a reconstruction from chosen items learns from.
func (w *whole) input(choice distill.Choice) *reconstruct.Input {
	return &reconstruct.Input{Models: w.table.Models, Benchmarks: []reconstruct.Benchmark{{
		Name: w.table.Benchmark, Metric: w.table.Metric, Items: pickStrings(w.table.Items, choice.Items),
		Answers: w.table.Answers.SelectItems(choice.Items), Scores: w.scores,
	}}}
}

// estimator estimates the scores of all models from a choice of items, having
// learned from the training models.
type estimator struct {
	name     string
	estimate func(ctx context.Context, w *whole, c distill.Choice, workers int) ([]float64, error)
}

// estimators are the ways from answers to a score, plainest first.
var estimators = []estimator{
	{"share correct", func(_ context.Context, w *whole, c distill.Choice, _ int) ([]float64, error) {
		return shares(w, c), nil
	}},
	{"quadratic", quadratic},
	{"smooth", calibrated},
	{"ridge", ridge},
	{"p-IRT", func(ctx context.Context, w *whole, c distill.Choice, workers int) ([]float64, error) {
		return partial(ctx, w, c, workers)
	}},
	{"gp-IRT", mixed},
	{"ours", ours},
}

// shares returns the share of correct answers to the chosen items in percent, each
// item weighted by what it stands for.
func shares(w *whole, c distill.Choice) []float64 {
	out := make([]float64, len(w.scores))
	for i := range out {
		for k, j := range c.Items {
			if w.table.Answers.At(i, j) == response.Correct {
				if c.Weights != nil {
					out[i] += 100 * c.Weights[k]
				} else {
					out[i] += 100 / float64(len(c.Items))
				}
			}
		}
	}
	return out
}

// quadratic calibrates the share by a parabola.
func quadratic(_ context.Context, w *whole, c distill.Choice, _ int) ([]float64, error) {
	x := shares(w, c)
	var a [3][4]float64 // normal equations in powers of (x-50)/50
	power := func(v float64) [3]float64 { z := (v - 50) / 50; return [3]float64{1, z, z * z} }
	for _, i := range w.split.Train.Rows {
		p := power(x[i])
		for r := range 3 {
			for q := range 3 {
				a[r][q] += p[r] * p[q]
			}
			a[r][3] += p[r] * w.scores[i]
		}
	}
	for r := range 3 { // Gauss-Jordan; positive definite unless a share is constant
		a[r][r] += 1e-9
		for q := range 3 {
			if q == r {
				continue
			}
			f := a[q][r] / a[r][r]
			for k := range 4 {
				a[q][k] -= f * a[r][k]
			}
		}
	}
	for i, v := range x {
		p := power(v)
		x[i] = p[0]*a[0][3]/a[0][0] + p[1]*a[1][3]/a[1][1] + p[2]*a[2][3]/a[2][2]
	}
	return x, nil
}

// calibrated calibrates the share by an adaptive smooth.
func calibrated(ctx context.Context, w *whole, c distill.Choice, _ int) ([]float64, error) {
	x := shares(w, c)
	var tx, ty []float64
	for _, i := range w.split.Train.Rows {
		tx, ty = append(tx, x[i]), append(ty, w.scores[i])
	}
	m, err := smooth.Fit(ctx, []smooth.Smooth{{Name: "share"}}, [][]float64{tx}, ty, smooth.Settings{})
	if err != nil {
		return nil, err
	}
	for i, v := range x {
		x[i] = m.Predict([]float64{v})
	}
	return x, nil
}

func ridge(_ context.Context, w *whole, c distill.Choice, _ int) ([]float64, error) {
	b := w.input(c).Benchmarks[0]
	l, err := reconstruct.FitLinear(b, w.split.Train, w.seed)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(w.scores))
	for i := range out {
		out[i] = l.PredictRow(b, i).Score
	}
	return out, nil
}

// partial is p-IRT (Polo et al., tinyBenchmarks, ICML 2024): the answers to the
// chosen items as they are, and for each other item the 2PL's probability at the
// ability estimated from the chosen ones,
//
//	score = 100/J · (Σ_{j chosen} x_j + Σ_{j not} P_j(θ̂))
func partial(ctx context.Context, w *whole, c distill.Choice, workers int) ([]float64, error) {
	chosen := make([]bool, len(w.items))
	var items []irt.Item
	for _, j := range c.Items {
		chosen[j] = true
		items = append(items, w.items[j])
	}
	theta, err := ability.Estimates(ctx, w.table.Answers.SelectItems(c.Items), items, ability.Options{Method: ability.MAP, Workers: workers})
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(w.scores))
	for i := range out {
		for j, it := range w.items {
			switch {
			case !chosen[j]:
				out[i] += it.Prob(theta[i].Theta)
			case w.table.Answers.At(i, j) == response.Correct:
				out[i]++
			}
		}
		out[i] *= 100 / float64(len(w.items))
	}
	return out, nil
}

// mixed is gp-IRT (same source): λ · share + (1-λ) · p-IRT, with the λ in [0, 1] of
// least squared error on the training models.
func mixed(ctx context.Context, w *whole, c distill.Choice, workers int) ([]float64, error) {
	p, err := partial(ctx, w, c, workers)
	if err != nil {
		return nil, err
	}
	s := shares(w, c)
	var cross, square float64
	for _, i := range w.split.Train.Rows {
		d := s[i] - p[i]
		cross += d * (w.scores[i] - p[i])
		square += d * d
	}
	lambda := math.Min(1, math.Max(0, cross/square))
	for i := range p {
		p[i] += lambda * (s[i] - p[i])
	}
	return p, nil
}

func ours(ctx context.Context, w *whole, c distill.Choice, workers int) ([]float64, error) {
	in := w.input(c)
	m, err := reconstruct.Fit(ctx, in, w.split.Train, reconstruct.Options{Seed: w.seed, Workers: workers, PointsOnly: true})
	if err != nil {
		return nil, err
	}
	predictions, err := m.PredictTest(in, w.split.Test)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(w.scores))
	for k, i := range w.split.Test.Rows {
		out[i] = predictions[k][0].Score
	}
	return out, nil
}

// evaluate compares estimates of all models with the truth, on the test models.
func (w *whole) evaluate(estimates []float64) reconstruct.Metrics {
	var truth []float64
	var predictions []reconstruct.Prediction
	for _, i := range w.split.Test.Rows {
		truth = append(truth, w.scores[i])
		predictions = append(predictions, reconstruct.Prediction{Score: estimates[i]})
	}
	m, _ := reconstruct.Evaluate(truth, predictions)
	return m
}

// intervals fits items and map by cross-fitting and evaluates the test models'
// intervals.
func (w *whole) intervals(ctx context.Context, s distill.Selector, size, workers int) (reconstruct.Metrics, reconstruct.Thirds, error) {
	choose := func(ctx context.Context, train response.TrainSet) (*reconstruct.Input, error) {
		sample, err := distill.NewSample(w.table.Answers, w.scores, train)
		if err != nil {
			return nil, err
		}
		c, err := s.Select(ctx, sample, size)
		if err != nil {
			return nil, err
		}
		return w.input(c), nil
	}
	m, in, err := reconstruct.FitSelected(ctx, choose, w.split.Train, reconstruct.Options{Seed: w.seed, Workers: workers})
	if err != nil {
		return reconstruct.Metrics{}, reconstruct.Thirds{}, err
	}
	predictions, err := m.PredictTest(in, w.split.Test)
	if err != nil {
		return reconstruct.Metrics{}, reconstruct.Thirds{}, err
	}
	var truth []float64
	var first []reconstruct.Prediction
	for k, i := range w.split.Test.Rows {
		truth, first = append(truth, w.scores[i]), append(first, predictions[k][0])
	}
	a, th := reconstruct.Evaluate(truth, first)
	return a, th, nil
}
