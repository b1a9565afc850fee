package irt

import (
	"math"

	"metabench/analysis/internal/parallel"
)

// point is a point of the parameter space with the results of an E-step there.
// By Fisher's identity the gradient of the marginal log-likelihood is that of the
// expected log-likelihood of the counts, and needs no further pass.
type point struct {
	items    []Item
	logLik   float64 // marginal log-likelihood
	value    float64 // and the log prior: what is maximised
	gradient []vec4  // by the angles
	hessian  []mat4  // negative Hessian of the expected log-likelihood, by item
	squares  []mat4
	fixed    [][maxParams]bool
}

// problem is a fit under way.
type problem struct {
	kind    Kind
	prior   *Prior
	workers int
	step    *estep
	free    []bool // items that have both right and wrong answers
	buffers [][]float64
	passes  int
}

const itemBlock = 16

// evaluate runs an E-step at the items and derives everything from it.
func (p *problem) evaluate(items []Item, full bool) *point {
	p.passes++
	n := len(items)
	x := &point{
		items: items, logLik: p.step.run(items, full),
		gradient: make([]vec4, n), hessian: make([]mat4, n), squares: make([]mat4, n),
		fixed: make([][maxParams]bool, n),
	}
	x.value = x.logLik
	for j := range items {
		if p.free[j] {
			x.value += p.prior.log(items[j], p.kind)
		}
	}
	p.eachItem(func(j int, c counts) {
		if !p.free[j] {
			x.fixed[j] = [maxParams]bool{true, true, true, true}
			return
		}
		x.gradient[j], x.hessian[j], x.squares[j] = c.derivatives(items[j])
		p.prior.addDerivatives(items[j], p.kind, &x.gradient[j], &x.hessian[j], &x.squares[j])
		x.fixed[j] = fixedParams(items[j], p.kind, x.gradient[j])
		toAngles(items[j].angles(), &x.gradient[j], &x.hessian[j], &x.squares[j])
	})
	return x
}

// eachItem calls do with the expected counts of every item, in parallel.
func (p *problem) eachItem(do func(j int, c counts)) {
	n := p.step.p.items
	parallel.Each((n+itemBlock-1)/itemBlock, p.workers, func(block, worker int) {
		for j := block * itemBlock; j < min((block+1)*itemBlock, n); j++ {
			do(j, p.step.itemCounts(j, p.buffers[worker]))
		}
	})
}

// gradientNorm returns the largest absolute component of the gradient among the
// parameters that can still move.
func (x *point) gradientNorm() float64 {
	most := 0.0
	for j := range x.gradient {
		for k, g := range x.gradient[j] {
			if !x.fixed[j][k] {
				most = math.Max(most, math.Abs(g))
			}
		}
	}
	return most
}

// dot returns the scalar product of two vectors over the free parameters.
func (x *point) dot(a, b []vec4) float64 {
	sum := 0.0
	for j := range a {
		for k := range a[j] {
			if !x.fixed[j][k] {
				sum += a[j][k] * b[j][k]
			}
		}
	}
	return sum
}

// precondition multiplies v by the inverse of the expected information, item by
// item: what an M-step would do to the gradient.
func (x *point) precondition(v []vec4) {
	for j := range v {
		v[j] = ascent(v[j], &x.hessian[j], &x.squares[j], x.fixed[j])
	}
}

func (x *point) finite() bool {
	return !math.IsNaN(x.value) && !math.IsInf(x.value, 0)
}
