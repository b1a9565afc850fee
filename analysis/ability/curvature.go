package ability

import (
	"math"
	"math/bits"

	"metabench/analysis/irt"
)

// curvature bounds the second derivative of the log-likelihood from above on the
// cells between nodes. It makes the search for the global mode safe: on a cell of
// width h where the second derivative is at most M, the objective stays below its
// larger end plus M h²/8, and if M ≤ 0 it has at most one mode there.
//
// Only a correct answer with g > 0 and a wrong one with u < 1 can bend upwards.
// Their second derivative as a function of z = aθ+d rises from 0 to one maximum and
// falls below 0, so that its supremum on an interval is at an end or at that maximum.
type curvature struct {
	concave bool      // no item bends upwards anywhere: one mode, nothing else needed
	peaks   []peak    // per item
	right   []float64 // cells × items: bound for a correct answer
	wrong   []float64 // cells × items: bound for a wrong answer
	slack   []float64 // cells: M h²/8 of the worst pattern, prior included
	tail    []tails   // per item
}

// peak is where an answer's second derivative is largest and its value there.
type peak struct {
	right, wrong       float64 // θ
	rightMax, wrongMax float64
}

// tails bounds an item's log-probabilities beyond the grid: index 0 to the left of
// it, 1 to the right.
type tails struct {
	right, wrong [2]float64
}

func newCurvature(items []irt.Item, grid []float64, precision float64) curvature {
	c := curvature{concave: true, tail: make([]tails, len(items))}
	for j, it := range items {
		c.concave = c.concave && it.G == 0 && it.U == 1
		c.tail[j] = tailsOf(it, grid[0], grid[len(grid)-1])
	}
	if c.concave {
		return c
	}
	n, cells := len(items), len(grid)-1
	c.peaks = make([]peak, n)
	c.right, c.wrong = make([]float64, cells*n), make([]float64, cells*n)
	c.slack = make([]float64, cells)
	for j, it := range items {
		pk := peakOf(it)
		c.peaks[j] = pk
		loRight, loWrong := bends(it, grid[0])
		for k := range cells {
			hiRight, hiWrong := bends(it, grid[k+1])
			right, wrong := max(loRight, hiRight), max(loWrong, hiWrong)
			if grid[k] <= pk.right && pk.right <= grid[k+1] {
				right = pk.rightMax
			}
			if grid[k] <= pk.wrong && pk.wrong <= grid[k+1] {
				wrong = pk.wrongMax
			}
			c.right[k*n+j], c.wrong[k*n+j] = right, wrong
			c.slack[k] += max(0, right, wrong)
			loRight, loWrong = hiRight, hiWrong
		}
	}
	for k := range cells {
		h := grid[k+1] - grid[k]
		c.slack[k] = max(0, c.slack[k]-precision) * h * h / 8
	}
	return c
}

// ofCell returns the bound M of a pattern on cell k, without the prior.
func (c *curvature) ofCell(items, k int, p pattern) float64 {
	right, wrong := c.right[k*items:(k+1)*items], c.wrong[k*items:(k+1)*items]
	sum := 0.0
	for w, word := range p.observed {
		correct := p.correct[w]
		for ; word != 0; word &= word - 1 {
			b := bits.TrailingZeros64(word)
			if correct>>b&1 == 1 {
				sum += right[w*64+b]
			} else {
				sum += wrong[w*64+b]
			}
		}
	}
	return sum
}

// between returns the bound M of a pattern on [lo, hi], without the prior.
func (c *curvature) between(items []irt.Item, p pattern, lo, hi float64) float64 {
	sum := 0.0
	for w, word := range p.observed {
		correct := p.correct[w]
		for ; word != 0; word &= word - 1 {
			b := bits.TrailingZeros64(word)
			j := w*64 + b
			loRight, loWrong := bends(items[j], lo)
			hiRight, hiWrong := bends(items[j], hi)
			at, most, end := c.peaks[j].wrong, c.peaks[j].wrongMax, max(loWrong, hiWrong)
			if correct>>b&1 == 1 {
				at, most, end = c.peaks[j].right, c.peaks[j].rightMax, max(loRight, hiRight)
			}
			if lo <= at && at <= hi {
				end = most
			}
			sum += end
		}
	}
	return sum
}

// beyond returns a bound of the log-likelihood to the left (side 0) or right (1) of
// the grid.
func (c *curvature) beyond(p pattern, side int) float64 {
	sum := 0.0
	for w, word := range p.observed {
		correct := p.correct[w]
		for ; word != 0; word &= word - 1 {
			b := bits.TrailingZeros64(word)
			if correct>>b&1 == 1 {
				sum += c.tail[w*64+b].right[side]
			} else {
				sum += c.tail[w*64+b].wrong[side]
			}
		}
	}
	return sum
}

// tailsOf uses that log-probabilities are monotone in θ: beyond an end they lie
// between their value there and their limit.
func tailsOf(it irt.Item, lo, hi float64) tails {
	var t tails
	for side, end := range [2]float64{lo, hi} {
		logP, logQ := it.LogProb(end)
		limit := it.G
		if (side == 1) == (it.A > 0) {
			limit = it.U
		}
		if it.A == 0 {
			limit = it.Prob(0)
		}
		t.right[side] = max(logP, math.Log(limit))
		t.wrong[side] = max(logQ, math.Log(1-limit))
	}
	return t
}

// bends returns the second derivatives by θ of log P and log(1-P) at θ.
func bends(it irt.Item, theta float64) (right, wrong float64) {
	z := it.A*theta + it.D
	return it.A * it.A * bend(z, it.G, it.U), it.A * it.A * bend(-z, 1-it.U, 1-it.G)
}

// bend returns the second derivative of log(g + (u-g)/(1+exp(-z))) by z,
//
//	r s (1-s) (g(1-2s) - r s²) / (g + r s)²,   r = u-g, s = 1/(1+exp(-z))
func bend(z, g, u float64) float64 {
	e := math.Exp(-math.Abs(z))
	s := 1 / (1 + e)
	c := e * s
	if z < 0 {
		s, c = c, s
	}
	if g == 0 {
		return -s * c
	}
	r := u - g
	p := g*c + u*s
	return r * s * c / p * (g*(c-s) - r*s*s) / p
}

func peakOf(it irt.Item) peak {
	pk := peak{right: math.NaN(), wrong: math.NaN()} // NaN lies in no interval
	if it.A == 0 {
		return pk
	}
	if it.G > 0 {
		z, v := peakBend(it.G, it.U)
		pk.right, pk.rightMax = (z-it.D)/it.A, it.A*it.A*v
	}
	if it.U < 1 {
		z, v := peakBend(1-it.U, 1-it.G)
		pk.wrong, pk.wrongMax = (-z-it.D)/it.A, it.A*it.A*v
	}
	return pk
}

// peakBend maximises bend over z by golden section, between far below the point
// where the lower asymptote takes over and the zero of bend.
func peakBend(g, u float64) (z, most float64) {
	r := u - g
	zero := g / (g + math.Sqrt(g*g+r*g)) // r s² + 2 g s - g = 0
	lo, hi := math.Log(g/r)-6, math.Log(zero/(1-zero))
	lo = min(lo, hi-1)
	const ratio = 0.6180339887498949
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := bend(a, g, u), bend(b, g, u)
	for hi-lo > 1e-7 {
		if fa > fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = bend(a, g, u)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = bend(b, g, u)
		}
	}
	return (lo + hi) / 2, max(fa, fb)
}
