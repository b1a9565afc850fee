package factor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Status says how an iterative search ended.
type Status string

// The ways in which a search ends.
const (
	Converged      Status = "converged"
	IterationLimit Status = "iteration limit"
)

// ErrFewerFactors is the cause of a refused number of factors: the columns have fewer in
// common, so that loadings and scores of the last ones are not determined.
var ErrFewerFactors = errors.New("the columns have fewer factors in common: ask for fewer")

// ErrSingular is the cause of a refused table whose columns are linear combinations
// of each other.
var ErrSingular = errors.New("the correlation matrix is singular: leave out columns that others determine")

// Solution is a fitted factor model of p columns with k factors, ordered by the
// variance they account for.
type Solution struct {
	Columns     []string
	Rows        int
	Loadings    *mat.Dense    // p × k pattern: z ≈ Loadings · f
	Phi         *mat.SymDense // k × k correlations of the factors
	Structure   *mat.Dense    // p × k correlations of columns and factors, Loadings·Φ
	Communality []float64     // share of each column's variance that the factors explain
	Heywood     []int         // columns whose communality reaches 1, see heywood; with any the solution is improper
	Uniqueness  []float64     // 1 - Communality
	Variance    []float64     // sum of squared loadings of each factor, diag(Φ L'L)
	Weights     *mat.Dense    // p × k weights of the scores, see scoreWeights
	Correlation *mat.SymDense // p × p
	Mean, SD    []float64     // of the columns, SD with n-1
	unit        []float64     // of the columns, see unitOf
	Fit         Indices
	Extraction  Status
	Rotation    Status
}

// Fit extracts k factors from the columns x (one slice a column, all of the same
// length, finite) and rotates them obliquely if k > 1.
func Fit(ctx context.Context, names []string, x [][]float64, k int) (*Solution, error) {
	p := len(x)
	if p != len(names) {
		panic("factor: as many names as columns are needed")
	}
	if p < 3 {
		return nil, fmt.Errorf("factor analysis needs at least 3 columns, got %d", p)
	}
	if k < 1 || freedom(p, k) < 0 {
		return nil, fmt.Errorf("%d columns support 1 to %d factors, not %d", p, maxFactors(p), k)
	}
	n := len(x[0])
	if n <= p {
		return nil, fmt.Errorf("factor analysis of %d columns needs more than %d rows, got %d", p, p, n)
	}
	s := &Solution{Columns: names, Rows: n}
	if err := s.correlate(x); err != nil {
		return nil, err
	}
	inverse, err := invert(s.Correlation)
	if err != nil {
		return nil, fmt.Errorf("factor analysis: %w", err)
	}
	loadings, status, err := minres(ctx, s.Correlation, inverse, k)
	if err != nil {
		return nil, fmt.Errorf("factor analysis: %w", err)
	}
	s.Extraction, s.Rotation = status, Converged
	phi := identity(k)
	if k > 1 {
		loadings, phi, s.Rotation = oblimin(loadings)
	}
	s.arrange(loadings, phi)
	if s.Variance[k-1] < noFactor*float64(p) {
		return nil, fmt.Errorf("factor analysis: factor %d of %d explains nothing: %w", k, k, ErrFewerFactors)
	}
	s.Heywood = heywood(s.Communality)
	s.Weights = scoreWeights(s.Correlation, inverse, s.Phi, s.Structure)
	if !finite(s.Loadings) || !finite(s.Phi) || !finite(s.Weights) {
		return nil, fmt.Errorf("factor analysis: the factors are not distinguishable: %w", ErrFewerFactors)
	}
	if s.Fit, err = indices(s.Correlation, s.implied(), n, k); err != nil {
		return nil, fmt.Errorf("factor analysis: %w", err)
	}
	return s, nil
}

// noFactor is the share of the columns' variance below which a factor is none: loadings of a thousandth.
const noFactor = 1e-6

// heywood returns the columns of which the factors explain all but the least uniqueness
// of the search, or more than all: Heywood cases (Heywood 1931, Proceedings of the
// Royal Society A 134:486). A variance below zero is impossible; what is reported
// is the nearest that the correlations allow.
func heywood(communality []float64) []int {
	var at []int
	for i, h := range communality {
		if h > 1-lowestUniqueness-1e-9 {
			at = append(at, i)
		}
	}
	return at
}

func finite(m mat.Matrix) bool {
	rows, cols := m.Dims()
	for i := range rows {
		for j := range cols {
			if v := m.At(i, j); math.IsNaN(v) || math.IsInf(v, 0) {
				return false
			}
		}
	}
	return true
}

// freedom is the number of correlations less the number of free parameters.
func freedom(p, k int) int { return p*(p-1)/2 - p*k + k*(k-1)/2 }

func maxFactors(p int) int {
	k := 1
	for freedom(p, k+1) >= 0 && k+1 < p {
		k++
	}
	return k
}

func (s *Solution) correlate(x [][]float64) error {
	p, n := len(x), len(x[0])
	z := mat.NewDense(n, p, nil)
	for j, column := range x {
		if len(column) != n {
			panic("factor: columns differ in length")
		}
		for i, v := range column {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("factor analysis: column %s, row %d is %v; drop the row first", s.Columns[j], i+1, v)
			}
		}
		if slices.Min(column) == slices.Max(column) { // the variance of equal values need not be 0 when rounded
			return fmt.Errorf("factor analysis: column %s has only one distinct value", s.Columns[j])
		}
		unit := unitOf(column)
		scaled := make([]float64, n)
		for i, v := range column {
			scaled[i] = v / unit
		}
		mean, sd := stat.MeanStdDev(scaled, nil)
		if sd == 0 {
			return fmt.Errorf("factor analysis: the values of column %s differ by less than double precision resolves beside their size", s.Columns[j])
		}
		s.unit, s.Mean, s.SD = append(s.unit, unit), append(s.Mean, mean*unit), append(s.SD, sd*unit)
		z.SetCol(j, scaled)
	}
	s.Correlation = mat.NewSymDense(p, nil)
	stat.CorrelationMatrix(s.Correlation, z, nil)
	return nil
}

// worstCondition is the condition number of correlations from which on their inverse is
// rounding.
const worstCondition = 1e13

// unitOf returns the power of two next to a column's largest value. In such units no
// square leaves the range of floating point, and no digit changes.
func unitOf(column []float64) float64 {
	_, exponent := math.Frexp(max(slices.Max(column), -slices.Min(column)))
	return math.Ldexp(1, max(min(exponent, 1023), -1000))
}

// invert returns the inverse of a correlation matrix.
func invert(r *mat.SymDense) (*mat.SymDense, error) {
	var c mat.Cholesky
	if !c.Factorize(r) || c.Cond() > worstCondition {
		return nil, ErrSingular
	}
	var inverse mat.SymDense
	if err := c.InverseTo(&inverse); err != nil {
		return nil, ErrSingular
	}
	return &inverse, nil
}

func identity(k int) *mat.SymDense {
	m := mat.NewSymDense(k, nil)
	for a := range k {
		m.SetSym(a, a, 1)
	}
	return m
}

// arrange orders the factors by variance, makes the loadings of each sum to a
// positive number and fills in what follows from loadings and correlations.
func (s *Solution) arrange(loadings *mat.Dense, phi *mat.SymDense) {
	p, k := loadings.Dims()
	var cross, product mat.Dense
	cross.Mul(loadings.T(), loadings)
	product.Mul(phi, &cross)
	order, sign := make([]int, k), make([]float64, k)
	for a := range k {
		order[a], sign[a] = a, 1
		sum := 0.0
		for i := range p {
			sum += loadings.At(i, a)
		}
		if sum < 0 {
			sign[a] = -1
		}
	}
	for a := 1; a < k; a++ { // insertion sort: stable, and k is small
		for b := a; b > 0 && product.At(order[b], order[b]) > product.At(order[b-1], order[b-1]); b-- {
			order[b], order[b-1] = order[b-1], order[b]
		}
	}
	s.Loadings, s.Phi = mat.NewDense(p, k, nil), mat.NewSymDense(k, nil)
	for a, from := range order {
		s.Variance = append(s.Variance, product.At(from, from))
		for i := range p {
			s.Loadings.Set(i, a, sign[from]*loadings.At(i, from))
		}
		for b, other := range order[:a+1] {
			s.Phi.SetSym(b, a, sign[from]*sign[other]*phi.At(from, other))
		}
	}
	s.Structure = mat.NewDense(p, k, nil)
	s.Structure.Mul(s.Loadings, s.Phi)
	for i := range p {
		h := mat.Dot(s.Loadings.RowView(i), s.Structure.RowView(i))
		s.Communality, s.Uniqueness = append(s.Communality, h), append(s.Uniqueness, 1-h)
	}
}

// implied returns the correlations that the model implies, L Φ L' + diag(ψ).
func (s *Solution) implied() *mat.SymDense {
	p, _ := s.Loadings.Dims()
	m := mat.NewSymDense(p, nil)
	for i := range p {
		m.SetSym(i, i, 1)
		for j := range i {
			m.SetSym(i, j, mat.Dot(s.Loadings.RowView(i), s.Structure.RowView(j)))
		}
	}
	return m
}

// Score writes the factor scores of one row of the columns into dst (k values) and
// returns it: Weights'·z of the standardised row, in units of the factors' standard
// deviation.
func (s *Solution) Score(dst, row []float64) []float64 {
	p, k := s.Weights.Dims()
	if len(row) != p || len(dst) != k {
		panic("factor: wrong number of values")
	}
	clear(dst)
	for i, v := range row {
		unit := s.unit[i]
		z := (v/unit - s.Mean[i]/unit) / (s.SD[i] / unit)
		for a := range dst {
			dst[a] += z * s.Weights.At(i, a)
		}
	}
	return dst
}
