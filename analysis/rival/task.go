// Package rival holds the ways in which others estimate a model's score on a whole
// benchmark from its answers to few of the items, and ours, all in one shape, so that
// they can be compared on the same models and the same number of items.
//
// Each is a plain version of what its source describes, with what a source leaves open
// set by cross-validation on the training models. They are here to be compared with,
// not to be used.
package rival

import (
	"context"
	"fmt"

	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// Task is what a method is given: a benchmark's answers, with the models to learn from
// and those to estimate. Of a test model a method may look at the answers to the items
// that it chose, and at nothing else. A Task keeps what several methods need; it is not
// for concurrent use.
type Task struct {
	Table  *response.Table
	Scores []float64 // points, one a model: share of correct answers
	Train  response.TrainSet
	Test   response.TestSet

	// Groups labels each model, where no relative of a test model is trained on: intervals
	// are then to hold for a new group. Nil elsewhere.
	Groups []string

	Seed    uint64
	Workers int // 0 means one a processor; does not change the results

	sample *distill.Sample
	banks  map[irt.Kind][]irt.Item
}

// Method estimates the scores of the test models, in their order, from size items.
type Method struct {
	Name string

	// Draws is how many times a method that leaves items to chance is repeated, each time
	// with another draw; its error is that of all of them.
	Draws int

	Estimate func(ctx context.Context, t *Task, size, draw int) ([]reconstruct.Prediction, error)
}

// Methods returns ours, first, and its rivals.
func Methods() []Method {
	return []Method{
		{Ours, 1, ours},
		{RandomItems, 20, randomMean},
		{"stratified items", 20, stratifiedMean},
		{"AIPW", 20, augmented},
		{"random items, ridge", 5, randomRidge},
		{"anchor points", 1, anchorPoints},
		{"p-IRT", 1, partialIRT},
		{"gp-IRT", 1, mixedIRT},
		{"DISCO", 1, nearestSignatures},
		{"ATLAS", 1, adaptivePIRT},
		{"published recipe", 1, publishedRecipe},
	}
}

// learned is what selections see: the training models alone.
func (t *Task) learned() (*distill.Sample, error) {
	if t.sample == nil {
		s, err := distill.NewSample(t.Table.Answers, t.Scores, t.Train)
		if err != nil {
			return nil, err
		}
		t.sample = s
	}
	return t.sample, nil
}

// choose lets a selector choose from the training models.
func (t *Task) choose(ctx context.Context, s distill.Selector, size int) (distill.Choice, error) {
	sample, err := t.learned()
	if err != nil {
		return distill.Choice{}, err
	}
	c, err := s.Select(ctx, sample, size)
	if err != nil {
		return distill.Choice{}, fmt.Errorf("%s: %w", s.Name(), err)
	}
	return c, nil
}

// bank fits an item model of all items to the training models, once.
func (t *Task) bank(ctx context.Context, kind irt.Kind) ([]irt.Item, error) {
	if items := t.banks[kind]; items != nil {
		return items, nil
	}
	fit, err := irt.Fit(ctx, t.Table.Answers.SelectModels(t.Train.Rows), irt.Options{Kind: kind, Prior: irt.WeakPrior(), Restarts: -1, Workers: t.Workers})
	if err != nil {
		return nil, err
	}
	if t.banks == nil {
		t.banks = map[irt.Kind][]irt.Item{}
	}
	t.banks[kind] = fit.Items
	return fit.Items, ctx.Err()
}

// input is what a reconstruction from chosen items learns from.
func (t *Task) input(items []int) *reconstruct.Input {
	sub := t.Table.SelectItems(items)
	return &reconstruct.Input{Models: sub.Models, Benchmarks: []reconstruct.Benchmark{{
		Name: sub.Benchmark, Metric: sub.Metric, Items: sub.Items, Answers: sub.Answers, Scores: t.Scores,
	}}}
}

// meanScore is the mean score of the training models, in points: what is said of a model
// that answered none of the items.
func (t *Task) meanScore() float64 {
	sum := 0.0
	for _, i := range t.Train.Rows {
		sum += t.Scores[i]
	}
	return sum / float64(len(t.Train.Rows))
}

// points makes predictions of scores, without intervals.
func points(scores []float64) []reconstruct.Prediction {
	out := make([]reconstruct.Prediction, len(scores))
	for k, s := range scores {
		out[k].Score = s
	}
	return out
}
