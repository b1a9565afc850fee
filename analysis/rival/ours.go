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

// ours chooses items by forward selection and reconstructs with the process, as a build
// does for a form of the given size, with intervals from repetitions of both.
func ours(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	choose := func(ctx context.Context, train response.TrainSet) (*reconstruct.Input, error) {
		sample, err := distill.NewSample(t.Table.Answers, t.Scores, train)
		if err != nil {
			return nil, err
		}
		c, err := distill.Forward{Seed: t.Seed, Workers: t.Workers}.Select(ctx, sample, size)
		if err != nil {
			return nil, err
		}
		return t.input(c.Items), nil
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
