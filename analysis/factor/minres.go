package factor

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Bounds of the uniquenesses in the search, as is usual.
const (
	lowestUniqueness  = 0.005
	highestUniqueness = 1
)

// minres finds the loadings L (p × k, orthogonal factors) that minimise the residual
// correlations
//
//	f(ψ) = ½ Σ_{i<j} (R - H)_ij²,   H = L L' = Σ_{a≤k} max(γ_a, 0) u_a u_a'
//
// where γ, u are the eigenpairs of R - diag(ψ). The search is over ψ within its
// bounds, by a projected Newton method with the exact gradient: with
// E = offdiag(R-H) and, in the eigenbasis, K_ab = 1 if a,b ≤ k, γ_a/(γ_a-γ_b) if
// a ≤ k < b, and 0 if a,b > k,
//
//	∂f/∂ψ_i = ½ Σ_ab K_ab (U'EU)_ab U_ia U_ib.
//
// The Hessian is differenced from the gradient: p is the number of benchmarks, not
// of models.
func minres(ctx context.Context, r, inverse *mat.SymDense, k int) (*mat.Dense, Status, error) {
	p := r.SymmetricDim()
	m := &residual{r: r, k: k}
	psi := make([]float64, p)
	for i := range psi { // 1 - squared multiple correlation
		psi[i] = clamp(1 / inverse.At(i, i))
	}
	value, gradient := m.at(psi)
	const iterations = 500
	for range iterations {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		step, free := m.step(psi, gradient)
		if free < 1e-12 {
			return m.loadings(psi), Converged, nil
		}
		next, nextValue, nextGradient := m.descend(psi, step, gradient, value)
		if next == nil { // no descent left in floating point
			return m.loadings(psi), Converged, nil
		}
		psi, value, gradient = next, nextValue, nextGradient
	}
	return m.loadings(psi), IterationLimit, nil
}

func clamp(v float64) float64 { return min(max(v, lowestUniqueness), highestUniqueness) }

// residual is the objective of minres.
type residual struct {
	r *mat.SymDense
	k int
}

// eigen returns the eigenpairs of R - diag(ψ), largest first.
func (m *residual) eigen(psi []float64) (values []float64, vectors *mat.Dense) {
	p := m.r.SymmetricDim()
	a := mat.NewSymDense(p, nil)
	a.CopySym(m.r)
	for i, v := range psi {
		a.SetSym(i, i, 1-v)
	}
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		panic("factor: eigenvalues of a finite symmetric matrix not found")
	}
	ascending := e.Values(nil)
	var v mat.Dense
	e.VectorsTo(&v)
	vectors = mat.NewDense(p, p, nil)
	for a := range p {
		values = append(values, ascending[p-1-a])
		vectors.SetCol(a, mat.Col(nil, p-1-a, &v))
	}
	return values, vectors
}

// at returns the objective and its gradient.
func (m *residual) at(psi []float64) (value float64, gradient []float64) {
	p := len(psi)
	gamma, u := m.eigen(psi)
	e := mat.NewSymDense(p, nil)
	for i := range p {
		for j := range i {
			h := 0.0
			for a := range m.k {
				h += max(gamma[a], 0) * u.At(i, a) * u.At(j, a)
			}
			d := m.r.At(i, j) - h
			e.SetSym(i, j, d)
			value += d * d / 2
		}
	}
	var half, inner mat.Dense
	half.Mul(u.T(), e)
	inner.Mul(&half, u)
	gradient = make([]float64, p)
	for a := range p {
		for b := range p {
			weight := inner.At(a, b) * m.kernel(gamma, a, b) / 2
			if weight == 0 {
				continue
			}
			for i := range gradient {
				gradient[i] += weight * u.At(i, a) * u.At(i, b)
			}
		}
	}
	return value, gradient
}

// kernel is the divided difference of the function that keeps the k largest positive
// eigenvalues (Daleckii and Krein).
func (m *residual) kernel(gamma []float64, a, b int) float64 {
	keep := func(c int) float64 {
		if c < m.k {
			return max(gamma[c], 0)
		}
		return 0
	}
	insideA, insideB := a < m.k && gamma[a] > 0, b < m.k && gamma[b] > 0
	switch {
	case insideA && insideB:
		return 1
	case !insideA && !insideB:
		return 0
	}
	if d := gamma[a] - gamma[b]; d != 0 {
		return (keep(a) - keep(b)) / d
	}
	return 0
}

// step returns the Newton step on the uniquenesses that are free to move, with the
// Hessian made positive, and the largest gradient among them.
func (m *residual) step(psi, gradient []float64) (step []float64, largest float64) {
	var free []int
	for i, g := range gradient {
		atLow, atHigh := psi[i] <= lowestUniqueness && g > 0, psi[i] >= highestUniqueness && g < 0
		if !atLow && !atHigh {
			free = append(free, i)
			largest = max(largest, math.Abs(g))
		}
	}
	step = make([]float64, len(psi))
	if len(free) == 0 {
		return step, 0
	}
	const h = 1e-5
	hessian := mat.NewDense(len(free), len(free), nil)
	moved := append([]float64(nil), psi...)
	for a, i := range free {
		moved[i] = psi[i] + h
		_, up := m.at(moved)
		moved[i] = psi[i] - h
		_, down := m.at(moved)
		moved[i] = psi[i]
		for b, j := range free {
			hessian.Set(a, b, (up[j]-down[j])/(2*h))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(symmetric(hessian), true) {
		return step, 0
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	for c, value := range e.Values(nil) {
		along := 0.0
		for a, i := range free {
			along += vectors.At(a, c) * gradient[i]
		}
		for a, i := range free {
			step[i] -= along / max(math.Abs(value), 1e-6) * vectors.At(a, c)
		}
	}
	return step, largest
}

// descend follows the projected step until the objective falls enough (Armijo).
func (m *residual) descend(psi, step, gradient []float64, value float64) (next []float64, nextValue float64, nextGradient []float64) {
	for scale := 1.0; scale > 1e-10; scale /= 2 {
		next = make([]float64, len(psi))
		slope := 0.0
		for i, v := range psi {
			next[i] = clamp(v + scale*step[i])
			slope += gradient[i] * (next[i] - v)
		}
		nextValue, nextGradient = m.at(next)
		if slope < 0 && nextValue < value+1e-4*slope {
			return next, nextValue, nextGradient
		}
	}
	return nil, 0, nil
}

// loadings returns the loadings of the k leading eigenpairs.
func (m *residual) loadings(psi []float64) *mat.Dense {
	gamma, u := m.eigen(psi)
	l := mat.NewDense(len(psi), m.k, nil)
	for a := range m.k {
		scale, sum := math.Sqrt(max(gamma[a], 0)), 0.0
		for i := range psi {
			sum += u.At(i, a)
		}
		if sum < 0 {
			scale = -scale
		}
		for i := range psi {
			l.Set(i, a, scale*u.At(i, a))
		}
	}
	return l
}
