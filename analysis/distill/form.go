package distill

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Forms chooses two disjoint forms of size items each: B from the items that A left
// over.
func Forms(ctx context.Context, selector Selector, s *Sample, size int) (a, b Choice, err error) {
	if a, err = selector.Select(ctx, s, size); err != nil {
		return a, b, fmt.Errorf("form A: %w", err)
	}
	if b, err = selector.Select(ctx, s.Without(a.Items), size); err != nil {
		return a, b, fmt.Errorf("form B: %w", err)
	}
	return a, b, nil
}

// Alternate deals items to two forms in the order A, B, B, A, so that items chosen
// along the ability scale cover the same ranges in both.
func Alternate(items []int) (a, b []int) {
	for k, j := range items {
		if k%4 == 0 || k%4 == 3 {
			a = append(a, j)
		} else {
			b = append(b, j)
		}
	}
	return a, b
}

// Reliability compares what two forms say about the same models.
type Reliability struct {
	Models       int
	Correlation  float64 // Pearson's r, the parallel-form reliability
	Lower, Upper float64 // 95 % limits of r by Fisher's z: tanh(atanh r ± 1.96/√(n-3))
	Rank         float64 // Spearman's correlation
	Bias         float64 // mean of b - a
	RMSD         float64 // root mean square of b - a
}

// ReliabilityOf compares the estimates a and b of the same quantity (scores in
// points, or abilities) by two forms. Fewer than four models, or an estimate that is
// the same for all, leave the correlations NaN. It panics if the lengths differ.
func ReliabilityOf(a, b []float64) Reliability {
	if len(a) != len(b) {
		panic("distill: forms with different numbers of models")
	}
	nan := math.NaN()
	r := Reliability{Models: len(a), Correlation: nan, Lower: nan, Upper: nan, Rank: nan, Bias: nan, RMSD: nan}
	if len(a) == 0 {
		return r
	}
	sum, squares := 0.0, 0.0
	for i, v := range a {
		d := b[i] - v
		sum += d
		squares += d * d
	}
	n := float64(len(a))
	r.Bias, r.RMSD = sum/n, math.Sqrt(squares/n)
	if len(a) < 4 || stat.Variance(a, nil) == 0 || stat.Variance(b, nil) == 0 {
		return r
	}
	r.Correlation = stat.Correlation(a, b, nil)
	r.Rank = stat.Correlation(ranks(a), ranks(b), nil)
	z, half := math.Atanh(r.Correlation), 1.959963984540054/math.Sqrt(n-3)
	r.Lower, r.Upper = math.Tanh(z-half), math.Tanh(z+half)
	return r
}

// ranks returns the ranks of values, the mean rank for equal ones.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	out := make([]float64, len(values))
	for first := 0; first < len(order); {
		end := first
		for end < len(order) && values[order[end]] == values[order[first]] {
			end++
		}
		for _, i := range order[first:end] {
			out[i] = float64(first+end-1) / 2
		}
		first = end
	}
	return out
}
