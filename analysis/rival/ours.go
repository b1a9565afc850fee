package rival

import (
	"context"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// Names of methods that others are compared with.
const (
	Ours        = "metabench"
	RandomItems = "random items" // the plain mean of their answers
)

// ours chooses items for known models and for those unlike them, and reconstructs with the
// process and the design, as a build does for a form of the given size, with intervals from
// repetitions of both. The share of the items that is sampled is decided once.
func ours(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	sample, err := t.learned()
	if err != nil {
		return nil, err
	}
	mixed, err := distill.Mixed{Seed: t.Seed, Workers: t.Workers}.Decide(ctx, sample, size)
	if err != nil {
		return nil, err
	}
	choose := func(ctx context.Context, train response.TrainSet) (*reconstruct.Input, error) {
		sample, err := distill.NewSample(t.Table.Answers, t.Scores, train)
		if err != nil {
			return nil, err
		}
		c, err := mixed.Select(ctx, sample, size)
		if err != nil {
			return nil, err
		}
		in := t.input(c.Items)
		in.Benchmarks[0].Whole, in.Benchmarks[0].Selected = t.Table.Answers, c.Items
		return in, nil
	}
	m, in, err := reconstruct.FitSelected(ctx, choose, t.Train, reconstruct.Options{Seed: t.Seed, Workers: t.Workers, Groups: t.Groups})
	if err != nil {
		return nil, err
	}
	all, err := m.PredictTest(in, t.Test)
	if err != nil {
		return nil, err
	}
	out := make([]reconstruct.Prediction, len(all))
	for k, p := range all {
		out[k] = p[0]
	}
	return out, nil
}
