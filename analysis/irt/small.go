package irt

import "math"

// solve4 solves (m + ridge·diag(m)) x = b over the parameters that are not fixed,
// by Cholesky. It reports false if the matrix is not safely positive definite.
func solve4(m *mat4, ridge float64, b vec4, fixed [maxParams]bool) (x vec4, ok bool) {
	var idx [maxParams]int
	n := 0
	for k := range maxParams {
		if !fixed[k] {
			idx[n] = k
			n++
		}
	}
	var l mat4
	for i := range n {
		for j := range i + 1 {
			v := m[idx[i]][idx[j]]
			if i == j {
				v *= 1 + ridge
				if !(v > 0) {
					return x, false
				}
			}
			diagonal := v
			for k := range j {
				v -= l[i][k] * l[j][k]
			}
			if i == j {
				if !(v > 1e-10*diagonal) {
					return x, false
				}
				l[i][i] = math.Sqrt(v)
			} else {
				l[i][j] = v / l[j][j]
			}
		}
	}
	var y vec4
	for i := range n {
		v := b[idx[i]]
		for k := range i {
			v -= l[i][k] * y[k]
		}
		y[i] = v / l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		v := y[i]
		for k := i + 1; k < n; k++ {
			v -= l[k][i] * y[k]
		}
		y[i] = v / l[i][i]
	}
	for i := range n {
		x[idx[i]] = y[i]
	}
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return vec4{}, false
		}
	}
	return x, true
}

// ascent returns a direction in which the log-likelihood rises: Newton's where the
// negative Hessian is positive definite, else with the sum of squares and as much
// ridge as it takes.
func ascent(gradient vec4, hessian, squares *mat4, fixed [maxParams]bool) vec4 {
	if x, ok := solve4(hessian, 0, gradient, fixed); ok {
		return x
	}
	for ridge := 1e-8; ridge < 1e9; ridge *= 100 {
		if x, ok := solve4(squares, ridge, gradient, fixed); ok {
			return x
		}
	}
	for k := range gradient {
		if fixed[k] {
			gradient[k] = 0
		}
	}
	return gradient
}
