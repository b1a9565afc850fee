package irt

import (
	"context"
	"math"
)

const (
	emCycles   = 3  // EM is at its best far from the maximum
	fullPasses = 10 // every so many steps the windows of nodes are drawn anew
	poorSteps  = 2  // steps in a row that yield little, before EM cycles are made instead
	shortens   = 3  // of a step, before an EM cycle is made instead

	// A rise of the log-likelihood smaller than this may be lost in its rounding.
	limitOfPrecision = 1e-3
)

// ending is how a climb ended.
type ending struct {
	status     Status
	iterations int
	gain       float64 // rise that the quadratic model still foresees
	change     float64 // rise of the last step
}

// climb goes up from the items to a local maximum. The stop rule is on the rise of
// the log-likelihood, both that of the last step and that which the gradient and
// the quasi-Newton metric foresee for the next: gᵀ H g / 2.
func (p *problem) climb(ctx context.Context, items []Item, opts *Options) (*point, ending) {
	end := ending{status: IterationLimit, change: math.Inf(1), gain: math.Inf(1)}
	x := p.evaluate(items, true)
	if !x.finite() {
		end.status = Diverged
		return x, end
	}
	var b quasiNewton
	em, poor := emCycles, 0
	for ; end.iterations < opts.MaxIterations; end.iterations++ {
		if ctx.Err() != nil {
			end.status = Cancelled
			return x, end
		}
		if em > 0 {
			em--
			next := p.emCycle(x)
			end.change = next.value - x.value
			x = next
			continue
		}
		d, slope := b.direction(x)
		if !(slope > 0) {
			b.reset()
			d, slope = b.direction(x)
		}
		end.gain = slope / 2
		if end.gain < opts.Tolerance && end.change < opts.Tolerance {
			end.status = Converged
			break
		}
		if next := p.search(x, d, slope, end.iterations%fullPasses == 0); next != nil {
			end.change = next.value - x.value
			b.remember(x, next)
			x = next
			// A quadratic surface yields half the slope. Far less means that some
			// items are where it is not: EM is better at those.
			if end.change < 0.15*slope {
				poor++
			} else {
				poor = 0
			}
			if poor == poorSteps {
				poor, em = 0, 2
				b.reset()
			}
			continue
		}
		if len(b.s) == 0 && end.change < opts.Tolerance {
			end.status = Stalled
			if end.gain < limitOfPrecision {
				end.status = Converged
			}
			break
		}
		b.reset()
		x = p.evaluate(x.items, true)
		em = 1
	}
	return x, end
}

// search moves from x along d, shortening the step until the value rises enough
// (Armijo's rule on the projected path: Bertsekas 1982, SIAM J. Control 20:221). It
// returns nil if it can't find such a step soon.
func (p *problem) search(x *point, d []vec4, slope float64, full bool) *point {
	t := 1.0
	for range shortens {
		items := make([]Item, len(x.items))
		linear := 0.0
		for j, it := range x.items {
			items[j] = it
			if !p.free[j] {
				continue
			}
			items[j] = it.plus(d[j], t, p.kind)
			for k, v := range difference(items[j], it) {
				linear += v * x.gradient[j][k]
			}
		}
		next := p.evaluate(items, full)
		gain := next.value - x.value
		if next.finite() && gain >= 1e-4*linear && gain > -1e-9 {
			return next
		}
		// To the top of the parabola through what is known.
		shrink := 0.1
		if next.finite() {
			shrink = max(0.1, min(0.5, slope*t/(2*(slope*t-gain))))
		}
		t *= shrink
	}
	return nil
}

// emCycle is one M-step from x and the E-step after it.
func (p *problem) emCycle(x *point) *point {
	items := make([]Item, len(x.items))
	p.eachItem(func(j int, c counts) {
		items[j] = x.items[j]
		if p.free[j] {
			items[j], _ = c.maximise(x.items[j], p.kind, p.prior, 5, 1e-9)
		}
	})
	return p.evaluate(items, true)
}

// jump replaces every item that the counts at x know a better one for (see
// counts.explore). It returns nil if that gains less than the tolerance. Exploring
// takes the longest of all steps, so that it ends between two items when ctx does.
func (p *problem) jump(ctx context.Context, x *point, tolerance float64) *point {
	x = p.evaluate(x.items, true)
	items, gains := make([]Item, len(x.items)), make([]float64, len(x.items))
	p.eachItem(func(j int, c counts) {
		items[j] = x.items[j]
		if !p.free[j] || ctx.Err() != nil {
			return
		}
		it, value := c.explore(items[j], p.kind, p.prior)
		gains[j] = value - c.logLikelihood(items[j]) - p.prior.log(items[j], p.kind)
		if gains[j] > 0 {
			items[j] = it
		}
	})
	sum := 0.0
	for _, g := range gains {
		sum += max(0, g)
	}
	if sum < tolerance {
		return nil
	}
	return p.evaluate(items, true)
}
