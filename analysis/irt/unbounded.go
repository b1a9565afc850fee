package irt

import (
	"math"
	"slices"
)

const (
	flat         = 0.5 // fall of the log-likelihood within one standard error of a maximum
	nearlyFlat   = 10  // fall of the expected log-likelihood, below which the marginal one is looked at
	finer        = 10  // nodes for one of the fit's, when that is done
	mostFineWork = 2e6 // items in question × items × patterns up to which it is done
)

// unbounded reports for each item whether the log-likelihood falls by less than flat when the
// slope grows to the edge of the box: when the curve becomes a step at the same
// difficulty, or through the same point at a node beside it. The answers then set no
// limit to the slope, as where all who are above a threshold answer right and all below
// it wrong (Guttman's scale). What is reported of such a slope is where the search
// stopped. A prior sets a limit.
//
// The expected log-likelihood falls at least as far as the marginal one. Where it falls
// further, but not far, the marginal one decides, on finer nodes: on those of the fit a
// slope may seem determined because it shares out the models at one node.
func (p *problem) unbounded(x *point) []bool {
	x = p.evaluate(x.items, true)
	out, suspect := make([]bool, len(x.items)), make([]bool, len(x.items))
	p.eachItem(func(j int, c counts) {
		it := x.items[j]
		if !p.free[j] {
			return
		}
		if math.Abs(it.A) >= MaxSlope || math.Abs(it.D) >= MaxIntercept {
			out[j] = true
			return
		}
		value := c.logLikelihood(it) + p.prior.log(it, p.kind)
		for _, step := range steps(it, c.nodes) {
			fall := value - c.logLikelihood(step) - p.prior.log(step, p.kind)
			out[j] = out[j] || fall < flat
			suspect[j] = suspect[j] || fall < nearlyFlat
		}
	})
	nodes := p.step.grid.Nodes
	last := len(nodes) - 1
	questions := 0
	for j := range suspect {
		if suspect[j] = suspect[j] && !out[j]; suspect[j] {
			questions++
		}
	}
	if questions == 0 || questions*len(x.items)*p.step.p.n > mostFineWork || nodes[0] != -nodes[last] {
		return out
	}
	fine := newEStep(p.step.p, NormalGrid(finer*last+1, nodes[last]), p.workers)
	value := fine.run(x.items, true)
	items := slices.Clone(x.items)
	for j, it := range x.items {
		if !suspect[j] {
			continue
		}
		for _, step := range steps(it, fine.grid.Nodes) {
			items[j] = step
			fall := value + p.prior.log(it, p.kind) - fine.run(items, true) - p.prior.log(step, p.kind)
			out[j] = out[j] || fall < flat
		}
		items[j] = it
	}
	return out
}

// steps returns the item with the largest slope there is, through its difficulty and through
// its points at the nodes beside it.
func steps(it Item, nodes []float64) []Item {
	difficulty := it.Difficulty()
	above, _ := slices.BinarySearch(nodes, difficulty)
	var out []Item
	for _, theta := range []float64{difficulty, nodes[max(0, above-1)], nodes[min(above, len(nodes)-1)]} {
		step := it
		step.A = math.Copysign(MaxSlope, it.A)
		step.D = it.A*theta + it.D - step.A*theta
		if math.Abs(step.D) <= MaxIntercept {
			out = append(out, step)
		}
	}
	return out
}
