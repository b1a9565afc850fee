package distill

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"metabench/analysis/internal/rank"
)

// Reliability compares the estimates of two forms for the same models.
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
	r.Rank = rank.Spearman(a, b)
	z, half := math.Atanh(r.Correlation), 1.959963984540054/math.Sqrt(n-3)
	r.Lower, r.Upper = math.Tanh(z-half), math.Tanh(z+half)
	return r
}
