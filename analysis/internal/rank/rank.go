// Package rank has orders and ranks of values, and the correlation of ranks.
package rank

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Order returns the indices of the values from the smallest value to the largest,
// equal values in index order. NaN comes first.
func Order(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	return order
}

// Part returns the indices, ascending, of the values between two shares of the order, 0
// for the smallest value and 1 for the largest.
func Part(order []int, from, to float64) []int {
	n := float64(len(order))
	return slices.Sorted(slices.Values(order[int(math.Round(from*n)):int(math.Round(to*n))]))
}

// Of returns the ranks of the values, from 0; equal values share the mean of their
// ranks.
func Of(values []float64) []float64 {
	order := Order(values)
	ranks := make([]float64, len(values))
	for first := 0; first < len(order); {
		end := first + 1
		for end < len(order) && values[order[end]] == values[order[first]] {
			end++
		}
		for _, i := range order[first:end] {
			ranks[i] = float64(first+end-1) / 2
		}
		first = end
	}
	return ranks
}

// Spearman returns the rank correlation of two sequences of equal length, NaN where
// the values of one are all equal.
func Spearman(a, b []float64) float64 { return stat.Correlation(Of(a), Of(b), nil) }
