package irt

import (
	"fmt"
	"math"
)

// Grid is a quadrature rule for the ability's population: nodes in SD and the
// logarithm of their weights, which sum to one.
type Grid struct {
	Nodes     []float64
	LogWeight []float64
}

// DefaultNodes and DefaultLimit are the rule of the reference fits: 61 equidistant
// nodes on [-6, 6].
const (
	DefaultNodes = 61
	DefaultLimit = 6.0
)

// NormalGrid returns n ≥ 2 equidistant nodes on [-limit, limit] with weights
// proportional to the standard normal density there. It panics on fewer nodes or a
// limit that is not positive.
func NormalGrid(n int, limit float64) Grid {
	if n < 2 || !(limit > 0) {
		panic(fmt.Sprintf("irt: no grid of %d nodes on ±%v", n, limit))
	}
	g := Grid{Nodes: make([]float64, n), LogWeight: make([]float64, n)}
	sum := 0.0
	for q := range g.Nodes {
		// From both ends, so that the grid is symmetric to the last bit.
		x := limit * (float64(2*q-(n-1)) / float64(n-1))
		g.Nodes[q] = x
		g.LogWeight[q] = -x * x / 2
		sum += math.Exp(g.LogWeight[q])
	}
	for q := range g.LogWeight {
		g.LogWeight[q] -= math.Log(sum)
	}
	return g
}
