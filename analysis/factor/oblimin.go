package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// oblimin rotates orthogonal loadings A (p × k) obliquely to a simple pattern
// L = A (T')⁻¹ with factor correlations Φ = T'T, columns of T of length one. It
// minimises the direct oblimin criterion with γ = 0 (quartimin),
//
//	Q(L) = ¼ Σ_i Σ_{a≠b} L_ia² L_ib²,   ∂Q/∂L_ia = L_ia Σ_{b≠a} L_ib²,
//
// by gradient projection on the oblique manifold (Jennrich 2002).
func oblimin(a *mat.Dense) (*mat.Dense, *mat.SymDense, Status) {
	_, k := a.Dims()
	t := mat.DenseCopyOf(identity(k))
	l, inverse := pattern(a, t)
	value, dl := quartimin(l)
	step, status := 1.0, IterationLimit
	const iterations, tolerance = 5000, 1e-10
	for range iterations {
		// dQ/dT = -(L' dQ/dL T⁻¹)', projected on the tangent space of unit columns.
		var half, product mat.Dense
		half.Mul(l.T(), dl)
		product.Mul(&half, inverse)
		g := mat.NewDense(k, k, nil)
		g.Apply(func(r, c int, _ float64) float64 { return -product.At(c, r) }, g)
		size := project(g, t)
		if size < tolerance {
			status = Converged
			break
		}
		step *= 2
		moved := false
		for range 60 {
			next := mat.NewDense(k, k, nil)
			next.Apply(func(r, c int, _ float64) float64 { return t.At(r, c) - step*g.At(r, c) }, next)
			normalise(next)
			nextL, nextInverse := pattern(a, next)
			if nextL != nil {
				nextValue, nextDL := quartimin(nextL)
				if nextValue < value-0.5*size*size*step {
					t, l, inverse, value, dl, moved = next, nextL, nextInverse, nextValue, nextDL, true
					break
				}
			}
			step /= 2
		}
		if !moved { // the criterion no longer changes in double precision
			status = Converged
			break
		}
	}
	phi := mat.NewSymDense(k, nil)
	for r := range k {
		for c := range r + 1 {
			phi.SetSym(r, c, mat.Dot(t.ColView(r), t.ColView(c)))
		}
	}
	return l, phi, status
}

// pattern returns A (T')⁻¹ and T⁻¹, or nil if T is singular.
func pattern(a, t *mat.Dense) (l, inverse *mat.Dense) {
	inverse, l = new(mat.Dense), new(mat.Dense)
	if err := inverse.Inverse(t); err != nil {
		return nil, nil
	}
	l.Mul(a, inverse.T())
	return l, inverse
}

// quartimin returns the criterion and its derivatives.
func quartimin(l *mat.Dense) (value float64, gradient *mat.Dense) {
	p, k := l.Dims()
	gradient = mat.NewDense(p, k, nil)
	for i := range p {
		row := l.RawRowView(i)
		sum := 0.0
		for _, v := range row {
			sum += v * v
		}
		for a, v := range row {
			rest := sum - v*v
			value += v * v * rest / 4
			gradient.Set(i, a, v*rest)
		}
	}
	return value, gradient
}

// project takes from each column of g its part along the column of t and returns the
// length of what is left.
func project(g, t *mat.Dense) float64 {
	k, _ := g.Dims()
	squares := 0.0
	for c := range k {
		along := mat.Dot(g.ColView(c), t.ColView(c))
		for r := range k {
			v := g.At(r, c) - along*t.At(r, c)
			g.Set(r, c, v)
			squares += v * v
		}
	}
	return math.Sqrt(squares)
}

func normalise(t *mat.Dense) {
	k, _ := t.Dims()
	for c := range k {
		length := mat.Norm(t.ColView(c), 2)
		for r := range k {
			t.Set(r, c, t.At(r, c)/length)
		}
	}
}
