package rival

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// normal90 is the 95 % quantile of the standard normal distribution: intervals hold 90 %.
const normal90 = 1.6448536269514722

// rng is the stream of one draw of a task.
func (t *Task) rng(draw int) *rand.Rand { return rand.New(rand.NewPCG(t.Seed, uint64(draw)+1)) }

// randomItems draws items without replacement.
func (t *Task) randomItems(size, draw int) []int {
	_, items := t.Table.Answers.Dims()
	return t.rng(draw).Perm(items)[:size]
}

// randomMean is the share of correct answers to items drawn at random, with the interval
// of a simple random sample of n from J items,
//
//	ȳ ± z √(ȳ (1-ȳ) / (n-1) · (1 - n/J)).
func randomMean(_ context.Context, t *Task, size, draw int) ([]reconstruct.Prediction, error) {
	items := t.randomItems(size, draw)
	out := make([]reconstruct.Prediction, len(t.Test.Rows))
	for k, i := range t.Test.Rows {
		right, n := t.right(i, items)
		if n == 0 {
			out[k].Score = t.meanScore()
			continue
		}
		_, all := t.Table.Answers.Counts(i)
		p := float64(right) / float64(n)
		sd := math.Sqrt(p * (1 - p) / float64(max(1, n-1)) * (1 - float64(n)/float64(all)))
		out[k] = around(100*p, 100*sd)
	}
	return out, nil
}

// right counts a model's correct answers to items, and its answers.
func (t *Task) right(model int, items []int) (right, n int) {
	for _, j := range items {
		switch t.Table.Answers.At(model, j) {
		case response.Correct:
			right++
			n++
		case response.Wrong:
			n++
		case response.Missing:
		}
	}
	return right, n
}

// around is a prediction with the normal 90 % interval, in points.
func around(score, sd float64) reconstruct.Prediction {
	within := func(v float64) float64 { return min(100, max(0, v)) }
	return reconstruct.Prediction{Score: within(score), Interval: true, Lower: within(score - normal90*sd), Upper: within(score + normal90*sd)}
}

// stratifiedMean draws one item from each of size strata of like difficulty, the share of
// training models that answer an item, and weighs its answer by the stratum's size.
func stratifiedMean(_ context.Context, t *Task, size, draw int) ([]reconstruct.Prediction, error) {
	_, items := t.Table.Answers.Dims()
	order := t.byDifficulty()
	rng := t.rng(draw)
	c := distill.Choice{Items: make([]int, size), Weights: make([]float64, size)}
	for h := range size {
		from, to := h*items/size, (h+1)*items/size
		c.Items[h] = order[from+rng.IntN(to-from)]
		c.Weights[h] = float64(to-from) / float64(items)
	}
	return points(t.shares(c)), nil
}

// byDifficulty orders the items from hard to easy for the training models.
func (t *Task) byDifficulty() []int {
	_, items := t.Table.Answers.Dims()
	columns := t.Table.Answers.SelectModels(t.Train.Rows).Transpose()
	share, order := make([]float64, items), make([]int, items)
	for j := range items {
		right, n := columns.Counts(j)
		share[j], order[j] = float64(right)/float64(max(1, n)), j
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(share[a], share[b]) })
	return order
}

// shares returns the test models' shares of correct answers to chosen items, in points,
// each item weighted by what it stands for. What a model did not answer has no weight.
func (t *Task) shares(c distill.Choice) []float64 {
	out := make([]float64, len(t.Test.Rows))
	for k, i := range t.Test.Rows {
		out[k] = t.share(i, c)
	}
	return out
}

func (t *Task) share(model int, c distill.Choice) float64 {
	right, weight := 0.0, 0.0
	for k, j := range c.Items {
		w := 1.0
		if c.Weights != nil {
			w = c.Weights[k]
		}
		switch t.Table.Answers.At(model, j) {
		case response.Correct:
			right += w
			weight += w
		case response.Wrong:
			weight += w
		case response.Missing:
		}
	}
	if weight == 0 {
		return t.meanScore()
	}
	return 100 * right / weight
}

// randomRidge is a ridge regression of the score on the answers to random items.
func randomRidge(_ context.Context, t *Task, size, draw int) ([]reconstruct.Prediction, error) {
	b := t.input(t.randomItems(size, draw)).Benchmarks[0]
	l, err := reconstruct.FitLinear(b, t.Train, t.Seed)
	if err != nil {
		return nil, err
	}
	out := make([]reconstruct.Prediction, len(t.Test.Rows))
	for k, i := range t.Test.Rows {
		out[k].Score = min(100, max(0, l.PredictRow(b, i).Score))
	}
	return out, nil
}
