package design

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Weights estimates a score as a weighted mean of the answers. The weights w add up to
// one and minimise
//
//	Σ_i (y_i - Σ_j w_j x_ij)² + ridge · Σ_j (w_j - 1/n)²
//
// with y_i the share of right answers of known model i on the whole benchmark and x_ij its
// answer to sampled item j of n: the ridge-calibrated weights of surveys (Deville and
// Särndal, Calibration estimators in survey sampling, JASA 1992; Rao and Singh 1997), with
// models as the known totals. It is the same as predicting each item's answer by a ridge
// regression on the known models' answers and correcting by the residuals on the sample,
// the AIPW estimator. There is no constant term, and all right is one: nothing draws the
// estimate to the known models' mean.
type Weights struct {
	N     int
	Gram  []float64 // n × n, Σ_i x_ij x_ik
	Cross []float64 // Σ_i x_ij y_i
	Ridge float64
}

// DefaultRidge is the ridge that had the least error beyond the range of the known models on
// five benchmarks; 10 and 100 are 3 % worse there.
const DefaultRidge = 30

// NewWeights takes the answers of known models to the sampled items, 0 or 1, and their
// shares of right answers on the whole benchmark.
func NewWeights(answers [][]float64, share []float64, ridge float64) (*Weights, error) {
	if len(answers) == 0 || len(answers) != len(share) {
		return nil, fmt.Errorf("weigh answers: %d models with answers, %d with a score", len(answers), len(share))
	}
	n := len(answers[0])
	w := &Weights{N: n, Gram: make([]float64, n*n), Cross: make([]float64, n), Ridge: ridge}
	for i, row := range answers {
		for j, x := range row {
			if x == 0 {
				continue
			}
			w.Cross[j] += x * share[i]
			for k, z := range row {
				w.Gram[j*n+k] += x * z
			}
		}
	}
	return w, nil
}

var errNotPositive = errors.New("weigh answers: the weights are not determined: the calibration is damaged; build it again")

// Of returns the weights of the items that were answered, given by their places.
func (w *Weights) Of(answered []int) ([]float64, error) {
	n := len(answered)
	if n == 0 {
		return nil, errors.New("weigh answers: there are none")
	}
	// With C = I - 11'/n, the deviation v = w - 1/n solves (C G C + ridge I) v = C (c - G 1/n).
	g, b := mat.NewSymDense(n, nil), make([]float64, n)
	row := make([]float64, n) // means of the rows of G
	all := 0.0
	for p, j := range answered {
		for _, k := range answered {
			row[p] += w.Gram[j*w.N+k] / float64(n)
		}
		b[p] = w.Cross[j] - row[p]
		all += row[p] / float64(n)
	}
	mean := 0.0
	for _, v := range b {
		mean += v / float64(n)
	}
	for p, j := range answered {
		b[p] -= mean
		for q := p; q < n; q++ {
			v := w.Gram[j*w.N+answered[q]] - row[p] - row[q] + all
			if p == q {
				v += w.Ridge
			}
			g.SetSym(p, q, v)
		}
	}
	var c mat.Cholesky
	if !c.Factorize(g) {
		return nil, errNotPositive
	}
	v := mat.NewVecDense(n, nil)
	if err := c.SolveVecTo(v, mat.NewVecDense(n, b)); err != nil {
		return nil, fmt.Errorf("weigh answers: %w", err)
	}
	out := make([]float64, n)
	for p := range out {
		out[p] = 1/float64(n) + v.AtVec(p)
	}
	return out, nil
}
