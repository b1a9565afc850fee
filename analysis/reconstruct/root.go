package reconstruct

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// root is the lower triangle L of a positive definite matrix A = LL'.
type root struct{ blas64.Triangular }

// leastPivot is the share of a diagonal element that must be left of it after the rows
// before are swept out; below it the rest is rounding.
const leastPivot = 1e-14

// newRoot takes the lower triangle of an n × n matrix, which it replaces. The error is
// errNotPositive where the matrix is not positive definite in floating point.
func newRoot(a []float64, n int) (root, error) {
	if n == 0 {
		return root{}, nil
	}
	diagonal := make([]float64, n)
	for i := range diagonal {
		diagonal[i] = a[i*n+i]
	}
	t, ok := lapack64.Potrf(blas64.Symmetric{Uplo: blas.Lower, N: n, Stride: n, Data: a})
	if !ok {
		return root{}, errNotPositive
	}
	for i, d := range diagonal {
		if l := a[i*n+i]; !(l*l > leastPivot*d) {
			return root{}, errNotPositive
		}
	}
	return root{t}, nil
}

// forward solves Lx = b in place.
func (r root) forward(b []float64) {
	if r.N > 0 {
		blas64.Trsv(blas.NoTrans, r.Triangular, blas64.Vector{N: r.N, Inc: 1, Data: b})
	}
}

// backward solves L'x = b in place.
func (r root) backward(b []float64) {
	if r.N > 0 {
		blas64.Trsv(blas.Trans, r.Triangular, blas64.Vector{N: r.N, Inc: 1, Data: b})
	}
}

// solve solves Ax = b in place.
func (r root) solve(b []float64) {
	r.forward(b)
	r.backward(b)
}
