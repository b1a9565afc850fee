package irt

import "math"

// memory is the number of past steps the quasi-Newton direction remembers.
const memory = 20

// quasiNewton makes directions for the climb of the marginal log-likelihood:
// limited-memory BFGS on the exact gradient, preconditioned with the inverse of the
// complete-data information. Its first direction is an EM step to first order; the
// remembered steps then learn what EM lacks, the information lost because abilities
// are not observed (Jamshidian and Jennrich 1997, J. R. Statist. Soc. B 59:569).
// Where EM needs a thousand cycles this needs some twenty.
type quasiNewton struct {
	s, y [][]vec4 // steps, and the fall of the gradient along each
}

func (b *quasiNewton) reset() { b.s, b.y = nil, nil }

// remember stores the step between two points unless the surface is not concave
// along it.
func (b *quasiNewton) remember(from, to *point) {
	s, y := make([]vec4, len(from.items)), make([]vec4, len(from.items))
	for j := range s {
		s[j] = difference(to.items[j], from.items[j])
		for k := range s[j] {
			y[j][k] = from.gradient[j][k] - to.gradient[j][k]
		}
	}
	if sy := to.dot(s, y); !(sy > 1e-10*math.Sqrt(to.dot(s, s)*to.dot(y, y))) {
		return
	}
	b.s, b.y = append(b.s, s), append(b.y, y)
	if len(b.s) > memory {
		b.s, b.y = b.s[1:], b.y[1:]
	}
}

// direction returns the direction of ascent from x, in angles, by the two-loop
// recursion (Nocedal 1980, Math. Comp. 35:773) over the parameters that are free,
// and the slope along it.
func (b *quasiNewton) direction(x *point) (d []vec4, slope float64) {
	d = append([]vec4(nil), x.gradient...)
	alpha, rho := make([]float64, len(b.s)), make([]float64, len(b.s))
	for i := len(b.s) - 1; i >= 0; i-- {
		sy := x.dot(b.s[i], b.y[i]) // over what is free now
		if !(sy > 0) {
			continue
		}
		rho[i] = 1 / sy
		alpha[i] = rho[i] * x.dot(b.s[i], d)
		axpy(d, -alpha[i], b.y[i])
	}
	x.precondition(d)
	for i := range b.s {
		if rho[i] == 0 {
			continue
		}
		beta := rho[i] * x.dot(b.y[i], d)
		axpy(d, alpha[i]-beta, b.s[i])
	}
	for j := range d {
		for k := range d[j] {
			if x.fixed[j][k] {
				d[j][k] = 0
			}
		}
		d[j] = x.items[j].inTrustRegion(d[j])
	}
	return d, x.dot(d, x.gradient)
}

func axpy(dst []vec4, alpha float64, v []vec4) {
	for j := range dst {
		for k := range dst[j] {
			dst[j][k] += alpha * v[j][k]
		}
	}
}

// difference returns a - b in angles.
func difference(a, b Item) vec4 {
	x, y := a.angles(), b.angles()
	for k := range x {
		x[k] -= y[k]
	}
	return x
}
