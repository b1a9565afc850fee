package smooth

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Status says how the search for the smoothing parameters ended.
type Status string

// The ways in which a search ends.
const (
	Converged      Status = "converged"       // the predicted gain fell below the tolerance
	Stalled        Status = "stalled"         // no step along the Newton direction improved the criterion
	IterationLimit Status = "iteration limit" // see searchLimits
	Singular       Status = "singular"        // the start itself could not be evaluated
)

// searchLimits are the limits of one Newton search.
type searchLimits struct {
	iterations int
	tolerance  float64 // of the predicted relative gain in GCV
}

const (
	// longest is the largest change of a log λ in one step.
	longest = 6
	// below and above bound log λ relative to where data and penalty weigh the same.
	// Above exp(23) ≈ 1e10 a penalty is absolute. Below exp(-14) ≈ 1e-6 it makes no
	// difference where there are data, and where there are hardly any it is all that
	// keeps a curve from passing through each of them at any price.
	below = 14
	above = 23
	// halvings is how often a step that does not improve the criterion is halved.
	halvings = 15
)

// optimum is where a search ended.
type optimum struct {
	rho        []float64
	score      score
	status     Status
	iterations int
}

// search minimises log GCV over ρ by Newton's method, with the Hessian's negative
// eigenvalues reflected, the step bounded, and halved until the criterion falls
// (Wood 2004). ρ stays within the bounds around centre.
func (p *problem) search(ctx context.Context, start, centre []float64, limits searchLimits) (optimum, error) {
	count := len(start)
	best := optimum{rho: append([]float64(nil), start...), status: IterationLimit}
	best.score = p.evaluate(best.rho)
	if math.IsInf(best.score.logGCV, 1) {
		best.status = Singular
		return best, nil
	}
	gradient := make([]float64, count)
	hessian := make([]float64, count*count)
	trial := make([]float64, count)
	for best.iterations < limits.iterations {
		if err := ctx.Err(); err != nil {
			return best, err
		}
		p.derivatives(best.rho, best.score, gradient, hessian)
		step, gain := newtonStep(gradient, hessian, best.rho, centre)
		if gain < limits.tolerance {
			best.status = Converged
			return best, nil
		}
		best.iterations++
		if !p.descend(&best, step, trial, centre) {
			p.evaluate(best.rho)
			best.status = Stalled
			return best, nil
		}
	}
	return best, nil
}

// descend moves best along step, halving it until the criterion falls.
func (p *problem) descend(best *optimum, step, trial, centre []float64) bool {
	for range halvings {
		for i, r := range best.rho {
			trial[i] = min(max(r+step[i], centre[i]-below), centre[i]+above)
		}
		s := p.evaluate(trial)
		if s.logGCV < best.score.logGCV {
			copy(best.rho, trial)
			best.score = s
			return true
		}
		for i := range step {
			step[i] /= 2
		}
	}
	return false
}

// newtonStep returns the step and the gain that the quadratic model expects of it.
// Parameters at a bound that the gradient pushes outwards stay where they are.
func newtonStep(gradient, hessian, rho, centre []float64) (step []float64, gain float64) {
	count := len(gradient)
	free := make([]int, 0, count)
	for i, g := range gradient {
		atLow := rho[i] <= centre[i]-below && g > 0
		atHigh := rho[i] >= centre[i]+above && g < 0
		if !atLow && !atHigh {
			free = append(free, i)
		}
	}
	step = make([]float64, count)
	if len(free) == 0 {
		return step, 0
	}
	h := mat.NewSymDense(len(free), nil)
	for a, i := range free {
		for b := a; b < len(free); b++ {
			h.SetSym(a, b, hessian[i*count+free[b]])
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(h, true) {
		return step, 0
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	largest := 0.0
	for _, v := range values {
		largest = max(largest, math.Abs(v))
	}
	for c, value := range values {
		along := 0.0
		for a, i := range free {
			along += vectors.At(a, c) * gradient[i]
		}
		curvature := max(math.Abs(value), 1e-7*largest, math.SmallestNonzeroFloat64)
		gain += along * along / (2 * curvature)
		for a, i := range free {
			step[i] -= along / curvature * vectors.At(a, c)
		}
	}
	biggest := 0.0
	for _, s := range step {
		biggest = max(biggest, math.Abs(s))
	}
	if biggest > longest {
		for i := range step {
			step[i] *= longest / biggest
		}
	}
	return step, gain
}
