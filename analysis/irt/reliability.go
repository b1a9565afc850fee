package irt

import (
	"fmt"
	"math"

	"metabench/analysis/response"
)

// weights returns the weights of the grid's nodes.
func weights(g Grid) []float64 {
	w := make([]float64, len(g.LogWeight))
	for q, v := range g.LogWeight {
		w[q] = math.Exp(v)
	}
	return w
}

// MarginalReliability returns the expected reliability of a test of which all items are
// answered, in the population of the grid,
//
//	Σ_q w_q I(θ_q) / (I(θ_q) + 1)
//
// between 0 and 1, with I the information of all items: the share of the variance
// of the estimated ability that is not error, where the ability has variance 1
// (Green et al. 1984, J. Educational Measurement 21:347).
func MarginalReliability(items []Item, grid Grid) float64 {
	sum := 0.0
	for q, w := range weights(grid) {
		information := TestInformation(items, grid.Nodes[q])
		sum += w * information / (information + 1)
	}
	return sum
}

// EmpiricalReliability returns the reliability of the EAP abilities of the models that have
// an answer, from the answers that they have,
//
//	Var(θ̂) / (Var(θ̂) + mean SE²)
//
// between 0 and 1, with mean and variance θ̂_i and SE_i² of model i's posterior over the grid: the
// share of the variance of the estimated abilities that is not error. NaN where no model
// has an answer.
func EmpiricalReliability(m *response.Matrix, r *Result, opts Options) (float64, error) {
	models, items := m.Dims()
	if models == 0 || items == 0 {
		return 0, ErrEmpty
	}
	if len(r.Items) != items {
		return 0, fmt.Errorf("irt: reliability of %d items: the result has %d", items, len(r.Items))
	}
	p := newProblem(m, opts.withDefaults())
	e := p.step
	e.run(r.Items, true)
	var n, mean, square, errors float64
	nodes := len(e.grid.Nodes)
	of := make([]bool, e.p.n)
	for i, k := range e.p.of {
		if _, observed := m.Counts(i); observed > 0 {
			of[k] = true
		}
	}
	for k, w := range e.p.weight {
		if !of[k] {
			continue
		}
		var theta, second float64
		for q := int(e.lo[k]); q < int(e.hi[k]); q++ {
			share := e.posterior[k*nodes+q] / w
			theta += share * e.grid.Nodes[q]
			second += share * e.grid.Nodes[q] * e.grid.Nodes[q]
		}
		n += w
		mean += w * theta
		square += w * theta * theta
		errors += w * max(0, second-theta*theta)
	}
	mean /= n
	variance := max(0, square/n-mean*mean)
	if n > 0 && variance+errors == 0 {
		return 0, nil
	}
	return variance / (variance + errors/n), nil
}
