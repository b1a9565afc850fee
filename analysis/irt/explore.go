package irt

import (
	"cmp"
	"math"
	"slices"
)

// What explore tries: curves with these slopes through thresholds at these shares
// of the population, the best few of which are climbed from.
var (
	exploreSlopes     = []float64{0.5, 1.2, 3, 8}
	exploreThresholds = []float64{0.02, 0.08, 0.16, 0.26, 0.38, 0.5, 0.62, 0.74, 0.84, 0.92, 0.98}
)

const (
	exploreStarts    = 3
	exploreTolerance = 1e-5
	exploreHope      = 5.0 // a start this far behind after six Newton steps is given up
)

// explore looks for the best item for the counts, not only near the current one: the
// expected log-likelihood of an item with asymptotes has several maxima. For each
// slope and threshold the asymptotes that fit the proportions best are a weighted
// linear regression; the most promising curves are climbed from. It returns the
// current item, improved, where nothing is better, and its value.
//
// Taking a better item raises the marginal log-likelihood by at least its gain
// (the EM inequality), so a point where no item can be bettered is a maximum in a
// stronger sense than a zero gradient.
func (c counts) explore(current Item, kind Kind, prior *Prior) (Item, float64) {
	c = c.compact()
	best, value := c.maximise(current, kind, prior, 20, exploreTolerance)
	if kind == TwoPL {
		return best, value
	}
	for _, start := range c.candidates(kind) {
		it, v := c.maximise(start, kind, prior, 6, exploreTolerance)
		if v > value-exploreHope {
			it, v = c.maximise(it, kind, prior, 20, exploreTolerance)
		}
		if v > value+exploreTolerance {
			best, value = it, v
		}
	}
	return best, value
}

// compact drops the nodes where nobody is.
func (c counts) compact() counts {
	var k counts
	for q, n := range c.total {
		if n > 1e-9 {
			k.nodes, k.right, k.total = append(k.nodes, c.nodes[q]), append(k.right, c.right[q]), append(k.total, n)
		}
	}
	return k
}

// candidates returns the curves with the least weighted squares
// Σ_q n_q (p_q - P(θ_q))² / (p_q (1 - p_q)), at most one a threshold, best first.
func (c counts) candidates(kind Kind) []Item {
	type candidate struct {
		it  Item
		rss float64
	}
	n := 0.0
	share, weight := make([]float64, len(c.total)), make([]float64, len(c.total))
	for q, t := range c.total {
		n += t
		share[q] = (c.right[q] + 0.5) / (t + 1)
		weight[q] = t / (share[q] * (1 - share[q]))
	}
	var all []candidate
	below, q := 0.0, 0
	for _, at := range exploreThresholds {
		for q < len(c.nodes)-1 && below+c.total[q]/2 < at*n {
			below += c.total[q]
			q++
		}
		best := candidate{rss: math.Inf(1)}
		for _, a := range exploreSlopes {
			for _, slope := range []float64{a, -a} {
				it, rss := c.regress(slope, -slope*c.nodes[q], kind, share, weight)
				if rss < best.rss {
					best = candidate{it, rss}
				}
			}
		}
		all = append(all, best)
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.rss, b.rss) })
	var items []Item
	for _, one := range all {
		if len(items) < exploreStarts && !slices.Contains(items, one.it) {
			items = append(items, one.it)
		}
	}
	return items
}

// regress returns the item with slope a and intercept d whose asymptotes fit the
// shares best, and its weighted sum of squares.
func (c counts) regress(a, d float64, kind Kind, share, weight []float64) (Item, float64) {
	var ss, sf, ff, sy, fy float64
	curve := make([]float64, len(c.nodes))
	for q, theta := range c.nodes {
		s, f := logisticPair(max(-maxLogit, min(maxLogit, a*theta+d)))
		w, y := weight[q], share[q]
		ss, sf, ff = ss+w*s*s, sf+w*s*f, ff+w*f*f
		sy, fy = sy+w*s*y, fy+w*f*y
		curve[q] = s
	}
	const margin = 0.005
	it := Item{A: a, D: d, U: 1}
	if kind == ThreePL {
		it.G = (fy - sf) / ff
	} else if det := ss*ff - sf*sf; det > 1e-12*ss*ff {
		it.G, it.U = (ss*fy-sf*sy)/det, (ff*sy-sf*fy)/det
		it.U = max(4*margin, min(1-margin, it.U))
	}
	if math.IsNaN(it.G) {
		it.G = margin
	}
	it.G = max(margin, min(it.U-2*margin, it.G))
	it = clampItem(it, kind)
	rss := 0.0
	for q, s := range curve {
		e := share[q] - it.G*(1-s) - it.U*s
		rss += weight[q] * e * e
	}
	return it, rss
}
