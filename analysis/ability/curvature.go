package ability

import (
	"math"
	"math/bits"

	"metabench/analysis/irt"
)

// curvature bounds the second derivative of the log-likelihood on the cells between
// nodes. It makes the search for the global mode safe: on a cell of width h where the
// second derivative is at least -m, the objective stays below its larger end plus
// m h²/8; where it is at most 0, the cell has at most one mode.
//
// The second derivative of an answer, as a function of z = aθ+d, rises from 0 to one
// maximum (if an asymptote makes it convex: a correct answer with g > 0, a wrong one
// with u < 1), falls to one minimum below 0 and rises to 0. So its bounds on an interval
// are at the ends, or at one of these two points.
type curvature struct {
	concave bool      // no item is convex anywhere: one mode, nothing else needed
	extreme []extreme // per item
	right   []float64 // cells × items: upper bound for a correct answer
	wrong   []float64 // cells × items: upper bound for a wrong answer
	slack   []float64 // cells: m h²/8 of the worst pattern, prior included
	tail    []tails   // per item
}

// extreme is where the second derivatives of an item's two answers are largest and
// smallest, θ, and their values there. A place that there is not is NaN.
type extreme struct {
	right, wrong turning
}

type turning struct {
	maxAt, most, minAt, least float64
}

// within returns the bounds on [lo, hi] given the values at the ends.
func (t *turning) within(lo, hi, atLo, atHi float64) (least, most float64) {
	least, most = min(atLo, atHi), max(atLo, atHi)
	if lo <= t.maxAt && t.maxAt <= hi {
		most = t.most
	}
	if lo <= t.minAt && t.minAt <= hi {
		least = t.least
	}
	return least, most
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
	c.extreme = make([]extreme, n)
	c.right, c.wrong = make([]float64, cells*n), make([]float64, cells*n)
	c.slack = make([]float64, cells)
	for j, it := range items {
		x := extremeOf(it)
		c.extreme[j] = x
		loRight, loWrong := curvatures(it, grid[0])
		for k := range cells {
			hiRight, hiWrong := curvatures(it, grid[k+1])
			leastRight, right := x.right.within(grid[k], grid[k+1], loRight, hiRight)
			leastWrong, wrong := x.wrong.within(grid[k], grid[k+1], loWrong, hiWrong)
			c.right[k*n+j], c.wrong[k*n+j] = right, wrong
			c.slack[k] -= min(0, leastRight, leastWrong)
			loRight, loWrong = hiRight, hiWrong
		}
	}
	for k := range cells {
		h := grid[k+1] - grid[k]
		c.slack[k] = (c.slack[k] + precision) * h * h / 8
	}
	return c
}

// ofCell returns the upper bound of a pattern on cell k, without the prior.
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

// between returns the bounds of a pattern on [lo, hi], without the prior.
func (c *curvature) between(items []irt.Item, p pattern, lo, hi float64) (least, most float64) {
	for w, word := range p.observed {
		correct := p.correct[w]
		for ; word != 0; word &= word - 1 {
			b := bits.TrailingZeros64(word)
			j := w*64 + b
			atLo, loWrong := curvatures(items[j], lo)
			atHi, hiWrong := curvatures(items[j], hi)
			t := &c.extreme[j].right
			if correct>>b&1 == 0 {
				t, atLo, atHi = &c.extreme[j].wrong, loWrong, hiWrong
			}
			l, m := t.within(lo, hi, atLo, atHi)
			least, most = least+l, most+m
		}
	}
	return least, most
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

// curvatures returns the second derivatives by θ of log P and log(1-P) at θ.
func curvatures(it irt.Item, theta float64) (right, wrong float64) {
	z := it.A*theta + it.D
	return it.A * it.A * secondDerivative(z, it.G, it.U), it.A * it.A * secondDerivative(-z, 1-it.U, 1-it.G)
}

// secondDerivative returns the second derivative of log(g + (u-g)/(1+exp(-z))) by z,
//
//	r s (1-s) (g(1-2s) - r s²) / (g + r s)²,   r = u-g, s = 1/(1+exp(-z))
func secondDerivative(z, g, u float64) float64 {
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

func extremeOf(it irt.Item) extreme {
	none := turning{maxAt: math.NaN(), minAt: math.NaN()} // NaN lies in no interval
	if it.A == 0 {
		return extreme{none, none}
	}
	x := extreme{right: turningOf(it.G, it.U), wrong: turningOf(1-it.U, 1-it.G)}
	for _, t := range []*turning{&x.right, &x.wrong} {
		sign := 1.0
		if t == &x.wrong {
			sign = -1
		}
		t.maxAt, t.minAt = (sign*t.maxAt-it.D)/it.A, (sign*t.minAt-it.D)/it.A
		t.most *= it.A * it.A
		t.least *= it.A * it.A
	}
	return x
}

// turningOf finds the extremes of secondDerivative, by z.
func turningOf(g, u float64) turning {
	if g == 0 {
		return turning{maxAt: math.NaN(), minAt: 0, least: -0.25}
	}
	// secondDerivative is 0 where r s² + 2 g s - g = 0. The maximum is below, near log(g/r) for a
	// small g; the minimum above.
	r := u - g
	s := g / (g + math.Sqrt(g*g+r*g))
	zero := math.Log(s / (1 - s))
	var t turning
	t.maxAt, t.most = golden(min(math.Log(g/r)-6, zero-1), zero, func(z float64) float64 { return secondDerivative(z, g, u) })
	t.minAt, t.least = golden(zero, max(zero, 0)+12, func(z float64) float64 { return -secondDerivative(z, g, u) })
	t.least = -t.least
	return t
}

// golden maximises a function with one maximum in [lo, hi] by golden section.
func golden(lo, hi float64, f func(float64) float64) (at, most float64) {
	const ratio = 0.6180339887498949
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := f(a), f(b)
	for hi-lo > 1e-7 {
		if fa > fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = f(b)
		}
	}
	return (lo + hi) / 2, max(fa, fb)
}
