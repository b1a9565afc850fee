package irt

import "math"

// maxParams is the number of parameters of the richest item: a, d, g, u.
const maxParams = 4

type (
	vec4 [maxParams]float64
	mat4 [maxParams][maxParams]float64
)

// counts are the expected answers to one item at each node: out of total[q] models
// at node q, right[q] answer correctly.
type counts struct {
	nodes, right, total []float64
}

// itemCounts returns the expected counts of item j. buf, of the length of the grid,
// holds the totals if answers are missing.
func (e *estep) itemCounts(j int, buf []float64) counts {
	q := len(e.grid.Nodes)
	c := counts{nodes: e.grid.Nodes, right: e.correct[j*q : (j+1)*q], total: e.total}
	if e.missing == nil {
		return c
	}
	missing := e.missing[j*q : (j+1)*q]
	for k := range buf {
		buf[k] = max(e.total[k]-missing[k], c.right[k])
	}
	c.total = buf
	return c
}

// logLikelihood returns Σ_q r_q log P_q + (n_q - r_q) log Q_q.
func (c counts) logLikelihood(it Item) float64 {
	sum := 0.0
	plain := it.G == 0 && it.U == 1
	for q, theta := range c.nodes {
		n := c.total[q]
		if n == 0 {
			continue
		}
		r := c.right[q]
		z := max(-maxLogit, min(maxLogit, it.A*theta+it.D))
		if plain {
			sum += r*z + n*logLogistic(-z)
			continue
		}
		s, f := logisticPair(z)
		sum += r*math.Log(it.G*f+it.U*s) + (n-r)*math.Log((1-it.G)*f+(1-it.U)*s)
	}
	return sum
}

// derivatives returns the gradient of the log-likelihood by a, d, g, u; its
// negative Hessian; and the sum of squares
//
//	S_kl = Σ_q (r/P² + (n-r)/Q²) P_k P_l
//
// which is positive semi-definite where the Hessian need not be and has the same
// expectation.
func (c counts) derivatives(it Item) (gradient vec4, hessian, squares mat4) {
	width := it.U - it.G
	var m0, m1, m2 float64 // Σ of the second derivatives by (z, z) times 1, θ, θ²
	var x0, x1 float64     // Σ of the mixed derivatives by (z, g), up to sign (z, u)
	for q, theta := range c.nodes {
		n := c.total[q]
		if n == 0 {
			continue
		}
		r := c.right[q]
		z := max(-maxLogit, min(maxLogit, it.A*theta+it.D))
		s, f := logisticPair(z)
		p, o := it.G*f+it.U*s, (1-it.G)*f+(1-it.U)*s
		rp, wo := r/p, (n-r)/o
		score, weight := rp-wo, rp/p+wo/o
		sf := s * f
		dz := width * sf
		// P by (d, g, u) is (dz, f, s); by a it is θ dz.
		gz, wz := score*dz, weight*dz
		gradient[0] += gz * theta
		gradient[1] += gz
		gradient[2] += score * f
		gradient[3] += score * s
		zz, zg, zu := wz*dz, wz*f, wz*s
		squares[0][0] += zz * theta * theta
		squares[1][0] += zz * theta
		squares[1][1] += zz
		squares[2][0] += zg * theta
		squares[2][1] += zg
		squares[3][0] += zu * theta
		squares[3][1] += zu
		squares[2][2] += weight * f * f
		squares[3][2] += weight * f * s
		squares[3][3] += weight * s * s
		curve := gz * (f - s)
		m0 += curve
		m1 += curve * theta
		m2 += curve * theta * theta
		x0 += score * sf
		x1 += score * sf * theta
	}
	hessian = squares
	hessian[0][0] -= m2
	hessian[1][0] -= m1
	hessian[1][1] -= m0
	hessian[2][0] += x1
	hessian[2][1] += x0
	hessian[3][0] -= x1
	hessian[3][1] -= x0
	for k := range maxParams {
		for l := range k {
			hessian[l][k] = hessian[k][l]
			squares[l][k] = squares[k][l]
		}
	}
	return gradient, hessian, squares
}
