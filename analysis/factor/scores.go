package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// scoreWeights returns the weights W (p × k) that turn standardised columns into
// factor scores.
//
// One factor: the regression estimate W = R⁻¹ S with S the structure (Thurstone).
// Several: the estimate that keeps the correlations of the factors (ten Berge,
// Krijnen, Wansbeek and Shapiro, Linear Algebra and its Applications 289, 1999),
//
//	W = R^-½ C Φ^½,   C = R^-½ M (M'R⁻¹M)^-½,   M = S Φ^-½.
func scoreWeights(correlation, inverse, phi *mat.SymDense, structure *mat.Dense) *mat.Dense {
	w := new(mat.Dense)
	if phi.SymmetricDim() == 1 {
		w.Mul(inverse, structure)
		return w
	}
	var m, solved, inner, half, c mat.Dense
	m.Mul(structure, power(phi, -0.5))
	solved.Mul(inverse, &m)
	inner.Mul(m.T(), &solved)
	root := power(correlation, -0.5)
	half.Mul(root, &m)
	c.Mul(&half, power(symmetric(&inner), -0.5))
	half.Reset()
	half.Mul(root, &c)
	w.Mul(&half, power(phi, 0.5))
	return w
}

// power returns a power of a positive definite matrix.
func power(m mat.Symmetric, exponent float64) *mat.Dense {
	var e mat.EigenSym
	if !e.Factorize(m, true) {
		panic("factor: eigenvalues of a finite symmetric matrix not found")
	}
	var vectors, scaled mat.Dense
	e.VectorsTo(&vectors)
	values := e.Values(nil)
	scaled.Apply(func(_, c int, v float64) float64 {
		return v * math.Pow(max(values[c], math.SmallestNonzeroFloat64), exponent)
	}, &vectors)
	product := new(mat.Dense)
	product.Mul(&scaled, vectors.T())
	return product
}

// symmetric is the symmetric part of a matrix.
func symmetric(m *mat.Dense) *mat.SymDense {
	k, _ := m.Dims()
	s := mat.NewSymDense(k, nil)
	for a := range k {
		for b := range a + 1 {
			s.SetSym(a, b, (m.At(a, b)+m.At(b, a))/2)
		}
	}
	return s
}
