package irt

import (
	"cmp"
	"slices"
)

// exploreStarts is how many of the candidates are climbed from.
const exploreStarts = 4

// explore looks for the best item for the counts, not only near the current one: the
// expected log-likelihood of an item with asymptotes has several maxima. Candidates
// are curves of either sign through thresholds all over the population, with the
// asymptotes that the counts on both sides of the threshold suggest. It returns the
// current item, improved, where nothing is better.
//
// Taking a better item raises the marginal log-likelihood by at least its gain
// (the EM inequality), so a point where no item can be bettered is a maximum in a
// stronger sense than a zero gradient.
func (c counts) explore(current Item, kind Kind, prior *Prior) (Item, float64) {
	best, value := c.maximise(current, kind, prior, 40)
	type candidate struct {
		it    Item
		value float64
	}
	var all []candidate
	n := 0.0
	for _, v := range c.total {
		n += v
	}
	for _, share := range []float64{0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95} {
		// The threshold below which the share of the models lies.
		below, right := 0.0, 0.0
		q := 0
		for ; q < len(c.nodes)-1 && below+c.total[q] < share*n; q++ {
			below += c.total[q]
			right += c.right[q]
		}
		above, rightAbove := 0.0, 0.0
		for k := q; k < len(c.nodes); k++ {
			above += c.total[k]
			rightAbove += c.right[k]
		}
		low, high := (right+0.5)/(below+1), (rightAbove+0.5)/(above+1)
		for _, a := range []float64{0.7, 2, 6} {
			g, u := min(low, high), max(low, high)
			if low > high {
				a = -a
			}
			for _, asymptotes := range [][2]float64{{g, u}, {g / 2, (1 + u) / 2}, {0.01, u}, {g, 0.99}} {
				it := FromDifficulty(a, c.nodes[q], asymptotes[0], asymptotes[1])
				it = clampItem(it, kind)
				all = append(all, candidate{it, c.logLikelihood(it) + prior.log(it, kind)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
	for _, start := range all[:exploreStarts] {
		if it, v := c.maximise(start.it, kind, prior, 40); v > value+1e-6 {
			best, value = it, v
		}
	}
	return best, value
}
