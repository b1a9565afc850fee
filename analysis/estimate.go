package analysis

import (
	"context"
	"errors"
	"math"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/analysis/smooth"
)

// The methods of reconstruction, as results name them.
const (
	methodProcess = string(result.MethodProcess)
	methodAbility = string(result.MethodAbility)
	methodRecipe  = string(result.MethodRecipe)
)

// reconstruction is a selection of items, the encoded model fitted to it and its
// predictions for the models of the split.
type reconstruction struct {
	Columns []int

	// Share is that of the columns which Forward chose, and Inclusion the probability with
	// which each column was included, nil for items that were given.
	Share     float64
	Inclusion []float64

	Model  []byte
	Fitted int                        // models it was fitted on
	Test   [][]reconstruct.Prediction // one a test model, each one a target
	Seen   [][]reconstruct.Prediction // one a model it was fitted on: training, then validation models
}

// input is the data of some columns for a reconstruction.
func (d *Data) input(columns []int) *reconstruct.Input {
	sub := d.Table.SelectItems(columns)
	return &reconstruct.Input{Models: sub.Models, Benchmarks: []reconstruct.Benchmark{{
		Name: sub.Benchmark, Metric: sub.Metric, Items: sub.Items, Answers: sub.Answers, Scores: d.Scores, TaskMeans: d.TaskMeans,
		Whole: d.Table.Answers, Selected: columns,
	}}}
}

// plain is input without the answers to the other items: for searches and comparisons, of
// which the error for known models matters. Fits of it are several times faster.
func (d *Data) plain(columns []int) *reconstruct.Input {
	in := d.input(columns)
	in.Benchmarks[0].Whole, in.Benchmarks[0].Selected = nil, nil
	return in
}

// decide says what share of n of the columns is chosen for models like the training models;
// the rest is sampled, for models unlike them.
func (d *Data) decide(ctx context.Context, columns []int, n int, train response.TrainSet, opts Options) (float64, error) {
	sample, err := distill.NewSample(d.Table.Answers, d.Scores, train)
	if err != nil {
		return 0, err
	}
	mixed, err := distill.Mixed{Seed: opts.Seed, Workers: workers(opts.Workers)}.Decide(ctx, sample.Only(columns), n)
	return mixed.Share, err
}

// choice is the selection of n of the columns, a share of them by Forward, as the fit of a
// reconstruction repeats it to make honest intervals.
func (d *Data) choice(columns []int, n int, share float64, opts Options) func(context.Context, response.TrainSet) (distill.Choice, error) {
	return func(ctx context.Context, train response.TrainSet) (distill.Choice, error) {
		sample, err := distill.NewSample(d.Table.Answers, d.Scores, train)
		if err != nil {
			return distill.Choice{}, err
		}
		return distill.Mixed{Share: share, Seed: opts.Seed, Workers: workers(opts.Workers)}.Select(ctx, sample.Only(columns), n)
	}
}

// chooseItems chooses n of the columns, fits the reconstruction on all but the test models,
// and applies it to these. The choice is repeated on parts of the models, so that the
// intervals hold for items that were chosen; parts of whole groups where groups labels the
// models, so that they hold for a new group. What share of the items is chosen for known
// models is decided once.
func chooseItems(ctx context.Context, data *Data, columns []int, n int, s response.Split, groups []string, opts Options) (reconstruction, error) {
	train := fitting(s)
	share, err := data.decide(ctx, columns, n, train, opts)
	if err != nil {
		return reconstruction{}, err
	}
	choose := data.choice(columns, n, share, opts)
	own, err := choose(ctx, train)
	if err != nil {
		return reconstruction{}, err
	}
	model, in, err := reconstruct.FitSelected(ctx, func(ctx context.Context, some response.TrainSet) (*reconstruct.Input, error) {
		if len(some.Rows) == len(train.Rows) {
			return data.input(own.Items), nil
		}
		chosen, err := choose(ctx, some)
		if err != nil {
			return nil, err
		}
		return data.input(chosen.Items), nil
	}, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, Groups: groups})
	if err != nil {
		return reconstruction{}, err
	}
	r := reconstruction{Columns: own.Items, Share: share, Inclusion: own.Inclusion, Fitted: len(train.Rows)}
	return r.finish(model, in, s)
}

// randomDraws is how many selections of random items a form is compared with, and
// randomModels the most models that each is fitted on, evenly along the score.
const (
	randomDraws  = 20
	randomModels = 2000
)

// randomItems measures the error on the test models of reconstructions from n items drawn
// at random, one for each draw.
func randomItems(ctx context.Context, data *Data, n int, s response.Split, opts Options, report func(done, total int)) ([]reconstruct.Metrics, error) {
	train := thinned(data, fitting(s), randomModels)
	sample, err := distill.NewSample(data.Table.Answers, data.Scores, train)
	if err != nil {
		return nil, err
	}
	var all []reconstruct.Metrics
	settings := reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, PointsOnly: true}
	for draw := range randomDraws {
		choice, err := distill.Random{Seed: opts.Seed + uint64(draw)}.Select(ctx, sample.Only(data.kept), n)
		if err != nil {
			return nil, err
		}
		in := data.plain(choice.Items)
		model, err := reconstruct.Fit(ctx, in, train, settings)
		if err != nil {
			return nil, err
		}
		settings.Like, settings.Iterations = model, 3
		predicted, err := model.PredictTest(in, s.Test)
		if err != nil {
			return nil, err
		}
		truth, scores := make([]float64, len(s.Test.Rows)), make([]reconstruct.Prediction, len(s.Test.Rows))
		for k, i := range s.Test.Rows {
			truth[k], scores[k] = data.Scores[i], predicted[k][0]
		}
		m, _ := reconstruct.Evaluate(truth, scores)
		all = append(all, m)
		report(draw+1, randomDraws+1)
	}
	return all, nil
}

// finish encodes the model and predicts all models of the split.
func (r reconstruction) finish(model *reconstruct.Model, in *reconstruct.Input, s response.Split) (reconstruction, error) {
	var err error
	if r.Model, err = model.MarshalBinary(); err != nil {
		return r, err
	}
	if r.Seen, err = model.PredictTrain(in, fitting(s)); err != nil {
		return r, err
	}
	r.Test, err = model.PredictTest(in, s.Test)
	return r, err
}

// publishedScores are the test models' scores by the published methods.
type publishedScores struct {
	Predictions map[string][]reconstruct.Prediction
	NoRecipe    string // why the recipe is left out; empty where it is not
}

// publishedPredictions reconstructs the test models' scores from a form by the published
// methods for one benchmark. The recipe needs all answers: it is left out where too few
// models have them, or a test model has not.
func publishedPredictions(ctx context.Context, data *Data, f form, s response.Split, workers int) (publishedScores, error) {
	out := publishedScores{Predictions: map[string][]reconstruct.Prediction{}}
	theta, err := f.abilities(ctx, data, workers)
	if err != nil {
		return out, err
	}
	train := fitting(s)
	var x, y []float64
	for _, i := range train.Rows {
		x, y = append(x, theta[i]), append(y, data.Scores[i])
	}
	curve, err := smooth.Fit(ctx, []smooth.Smooth{abilitySmooth}, [][]float64{x}, y, smooth.Settings{})
	if err != nil {
		return out, err
	}
	for _, i := range s.Test.Rows {
		out.Predictions[methodAbility] = append(out.Predictions[methodAbility], reconstruct.Prediction{
			Benchmark: data.Table.Benchmark, Score: min(100, max(0, curve.Predict([]float64{theta[i]}))),
		})
	}
	in := data.input(f.Columns)
	abilities := make([][]float64, len(theta))
	for i, t := range theta {
		abilities[i] = []float64{t}
	}
	recipe, err := reconstruct.FitRecipe(ctx, in, abilities, train)
	var few *reconstruct.TooFewModelsError
	if errors.As(err, &few) {
		out.NoRecipe = err.Error()
		return out, nil
	}
	if err != nil {
		return out, err
	}
	var rows []reconstruct.Prediction
	for _, i := range s.Test.Rows {
		p, err := recipe.PredictRow(in, abilities[i], i)
		if errors.Is(err, reconstruct.ErrIncomplete) {
			out.NoRecipe = "it can't score models that lack an answer to an item of the form, and some test models do"
			return out, nil
		}
		if err != nil {
			return out, err
		}
		rows = append(rows, p[0])
	}
	out.Predictions[methodRecipe] = rows
	return out, nil
}

// identity is what the rows of one set of predictions have in common.
type identity struct {
	target, form, method, scheme string
	items                        int
}

// testRows describes predictions of the test models, and their error overall and
// by third of the true score, as rows of results.
func testRows(set *result.Set, id identity, models []string, truth []float64, test response.TestSet, predictions []reconstruct.Prediction) {
	y := make([]float64, len(test.Rows))
	for k, i := range test.Rows {
		y[k] = truth[i]
		if math.IsNaN(y[k]) {
			continue
		}
		p := predictions[k]
		set.Predictions = append(set.Predictions, result.Prediction{
			Target: id.target, Form: id.form, Method: id.method, Scheme: id.scheme, Model: models[i], Part: partTest,
			Score: y[k], Predicted: p.Score, Lower: bound(p, p.Lower), Upper: bound(p, p.Upper),
			Place: string(p.Verdict.Place), Reason: p.Verdict.Reason,
		})
	}
	all, thirds := reconstruct.Evaluate(y, predictions)
	add := func(group result.Group, m reconstruct.Metrics) {
		if m.N == 0 {
			return
		}
		set.Metrics = append(set.Metrics, result.Metric{
			Target: id.target, Form: id.form, Method: id.method, Scheme: id.scheme, Part: partTest, Group: string(group),
			Models: m.N, Items: id.items, RMSE: m.RMSE, MAE: m.MAE, Bias: m.Bias, Spearman: m.Spearman,
			Coverage: m.Coverage, Width: m.Width,
		})
	}
	add(result.GroupAll, all)
	for k, group := range []result.Group{result.GroupLowThird, result.GroupMiddleThird, result.GroupHighThird} {
		add(group, thirds[k])
	}
}

// TaskMeanTarget returns the target of results for a benchmark's mean over its tasks.
func TaskMeanTarget(benchmark string) string { return result.TaskMeanTarget(benchmark) }

// taskMeanRows is testRows for the means of tasks.
func taskMeanRows(set *result.Set, id identity, models []string, truth []float64, test response.TestSet, predictions []reconstruct.Prediction) {
	of := make([]reconstruct.Prediction, len(predictions))
	for k, p := range predictions {
		if p.TaskMean == nil {
			return // too few models have answers to every task
		}
		of[k] = reconstruct.Prediction{Score: p.TaskMean.Score, Interval: true, Lower: p.TaskMean.Lower, Upper: p.TaskMean.Upper}
	}
	id.target = TaskMeanTarget(id.target)
	testRows(set, id, models, truth, test, of)
}

// seenRows describes predictions of the models that the reconstruction was fitted to, for
// one target, as rows of results. No error is measured on them.
func seenRows(set *result.Set, id identity, models []string, truth []float64, s response.Split, seen [][]reconstruct.Prediction, target int) {
	for k, i := range fitting(s).Rows {
		part := partTrain
		if k >= len(s.Train.Rows) {
			part = partValidation
		}
		p := seen[k][target]
		set.Predictions = append(set.Predictions, result.Prediction{
			Target: id.target, Form: id.form, Method: id.method, Scheme: id.scheme, Model: models[i], Part: part,
			Score: truth[i], Predicted: p.Score, Lower: bound(p, p.Lower), Upper: bound(p, p.Upper),
			Place: string(p.Verdict.Place), Reason: p.Verdict.Reason,
		})
	}
}

// bound is an end of a prediction's interval; NaN where the method has none.
func bound(p reconstruct.Prediction, end float64) float64 {
	if !p.Interval {
		return math.NaN()
	}
	return end
}
