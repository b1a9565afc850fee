package distill

import (
	"fmt"
	"math"
	"sort"
)

// Grid is a set of abilities (SD units) at which items are judged, ascending, each
// with the number of times it counts.
type Grid struct {
	Theta []float64
	Count []int
}

// GridType says where the abilities of a grid come from.
type GridType string

// The grid types of the published method.
const (
	ObservedGrid GridType = "quantile" // quantiles of the abilities of the models themselves
	EvenGrid     GridType = "even"     // equally spaced over their range
)

// NewGrid makes a grid from the models' abilities. An even grid has points equally
// spaced abilities; an observed grid has one point for every distinct ability.
func NewGrid(kind GridType, abilities []float64, points int) (Grid, error) {
	sorted := append([]float64(nil), abilities...)
	sort.Float64s(sorted)
	for _, v := range sorted {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Grid{}, fmt.Errorf("ability grid: an ability is %v", v)
		}
	}
	if len(sorted) == 0 || sorted[0] == sorted[len(sorted)-1] {
		return Grid{}, fmt.Errorf("ability grid: %d abilities, all equal", len(sorted))
	}
	var g Grid
	switch kind {
	case ObservedGrid:
		for _, v := range sorted {
			if last := len(g.Theta) - 1; last >= 0 && g.Theta[last] == v {
				g.Count[last]++
				continue
			}
			g.Theta, g.Count = append(g.Theta, v), append(g.Count, 1)
		}
	case EvenGrid:
		lo, hi := sorted[0], sorted[len(sorted)-1]
		for k := range points {
			g.Theta = append(g.Theta, lo+(hi-lo)*float64(k)/float64(points-1))
			g.Count = append(g.Count, 1)
		}
		g.Theta[points-1] = hi
	default:
		return Grid{}, fmt.Errorf("ability grid: unknown type %q; known are %q and %q", kind, ObservedGrid, EvenGrid)
	}
	return g, nil
}

// Quantiles returns the bins+1 quantiles at 0, 1/bins, …, 1 of the grid's abilities by
// linear interpolation of their empirical distribution: with n abilities in order
// and j = ⌊n·p⌋, h = n·p - j,
//
//	q(p) = x_j + h (x_{j+1} - x_j)
//
// where x_0 stands for x_1 (type 4 of Hyndman and Fan, The American Statistician 50,
// 1996).
func (g Grid) Quantiles(bins int) []float64 {
	total := 0
	for _, c := range g.Count {
		total += c
	}
	q := make([]float64, bins+1)
	point, before := 0, 0 // before: how many abilities precede point
	at := func(rank int) float64 {
		rank = min(max(rank, 1), total)
		for rank > before+g.Count[point] {
			before += g.Count[point]
			point++
		}
		for rank <= before {
			point--
			before -= g.Count[point]
		}
		return g.Theta[point]
	}
	// The published selections depend on how n·p is rounded where a border falls on
	// a grid point, as it does in every bin of an even grid: p is rounded first, and
	// only an error below fuzz counts as none.
	const fuzz = 4 * 0x1p-52
	for b := range q {
		np := float64(b) / float64(bins) * float64(total)
		j := math.Floor(np + fuzz)
		h := np - j
		low := at(int(j))
		q[b] = low
		if h >= fuzz {
			if high := at(int(j) + 1); high != low {
				q[b] = float64((1-h)*low) + float64(h*high)
			}
		}
	}
	return q
}
