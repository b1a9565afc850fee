package smooth

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// penalty is one smoothing parameter's share of the diagonal penalty: λ·weight[d] on
// the difference first+d.
type penalty struct {
	first  int
	weight []float64
}

// problem is a ridge regression with a diagonal penalty, in the m differences e of
// all terms:
//
//	minimise |y - X e|² + Σ_d V_d e_d²,   V = Σ_i exp(ρ_i) v_i,
//
// given G = X'X, b = X'y and y'y after the unpenalised part was swept out. The
// smoothing parameters ρ = log λ minimise generalised cross validation (Craven and
// Wahba 1979; Wood 2004)
//
//	GCV(ρ) = n · RSS / (n - γτ)²,   τ = rank(fixed) + tr((G + V)⁻¹ G).
//
// γ = 1 is plain GCV; γ > 1 makes a degree of freedom dearer (Kim and Gu 2004).
//
// With U = (G+V)⁻¹, e = U b, W = U G U = U - U V U, w_i = exp(ρ_i) v_i, q = U(V∘e)
// and z_i = w_i∘e:
//
//	RSS        = y'y - b'e - e'Ve
//	τ          = rank + m - Σ_d V_d U_dd
//	∂RSS/∂ρ_i  = 2 z_i'q
//	∂τ/∂ρ_i    = -Σ_d w_id W_dd
//	∂²RSS      = 2 [z_i'U z_j - (U z_i)'V(U z_j) - (w_i∘q)'U z_j - (w_j∘q)'U z_i + δ_ij z_i'q]
//	∂²τ        = 2 w_i'(U∘W) w_j - δ_ij Σ_d w_id W_dd
//
// A penalty touches one term only, so all but the inverse and the product U V U
// cost O(m²).
type problem struct {
	m         int
	g         []float64 // m × m
	b         []float64
	yy        float64
	least     float64 // residual sum of squares that counts as none
	n         float64
	rank      float64
	gamma     float64
	penalties []penalty

	u, w    []float64 // m × m
	scaled  []float64 // m × m, U·diag(√V)
	v, e, q []float64
	uz      []float64 // penalties × m
	y       []float64 // penalties × m, (U∘W) w_i
}

func newProblem(m int, penalties []penalty) *problem {
	count := len(penalties)
	return &problem{
		m: m, penalties: penalties, gamma: 1,
		g: make([]float64, m*m), b: make([]float64, m),
		u: make([]float64, m*m), w: make([]float64, m*m), scaled: make([]float64, m*m),
		v: make([]float64, m), e: make([]float64, m), q: make([]float64, m),
		uz: make([]float64, count*m), y: make([]float64, count*m),
	}
}

// exact is the share of the response's sum of squares that rounding may leave where
// a curve passes through all points.
const exact = 1e-13

// load copies the differences' part of g; total is the response's sum of squares.
func (p *problem) load(g *gram, n, total float64) {
	for d := range p.m {
		r := (g.fixed + d) * g.size
		copy(p.g[d*p.m:(d+1)*p.m], g.a[r+g.fixed:r+g.size])
	}
	copy(p.b, g.b[g.fixed:])
	p.yy, p.n, p.rank, p.least = g.yy, n, float64(g.rank), exact*total
}

// score is the criterion at one ρ.
type score struct {
	logGCV float64
	rss    float64
	edf    float64
}

// evaluate solves the regression at ρ and leaves U, V and e behind. The criterion is
// +Inf where G+V is not positive definite in floating point or nothing is left of
// the degrees of freedom.
func (p *problem) evaluate(rho []float64) score {
	clear(p.v)
	for i, pen := range p.penalties {
		lambda := math.Exp(rho[i])
		for d, w := range pen.weight {
			p.v[pen.first+d] += lambda * w
		}
	}
	copy(p.u, p.g)
	for d, v := range p.v {
		p.u[d*p.m+d] += v
	}
	if !p.invert() {
		return score{logGCV: math.Inf(1)}
	}
	s := score{rss: p.yy, edf: p.rank + float64(p.m)}
	for d := range p.m {
		e := dot(p.u[d*p.m:(d+1)*p.m], p.b)
		p.e[d] = e
		s.rss -= e * (p.b[d] + p.v[d]*e)
		s.edf -= p.v[d] * p.u[d*p.m+d]
	}
	if s.rss = max(s.rss, p.least); p.gamma*s.edf >= p.n || s.rss <= 0 {
		return score{logGCV: math.Inf(1)}
	}
	s.logGCV = math.Log(p.n*s.rss) - 2*math.Log(p.n-p.gamma*s.edf)
	return s
}

// invert replaces u by its inverse, both triangles.
func (p *problem) invert() bool {
	t, ok := lapack64.Potrf(blas64.Symmetric{Uplo: blas.Upper, N: p.m, Stride: p.m, Data: p.u})
	if !ok {
		return false
	}
	if _, ok := lapack64.Potri(t); !ok {
		return false
	}
	mirror(p.u, p.m)
	return true
}

// mirror copies the upper triangle of an n × n matrix to the lower.
func mirror(a []float64, n int) {
	for i := range n {
		for j := i + 1; j < n; j++ {
			a[j*n+i] = a[i*n+j]
		}
	}
}

// derivatives computes the gradient and the Hessian (row-major) of log GCV at the ρ
// that s was evaluated at last.
func (p *problem) derivatives(rho []float64, s score, gradient, hessian []float64) {
	m, count := p.m, len(p.penalties)
	p.product()
	for d := range m {
		h := 0.0
		for k, u := range p.u[d*m : (d+1)*m] {
			h += u * p.v[k] * p.e[k]
		}
		p.q[d] = h
	}
	for i, pen := range p.penalties {
		lambda := math.Exp(rho[i])
		uz, y := p.uz[i*m:(i+1)*m], p.y[i*m:(i+1)*m]
		e := p.e[pen.first:]
		for r := range m {
			u, w := p.u[r*m+pen.first:], p.w[r*m+pen.first:]
			sumZ, sumY := 0.0, 0.0
			for d, weight := range pen.weight {
				c := weight * u[d]
				sumZ += c * e[d]
				sumY += c * w[d]
			}
			uz[r], y[r] = lambda*sumZ, lambda*sumY
		}
	}
	left := (p.n - p.gamma*s.edf) / p.gamma
	gradTau := make([]float64, count)
	gradRSS := make([]float64, count)
	for i, pen := range p.penalties {
		lambda := math.Exp(rho[i])
		for d, weight := range pen.weight {
			k := pen.first + d
			gradTau[i] -= lambda * weight * p.w[k*m+k]
			gradRSS[i] += 2 * lambda * weight * p.e[k] * p.q[k]
		}
		gradient[i] = gradRSS[i]/s.rss + 2*gradTau[i]/left
	}
	for i := range p.penalties {
		for j := i; j < count; j++ {
			hRSS, hTau := p.second(i, j, rho)
			if i == j {
				hRSS += gradRSS[i]
				hTau += gradTau[i]
			}
			h := hRSS/s.rss - gradRSS[i]*gradRSS[j]/(s.rss*s.rss) +
				2*(hTau/left+gradTau[i]*gradTau[j]/(left*left))
			hessian[i*count+j], hessian[j*count+i] = h, h
		}
	}
}

// second returns the second derivatives of RSS and τ without their δ_ij terms.
func (p *problem) second(i, j int, rho []float64) (rss, tau float64) {
	m := p.m
	uzi, uzj := p.uz[i*m:(i+1)*m], p.uz[j*m:(j+1)*m]
	for d, v := range p.v {
		rss -= uzi[d] * v * uzj[d]
	}
	pi, pj := p.penalties[i], p.penalties[j]
	li, lj := math.Exp(rho[i]), math.Exp(rho[j])
	for d, weight := range pi.weight {
		k := pi.first + d
		w := li * weight
		rss += w * (p.e[k] - p.q[k]) * uzj[k]
		tau += w * p.y[j*m+k]
	}
	for d, weight := range pj.weight {
		k := pj.first + d
		rss -= lj * weight * p.q[k] * uzi[k]
	}
	return 2 * rss, 2 * tau
}

// product computes W = U - U V U.
func (p *problem) product() {
	m := p.m
	for r := range m {
		for c, v := range p.v {
			p.scaled[r*m+c] = p.u[r*m+c] * math.Sqrt(v)
		}
	}
	copy(p.w, p.u)
	blas64.Syrk(blas.NoTrans, -1,
		blas64.General{Rows: m, Cols: m, Stride: m, Data: p.scaled}, 1,
		blas64.Symmetric{Uplo: blas.Upper, N: m, Stride: m, Data: p.w})
	mirror(p.w, m)
}

func dot(a, b []float64) float64 {
	b = b[:len(a)]
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
