package design

import (
	"fmt"
	"math"
)

// Estimator estimates the score of any model from its answers to sampled items: the mean
// of Weights and, where the answers to all items were at hand, of Curves. Their errors
// differ, so the mean has less than either.
type Estimator struct {
	Weights *Weights
	Curves  *Curves // nil where only the sampled items are known
}

// maxKnown bounds the known models that an Estimator learns from, which are taken evenly
// along the score: more say little more, of models unlike them.
const maxKnown = 400

// Evenly returns at most maxKnown of n places, at even distances.
func Evenly(n int) []int {
	m := min(n, maxKnown)
	out := make([]int, m)
	for k := range out {
		out[k] = k * n / m
	}
	return out
}

// New learns from known models: their answers to the sampled items, 0 or 1, and their shares
// of right answers on the whole benchmark. The bank is of these models' answers to all items,
// of which sampled are the columns of the sampled ones; nil where they are unknown.
func New(answers [][]float64, share []float64, bank *Bank, sampled []int) (*Estimator, error) {
	w, err := NewWeights(answers, share, DefaultRidge)
	if err != nil {
		return nil, err
	}
	e := &Estimator{Weights: w}
	if bank != nil {
		e.Curves = bank.Curves(sampled)
	}
	return e, nil
}

// Estimate returns the score in points, 0 to 100, given answers, 0 or 1, to the items at
// some places, at least one, and the standard error of the mean of as many answers:
//
//	100 √(p (1-p) / n),  p = (n·score/100 + 1) / (n + 2)
//
// which knows models and strata for nothing and is to be scaled by what they are worth.
func (e *Estimator) Estimate(answered []int, x []float64) (score, spread float64, err error) {
	w, err := e.Weights.Of(answered)
	if err != nil {
		return 0, 0, err
	}
	p := 0.0
	for k, v := range w {
		p += v * x[k]
	}
	p = unit(p)
	if e.Curves != nil {
		c, err := e.Curves.Estimate(answered, x)
		if err != nil {
			return 0, 0, err
		}
		p = (p + unit(c)) / 2
	}
	n := float64(len(answered))
	q := (n*p + 1) / (n + 2)
	return 100 * p, 100 * math.Sqrt(q*(1-q)/n), nil
}

// Validate checks that an estimate indexes nothing that isn't there.
func (e *Estimator) Validate(items int) error {
	if w := e.Weights; w == nil || w.N != items || len(w.Gram) != items*items || len(w.Cross) != items || !(w.Ridge > 0) {
		return fmt.Errorf("the weights do not fit %d items", items)
	}
	if e.Curves != nil {
		return e.Curves.Validate(items)
	}
	return nil
}

func unit(p float64) float64 { return min(max(p, 0), 1) }
