package analysis

import (
	"context"
	"math/rand/v2"
	"slices"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// curveShares are the shares of models and of items at which a learning curve is
// measured, besides all.
var curveShares = []float64{0.125, 0.25, 0.5}

// curve measures the error on the test models by the number of models and by the number
// of items.
func (b *builder) curve(ctx context.Context, p dataSplit, f form) error {
	points, _, err := run(ctx, b.stages, "learning curve", []any{p.print, f.Columns, b.opts.Seed, b.data.Pinned},
		func(report func(int, int)) ([]result.LearningPoint, error) {
			return learningCurve(ctx, p.data, f, p.Split, b.opts, report)
		})
	b.set.Curve = append(b.set.Curve, points...)
	return err
}

// learningCurve chooses and fits with a part of the models, or fewer items; of a form that
// is given, the first ones. Models are taken at random, each share part of the next.
func learningCurve(ctx context.Context, data *Data, f form, s response.Split, opts Options, report func(done, total int)) ([]result.LearningPoint, error) {
	all, columns := fitting(s).Rows, f.Columns
	shuffled := slices.Clone(all)
	rng := rand.New(rand.NewPCG(opts.Seed, streamOf(data.Table.Benchmark, "learning curve")))
	rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	var points []result.LearningPoint
	total := 2*len(curveShares) + 1
	for _, share := range curveShares {
		n := int(share * float64(len(all)))
		if n < 2*reconstruct.MinModels {
			continue
		}
		train := response.TrainSet{Rows: slices.Sorted(slices.Values(shuffled[:n]))}
		chosen := columns
		if data.Pinned[f.Name] == nil {
			choice, err := data.choice(data.unpinned(), len(columns), f.Share, opts)(ctx, train)
			if err != nil {
				return nil, err
			}
			chosen = choice.Items
		}
		point, err := learningPoint(ctx, data, "models", chosen, train, s.Test, opts)
		if err != nil {
			return nil, err
		}
		points = append(points, point)
		report(len(points), total)
	}
	for _, share := range append(slices.Clone(curveShares), 1) {
		n := max(1, int(share*float64(len(columns))))
		chosen := columns[:n]
		if share < 1 && data.Pinned[f.Name] == nil {
			choice, err := data.choice(data.unpinned(), n, f.Share, opts)(ctx, fitting(s))
			if err != nil {
				return nil, err
			}
			chosen = choice.Items
		}
		point, err := learningPoint(ctx, data, "items", chosen, fitting(s), s.Test, opts)
		if err != nil {
			return nil, err
		}
		points = append(points, point)
		if share == 1 { // the end of both curves
			point.Axis = "models"
			points = append(points, point)
		}
		report(len(points), total+1)
	}
	return points, nil
}

// learningPoint fits the reconstruction of the columns and measures its error.
func learningPoint(ctx context.Context, data *Data, axis string, columns []int, train response.TrainSet, test response.TestSet, opts Options) (result.LearningPoint, error) {
	in := data.plain(columns)
	model, err := reconstruct.Fit(ctx, in, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, PointsOnly: true})
	if err != nil {
		return result.LearningPoint{}, err
	}
	predicted, err := model.PredictTest(in, test)
	if err != nil {
		return result.LearningPoint{}, err
	}
	truth := make([]float64, len(test.Rows))
	scores := make([]reconstruct.Prediction, len(test.Rows))
	for k, i := range test.Rows {
		truth[k], scores[k] = data.Scores[i], predicted[k][0]
	}
	m, _ := reconstruct.Evaluate(truth, scores)
	return result.LearningPoint{
		Axis: axis, TrainingModels: len(train.Rows), Items: len(columns), TestModels: m.N, RMSE: m.RMSE, MAE: m.MAE,
	}, nil
}
