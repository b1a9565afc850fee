package smooth

import (
	"fmt"
	"math"
)

// Term is one fitted smooth, centred: it sums to zero over the rows of the fit.
type Term struct {
	Name   string
	Basis  Basis
	Coef   []float64 // of the B-splines
	Lambda []float64 // smoothing parameters, one a penalty
	EDF    float64   // effective degrees of freedom
}

// At returns the term's contribution at x, in units of the response.
func (t *Term) At(x float64) float64 { return t.Basis.value(t.Coef, x) }

// Model is a fitted additive model y = Intercept + Σ_j f_j(x_j) + noise.
type Model struct {
	Intercept float64
	Terms     []Term

	N          int     // rows
	RSS        float64 // residual sum of squares
	EDF        float64 // of the whole model, intercept included
	GCV        float64 // N·RSS/(N-γ·EDF)²
	Scale      float64 // residual variance RSS/(N-EDF)
	Status     Status
	Iterations int // Newton steps of the search that won

	// Covariance is that of the intercept and the coefficients of all terms, row-major:
	// 1 + ΣK rows. Start is the row of each term's first coefficient.
	Covariance []float64
	Start      []int
}

// width is the number of coefficients, intercept included.
func (m *Model) width() int {
	last := len(m.Terms) - 1
	return m.Start[last] + m.Terms[last].Basis.K
}

// Predict returns the fitted value at x, one value a term. A NaN in x gives NaN.
// It panics if x has not one value a term.
func (m *Model) Predict(x []float64) float64 {
	m.check(x)
	y := m.Intercept
	for j := range m.Terms {
		y += m.Terms[j].At(x[j])
	}
	return y
}

// PredictSE returns the fitted value at x with its standard error, the square root
// of c'Σc for the basis row c and the Bayesian covariance Σ = Scale·(X'X+S)⁻¹ of the
// coefficients (Wood 2017, section 4.2.4); it takes the smoothing parameters as
// known.
func (m *Model) PredictSE(x []float64) (y, se float64) {
	m.check(x)
	y = m.Intercept
	at := make([]int, 1, 1+order*len(x))
	weight := make([]float64, 1, 1+order*len(x))
	weight[0] = 1
	for j := range m.Terms {
		t := &m.Terms[j]
		first, w := t.Basis.At(x[j])
		for r, v := range w {
			y += v * t.Coef[first+r]
			at = append(at, m.Start[j]+first+r)
			weight = append(weight, v)
		}
	}
	width, variance := m.width(), 0.0
	for a, i := range at {
		line := m.Covariance[i*width : (i+1)*width]
		sum := 0.0
		for b, k := range at {
			sum += weight[b] * line[k]
		}
		variance += weight[a] * sum
	}
	return y, math.Sqrt(max(variance, 0))
}

func (m *Model) check(x []float64) {
	if len(x) != len(m.Terms) {
		panic(fmt.Sprintf("smooth: %d values for %d terms", len(x), len(m.Terms)))
	}
}
