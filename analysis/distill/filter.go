package distill

import "fmt"

// Filter chooses items by their information about the abilities that occur.
//
// The abilities are cut at the quantiles q_0 … q_B of a grid. Bin after bin, from
// low to high ability, the item that is not chosen yet and has the largest
// information at a grid point inside [q_b, q_{b+1}) is chosen, if that information
// reaches the threshold. So every ability range that models occupy gets an item that
// tells them apart, and a higher threshold leaves more ranges without one.
type Filter struct {
	items int
	best  [][]float64 // per bin that holds a grid point: largest information of each item in it
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
		best := make([]float64, len(information))
		for j, row := range information {
			best[j] = row[point]
			for _, v := range row[point+1 : end] {
				best[j] = max(best[j], v)
			}
		}
		f.best = append(f.best, best)
		point = end
	}
	return f, nil
}

// Select returns the chosen items in the order of choice. Of equally informative
// items the first is taken.
func (f *Filter) Select(threshold float64) []int {
	taken := make([]bool, f.items)
	var chosen []int
	for _, information := range f.best {
		best := -1
		for j, v := range information {
			if !taken[j] && (best < 0 || v > information[best]) {
				best = j
			}
		}
		if best >= 0 && information[best] >= threshold {
			taken[best] = true
			chosen = append(chosen, best)
		}
	}
	return chosen
}
