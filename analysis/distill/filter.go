package distill

import (
	"fmt"

	"metabench/analysis/irt"
)

// Filter chooses items by their information about the abilities that occur.
//
// The abilities are cut at the quantiles q_0 … q_B of a grid. Bin after bin, from
// low to high ability, the item that is not chosen yet and has the largest
// information at a grid point inside [q_b, q_{b+1}) is chosen, if that information
// reaches the threshold. So every range of abilities with models in it gets an item that
// discriminates there, and a higher threshold leaves more ranges without one.
type Filter struct {
	items int
	bins  [][]Pick // per bin that holds a grid point: each item where it is best in it
}

// Pick is a chosen item: at the ability Theta (SD) it has the Information (1/SD²)
// for which it was chosen.
type Pick struct {
	Item        int
	Theta       float64
	Information float64
}

// Items returns the items of picks.
func Items(picks []Pick) []int {
	items := make([]int, len(picks))
	for k, p := range picks {
		items[k] = p.Item
	}
	return items
}

// Information returns the items' information at the points of the grid, as NewFilter
// takes it.
func Information(items []irt.Item, grid Grid) [][]float64 {
	information := make([][]float64, len(items))
	for j, it := range items {
		information[j] = make([]float64, len(grid.Theta))
		for k, theta := range grid.Theta {
			information[j][k] = it.Information(theta)
		}
	}
	return information
}

// NewFilter prepares the choice: information[j][k] is the information of item j at
// grid point k (1/SD²), and bins the number of quantile bins.
func NewFilter(information [][]float64, grid Grid, bins int) (*Filter, error) {
	if bins < 1 {
		return nil, fmt.Errorf("information filter: %d bins", bins)
	}
	for j, row := range information {
		if len(row) != len(grid.Theta) {
			return nil, fmt.Errorf("information filter: item %d has %d values for %d grid points", j+1, len(row), len(grid.Theta))
		}
	}
	f := &Filter{items: len(information)}
	q := grid.Quantiles(bins)
	point := 0
	for b := range bins {
		for point < len(grid.Theta) && grid.Theta[point] < q[b] {
			point++
		}
		end := point
		for end < len(grid.Theta) && grid.Theta[end] < q[b+1] {
			end++
		}
		if end == point {
			continue
		}
		bin := make([]Pick, len(information))
		for j, row := range information {
			best := point
			for k := point + 1; k < end; k++ {
				if row[k] > row[best] {
					best = k
				}
			}
			bin[j] = Pick{Item: j, Theta: grid.Theta[best], Information: row[best]}
		}
		f.bins = append(f.bins, bin)
		point = end
	}
	return f, nil
}

// Select returns the items of Picks.
func (f *Filter) Select(threshold float64) []int { return Items(f.Picks(threshold)) }

// Picks returns the chosen items in the order of choice, with where on the ability
// scale each was chosen for. Of equally informative items the first is taken.
func (f *Filter) Picks(threshold float64) []Pick {
	taken := make([]bool, f.items)
	var chosen []Pick
	for _, bin := range f.bins {
		best := -1
		for j := range bin {
			if !taken[j] && (best < 0 || bin[j].Information > bin[best].Information) {
				best = j
			}
		}
		if best >= 0 && bin[best].Information >= threshold {
			taken[best] = true
			chosen = append(chosen, bin[best])
		}
	}
	return chosen
}

// threshold returns a threshold that leaves about size items, found by bisection. A
// higher threshold nearly always leaves fewer items; not where an item that an earlier
// bin no longer takes is the best of a later one.
func (f *Filter) threshold(size int) float64 {
	low, high := 0.0, 0.0
	for _, bin := range f.bins {
		for _, p := range bin {
			high = max(high, p.Information)
		}
	}
	if len(f.Select(low)) <= size {
		return low
	}
	for range 40 {
		mid := (low + high) / 2
		switch n := len(f.Select(mid)); {
		case n == size:
			return mid
		case n > size:
			low = mid
		default:
			high = mid
		}
	}
	return low
}
