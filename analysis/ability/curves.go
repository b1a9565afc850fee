package ability

import (
	"math"

	"metabench/analysis/irt"
)

// curves holds the log-probabilities of the items' answers at the nodes, and what
// the answers do not change.
type curves struct {
	logP, logQ []float64 // items × nodes
	odds       []float64 // items × nodes: log P - log Q
	offset     []float64 // nodes: log of the prior's weight, 0 without a prior
	wrong      []float64 // nodes: offset + Σ_j log Q, a model with nothing correct
}

func newCurves(items []irt.Item, nodes, offset []float64) curves {
	q := len(nodes)
	c := curves{
		logP: make([]float64, len(items)*q), logQ: make([]float64, len(items)*q),
		odds: make([]float64, len(items)*q), offset: offset,
		wrong: make([]float64, q),
	}
	if c.offset == nil {
		c.offset = make([]float64, q)
	}
	copy(c.wrong, c.offset)
	for j, it := range items {
		for k, theta := range nodes {
			logP, logQ := it.LogProb(theta)
			c.logP[j*q+k], c.logQ[j*q+k], c.odds[j*q+k] = logP, logQ, logP-logQ
			c.wrong[k] += logQ
		}
	}
	return c
}

// quadratureLimit is where the quadrature of the prior ends, in SD; 2e-9 of it is
// beyond.
const quadratureLimit = 6.0

// logPrior returns the logarithm of the standard normal density at equidistant nodes,
// normalised so that the weights sum to 1.
func logPrior(nodes []float64) []float64 {
	logs, sum := make([]float64, len(nodes)), 0.0
	for k, theta := range nodes {
		logs[k] = -theta * theta / 2
		sum += math.Exp(logs[k])
	}
	for k := range logs {
		logs[k] -= math.Log(sum)
	}
	return logs
}

// equidistant returns n nodes on [-limit, limit], symmetric to the last bit.
func equidistant(n int, limit float64) []float64 {
	nodes := make([]float64, n)
	for k := range nodes {
		nodes[k] = limit * (float64(2*k-(n-1)) / float64(n-1))
	}
	return nodes
}

// stepsOf returns the even number of steps, each at most step wide, that divide
// [-limit, limit].
func stepsOf(limit, step float64) int {
	return 2 * int(math.Ceil(limit/step-1e-9))
}

// fineNodes returns the number of nodes on [-6, 6] whose distance is about half the
// standard deviation σ of the narrowest posterior, 1/√(1 + max I(θ)), between 121 and
// 1,201. The error of the equidistant rule with step h for a normal density,
// exp(-2π²σ²/h²), is then far below rounding, and even that of every other node is
// 1e-7 of σ (Trefethen and Weideman 2014, SIAM Review 56:385).
func fineNodes(items []irt.Item) int {
	most := 0.0
	for _, theta := range equidistant(121, quadratureLimit) {
		most = max(most, irt.TestInformation(items, theta))
	}
	share := 0.55
	for _, it := range items {
		if it.G > 0 || it.U < 1 {
			share = 0.4 // such posteriors are less smooth than a normal one of their SD
			break
		}
	}
	step := share / math.Sqrt(1+most)
	return max(121, min(1201, stepsOf(quadratureLimit, step)+1))
}
