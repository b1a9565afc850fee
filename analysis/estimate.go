package analysis

import (
	"context"
	"math"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// methodProcess is the name under which results of the Gaussian process are kept.
const methodProcess = "gaussian process"

// reconstruction is a fitted map from a form's answers to scores, with its
// predictions for the test models.
type reconstruction struct {
	Model []byte
	Test  [][]reconstruct.Prediction // one a test model
}

// input is the form's part of what a reconstruction learns from.
func (d *Data) input(columns []int) *reconstruct.Input {
	sub := d.Table.SelectItems(columns)
	return &reconstruct.Input{Models: sub.Models, Benchmarks: []reconstruct.Benchmark{{
		Name: sub.Benchmark, Metric: sub.Metric, Items: sub.Items, Answers: sub.Answers, Scores: d.Scores,
	}}}
}

// reconstructForm fits the map on the training and validation models and applies
// it to the test models.
func reconstructForm(ctx context.Context, in *reconstruct.Input, s response.Split, opts Options) (reconstruction, error) {
	train := response.TrainSet{Rows: append(append([]int(nil), s.Train.Rows...), s.Validation.Rows...)}
	model, err := reconstruct.Fit(ctx, in, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers})
	if err != nil {
		return reconstruction{}, err
	}
	var r reconstruction
	if r.Model, err = model.MarshalBinary(); err != nil {
		return r, err
	}
	r.Test, err = model.PredictTest(in, s.Test)
	return r, err
}

// identity says whose predictions rows are about.
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
			Target: id.target, Form: id.form, Method: id.method, Scheme: id.scheme, Model: models[i], Part: "test",
			Score: y[k], Predicted: p.Score, Lower: bound(p, p.Lower), Upper: bound(p, p.Upper),
		})
	}
	all, thirds := reconstruct.Evaluate(y, predictions)
	add := func(group string, m reconstruct.Metrics) {
		if m.N == 0 {
			return
		}
		set.Metrics = append(set.Metrics, result.Metric{
			Target: id.target, Form: id.form, Method: id.method, Scheme: id.scheme, Part: "test", Group: group,
			Models: m.N, Items: id.items, RMSE: m.RMSE, MAE: m.MAE, Bias: m.Bias, Spearman: m.Spearman,
			Coverage: m.Coverage, Width: m.Width,
		})
	}
	add("all", all)
	for k, group := range []string{"low third", "middle third", "high third"} {
		add(group, thirds[k])
	}
}

// bound is an end of a prediction's interval; NaN where the method has none.
func bound(p reconstruct.Prediction, end float64) float64 {
	if p.Lower == 0 && p.Upper == 0 {
		return math.NaN()
	}
	return end
}
