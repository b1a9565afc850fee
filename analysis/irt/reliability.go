package irt

import "math"

// weights returns the weights of the grid's nodes.
func weights(g Grid) []float64 {
	w := make([]float64, len(g.LogWeight))
	for q, v := range g.LogWeight {
		w[q] = math.Exp(v)
	}
	return w
}

// MarginalReliability returns the expected reliability of a test in the population
// of the grid,
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
