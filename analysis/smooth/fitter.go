package smooth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// fitter searches the smoothing parameters of one set of cross products.
type fitter struct {
	smooths []Smooth
	acc     *accumulator
	gram    *gram
	problem *problem
	of      []int     // term of each penalty
	centre  []float64 // start of log λ
}

func newFitter(smooths []Smooth, acc *accumulator) *fitter {
	f := &fitter{smooths: smooths, acc: acc, gram: newGram(acc)}
	var penalties []penalty
	for j, s := range smooths {
		functions, count := s.sizes()
		for _, v := range penaltyWeights(functions, count) {
			penalties = append(penalties, penalty{first: f.gram.off[j] - f.gram.fixed, weight: v})
			f.of = append(f.of, j)
		}
	}
	f.problem = newProblem(f.gram.size-f.gram.fixed, penalties)
	f.centre = make([]float64, len(penalties))
	return f
}

// load takes over what the accumulator has summed.
func (f *fitter) load() {
	f.gram.load(f.acc)
	f.problem.load(f.gram, f.acc.n, f.acc.yy)
	for i, pen := range f.problem.penalties {
		f.centre[i] = f.balance(f.of[i], pen)
	}
}

// balance returns the log λ at which data and penalty weigh the same,
// λ = mean diag(X'X) / mean diag(D'diag(v)D), over the coefficients that either
// touches.
func (f *fitter) balance(term int, pen penalty) float64 {
	data, touched := 0.0, 0
	for k := f.acc.start[term]; k < f.acc.start[term+1]; k++ {
		if d := f.acc.xx[k*f.acc.p+k]; d > 0 {
			data += d
			touched++
		}
	}
	data /= float64(touched)
	sum, reached := 0.0, len(pen.weight)+2
	for _, w := range pen.weight {
		sum += 6 * w // squares of (1, -2, 1)
		if w == 0 {
			reached--
		}
	}
	return math.Log(data * float64(reached) / sum)
}

const (
	// tolerance of the predicted relative gain in GCV at which a search stops.
	tolerance      = 1e-7
	iterationLimit = 200
	// startSD is the standard deviation of further starting points around the first,
	// in units of log λ.
	startSD = 3
)

var errSingular = errors.New("smooth: the model can't be solved: too few rows for its terms")

func (f *fitter) fit(ctx context.Context, mean float64, settings Settings) (*Model, error) {
	f.load()
	if settings.Gamma > 0 {
		f.problem.gamma = settings.Gamma
	}
	limits := searchLimits{iterations: iterationLimit, tolerance: tolerance}
	best, err := f.problem.search(ctx, f.centre, f.centre, limits)
	if err != nil {
		return nil, fmt.Errorf("smooth: %w", err)
	}
	start := make([]float64, len(f.centre))
	for s := 1; s < settings.Starts; s++ {
		rng := rand.New(rand.NewPCG(settings.Seed, uint64(s)))
		for i, c := range f.centre {
			start[i] = c + startSD*rng.NormFloat64()
		}
		other, err := f.problem.search(ctx, start, f.centre, limits)
		if err != nil {
			return nil, fmt.Errorf("smooth: %w", err)
		}
		if other.score.logGCV < best.score.logGCV {
			best = other
		}
	}
	if best.status == Singular {
		return nil, errSingular
	}
	f.problem.evaluate(best.rho)
	return f.model(best, mean), nil
}

// model turns the solution that the problem holds back into B-spline coefficients.
// The problem must have been evaluated at the optimum last.
func (f *fitter) model(best optimum, mean float64) *Model {
	g, p, acc := f.gram, f.problem, f.acc
	m := &Model{
		N: int(acc.n), RSS: best.score.rss, EDF: best.score.edf,
		GCV: math.Exp(best.score.logGCV), Scale: best.score.rss / (acc.n - best.score.edf),
		Status: best.status, Iterations: best.iterations,
		Start: slices.Clone(acc.start[:len(acc.bases)]),
	}
	theta := f.coordinates()
	coef := make([]float64, acc.p)
	f.expand(theta, coef)
	m.Intercept = mean + coef[0]
	for j, basis := range acc.bases {
		t := Term{Name: f.smooths[j].Name, Basis: basis, Coef: coef[acc.start[j]:acc.start[j+1]:acc.start[j+1]]}
		for i, of := range f.of {
			if of == j {
				t.Lambda = append(t.Lambda, math.Exp(best.rho[i]))
			}
		}
		if g.active[1+j] {
			t.EDF = 1
		}
		for d := g.off[j] - g.fixed; d < g.off[j+1]-g.fixed; d++ {
			t.EDF += 1 - p.v[d]*p.u[d*p.m+d]
		}
		m.Terms = append(m.Terms, t)
	}
	m.Covariance = f.covariance(m.Scale)
	return m
}

// coordinates returns intercept, lines and differences of the solution.
func (f *fitter) coordinates() []float64 {
	g, p := f.gram, f.problem
	theta := make([]float64, g.size)
	copy(theta[g.fixed:], p.e)
	for c := range g.fixed {
		theta[c] = g.b[c] - dot(g.a[c*g.size+g.fixed:(c+1)*g.size], p.e)
	}
	return theta
}

// term writes the B-spline coefficients of term j, centred over the rows of the
// fit: β = s·t + C·e less the mean of the curve, which it returns.
func (f *fitter) term(j int, theta, coef []float64) (mean float64) {
	g, acc := f.gram, f.acc
	k := acc.bases[j].K
	slope, rise := 0.0, 0.0
	for i := range k {
		coef[i] = rise + theta[1+j]*(float64(i)-float64(k-1)/2)
		if d := i - 1; d >= 0 && d < k-2 {
			slope += theta[g.off[j]+d]
		}
		rise += slope
	}
	mean = dot(acc.xx[acc.start[j]:acc.start[j+1]], coef) / acc.n
	for i := range coef {
		coef[i] -= mean
	}
	return mean
}

// covariance returns scale·(X'X + S)⁻¹ in B-spline coordinates.
func (f *fitter) covariance(scale float64) []float64 {
	g, p, acc := f.gram, f.problem, f.acc
	// In difference coordinates: U, -F U, (X_f'X_f)⁻¹ + F U F'.
	n := g.size
	c := make([]float64, n*n)
	for d := range p.m {
		copy(c[(g.fixed+d)*n+g.fixed:(g.fixed+d+1)*n], p.u[d*p.m:(d+1)*p.m])
	}
	for r := range g.fixed {
		line := g.a[r*n+g.fixed : (r+1)*n]
		for d := range p.m {
			v := -dot(line, p.u[d*p.m:(d+1)*p.m])
			c[r*n+g.fixed+d], c[(g.fixed+d)*n+r] = v, v
		}
	}
	for r := range g.fixed {
		for s := range g.fixed {
			c[r*n+s] = -g.a[r*n+s] - dot(g.a[s*n+g.fixed:(s+1)*n], c[r*n+g.fixed:(r+1)*n])
		}
	}
	// B = M C M', where the rows of M are those of term: first columns, then rows.
	half := make([]float64, acc.p*n)
	column, coef := make([]float64, n), make([]float64, acc.p)
	for r := range n {
		copy(column, c[r*n:(r+1)*n])
		f.expand(column, coef)
		for q, v := range coef {
			half[q*n+r] = v
		}
	}
	out := make([]float64, acc.p*acc.p)
	for q := range acc.p {
		f.expand(half[q*n:(q+1)*n], coef)
		for s, v := range coef {
			out[q*acc.p+s] = scale * v
		}
	}
	return out
}

// expand writes the intercept and the centred coefficients of all terms.
func (f *fitter) expand(theta, coef []float64) {
	acc := f.acc
	coef[0] = theta[0]
	for j := range acc.bases {
		coef[0] += f.term(j, theta, coef[acc.start[j]:acc.start[j+1]])
	}
}
