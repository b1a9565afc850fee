package irt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"metabench/analysis/response"
)

// PlaneItem is an item that asks for two abilities,
//
//	P(θ₁, θ₂) = 1 / (1 + exp(-(A₁θ₁ + A₂θ₂ + D)))
//
// with slopes in logit per SD (Reckase 2009, Multidimensional Item Response Theory).
type PlaneItem struct {
	A1, A2, D float64
}

// Prob returns the probability of a correct answer.
func (it PlaneItem) Prob(theta1, theta2 float64) float64 {
	s, _ := logisticPair(it.A1*theta1 + it.A2*theta2 + it.D)
	return s
}

// PlaneResult is a fitted two-dimensional 2PL.
type PlaneResult struct {
	Items         []PlaneItem
	Anchor        int // the item whose A2 is 0 by definition
	LogLikelihood float64
	Status        Status
	Iterations    int
	Models        int
}

// PlaneOptions controls the fit of a two-dimensional 2PL. The zero value of a field
// means its default.
type PlaneOptions struct {
	Nodes         int     // in each direction, on [-5, 5]; default 31
	MaxIterations int     // default 500
	Tolerance     float64 // rise of the log-likelihood taken for none, default 1e-4
	Starts        int     // random starts, of which the best is followed; default 3
	Seed          uint64
	Workers       int
}

const (
	planeLimit    = 5.0
	planeMaxSlope = 40.0
	planeTrial    = 12 // cycles after which the starts are compared
)

// FitPlane fits the two-dimensional 2PL by EM over a product grid of two independent
// standard normal abilities, accelerated by squared extrapolation (SQUAREM:
// Varadhan and Roland 2008, Scand. J. Statist. 35:335). The axes can be turned
// without changing the likelihood; they are fixed by A₂ = 0 for the item with the
// largest slope in one dimension. Use Principal to turn them to the main axes.
//
// Time and memory grow with the square of the nodes: it is meant for tests whose
// second dimension is in question, not for daily use.
func FitPlane(ctx context.Context, m *response.Matrix, opts PlaneOptions) (*PlaneResult, error) {
	if opts.Nodes == 0 {
		opts.Nodes = 31
	}
	if opts.Nodes < 3 {
		return nil, fmt.Errorf("irt: fit in two dimensions: %d nodes are fewer than 3", opts.Nodes)
	}
	if opts.MaxIterations == 0 {
		opts.MaxIterations = 500
	}
	if opts.Tolerance == 0 {
		opts.Tolerance = 1e-4
	}
	if opts.Starts <= 0 {
		opts.Starts = 3
	}
	line, err := Fit(ctx, m, Options{Workers: opts.Workers, Restarts: -1})
	if err != nil {
		return nil, err
	}
	p := newPlane(m, line, opts)
	r := &PlaneResult{Items: p.flat(line.Items), Anchor: p.anchor, LogLikelihood: line.LogLikelihood, Status: line.Status, Models: line.Models}
	if line.Status == Degenerate || line.Status == Cancelled {
		return r, nil
	}
	best := planePoint{value: math.Inf(-1)}
	for start := range opts.Starts {
		x := p.evaluate(p.scatter(line.Items, rand.New(rand.NewPCG(opts.Seed, uint64(start)))))
		for range planeTrial {
			if ctx.Err() != nil {
				break
			}
			x = p.evaluate(p.mstep(x))
			r.Iterations++
		}
		if x.value > best.value {
			best = x
		}
	}
	r.Status = IterationLimit
	x := p.evaluate(best.items) // the counts of the last step are those of another start
	for ; r.Iterations < opts.MaxIterations; r.Iterations++ {
		if ctx.Err() != nil {
			r.Status = Cancelled
			break
		}
		next := p.squarem(x)
		gain := next.value - x.value
		x = next
		if gain < opts.Tolerance {
			r.Status = Converged
			break
		}
	}
	r.Items, r.LogLikelihood = x.items, x.value
	return r, nil
}

// plane is a two-dimensional fit under way.
type plane struct {
	step    *estep
	workers int
	anchor  int
	free    []bool
	x, y    []float64 // of the nodes
	buffers [][]float64
}

type planePoint struct {
	items []PlaneItem
	value float64
}

func newPlane(m *response.Matrix, line *Result, opts PlaneOptions) *plane {
	side := NormalGrid(opts.Nodes, planeLimit)
	n := opts.Nodes
	p := &plane{x: make([]float64, n*n), y: make([]float64, n*n), free: line.Estimated}
	grid := Grid{Nodes: make([]float64, n*n), LogWeight: make([]float64, n*n)}
	for i := range n {
		for k := range n {
			p.x[i*n+k], p.y[i*n+k] = side.Nodes[i], side.Nodes[k]
			grid.LogWeight[i*n+k] = side.LogWeight[i] + side.LogWeight[k]
		}
	}
	p.workers = Options{Workers: opts.Workers}.withDefaults().Workers
	p.step = newEStep(newPatterns(m), grid, p.workers)
	p.buffers = make([][]float64, p.workers)
	for w := range p.buffers {
		p.buffers[w] = make([]float64, n*n)
	}
	for j, it := range line.Items {
		if math.Abs(it.A) > math.Abs(line.Items[p.anchor].A) {
			p.anchor = j
		}
	}
	return p
}

// flat puts one-dimensional items into the plane.
func (p *plane) flat(items []Item) []PlaneItem {
	out := make([]PlaneItem, len(items))
	for j, it := range items {
		out[j] = PlaneItem{A1: max(-planeMaxSlope, min(planeMaxSlope, it.A)), D: it.D}
	}
	return out
}

// scatter gives one-dimensional items random slopes in the second direction.
func (p *plane) scatter(items []Item, rng *rand.Rand) []PlaneItem {
	out := p.flat(items)
	for j := range out {
		v := rng.NormFloat64()
		if p.free[j] && j != p.anchor {
			out[j].A2 = 0.7 * v
		}
	}
	return out
}

func (p *plane) evaluate(items []PlaneItem) planePoint {
	return planePoint{items, p.step.runCurves(true, func(j int, logOdds, logQ []float64) {
		it := items[j]
		for q := range logOdds {
			z := max(-maxLogit, min(maxLogit, it.A1*p.x[q]+it.A2*p.y[q]+it.D))
			logOdds[q], logQ[q] = z, logLogistic(-z)
		}
	})}
}

// mstep returns the items that maximise the expected log-likelihood at x, whose
// counts must be those of the last evaluation.
func (p *plane) mstep(x planePoint) []PlaneItem {
	items := make([]PlaneItem, len(x.items))
	parallel(p.workers, len(items), func(j, worker int) {
		items[j] = x.items[j]
		if p.free[j] {
			items[j] = p.maximise(p.step.itemCounts(j, p.buffers[worker]), x.items[j], j == p.anchor)
		}
	})
	return items
}

// maximise is a logistic regression of the counts on the nodes, by Newton steps.
func (p *plane) maximise(c counts, it PlaneItem, anchor bool) PlaneItem {
	value := p.logLikelihood(c, it)
	for range 8 {
		var gradient vec4
		var hessian mat4
		for q, n := range c.total {
			if n == 0 {
				continue
			}
			s, f := logisticPair(it.A1*p.x[q] + it.A2*p.y[q] + it.D)
			score, weight := c.right[q]-n*s, n*s*f
			at := [3]float64{p.x[q], 1, p.y[q]}
			for k := range at {
				gradient[k] += score * at[k]
				for l := range k + 1 {
					hessian[k][l] += weight * at[k] * at[l]
				}
			}
		}
		for k := range 3 {
			for l := range k {
				hessian[l][k] = hessian[k][l]
			}
		}
		step := ascent(gradient, &hessian, &hessian, [maxParams]bool{false, false, anchor, true})
		gained := false
		for scale := 1.0; scale > 1e-3; scale /= 3 {
			try := planeClamp(PlaneItem{A1: it.A1 + scale*step[0], D: it.D + scale*step[1], A2: it.A2 + scale*step[2]})
			if v := p.logLikelihood(c, try); v > value {
				gained = v > value+1e-9*math.Abs(value)
				it, value = try, v
				break
			}
		}
		if !gained {
			break
		}
	}
	return it
}

func planeClamp(it PlaneItem) PlaneItem {
	it.A1 = max(-planeMaxSlope, min(planeMaxSlope, it.A1))
	it.A2 = max(-planeMaxSlope, min(planeMaxSlope, it.A2))
	it.D = max(-MaxIntercept, min(MaxIntercept, it.D))
	return it
}

func (p *plane) logLikelihood(c counts, it PlaneItem) float64 {
	sum := 0.0
	for q, n := range c.total {
		if n == 0 {
			continue
		}
		z := it.A1*p.x[q] + it.A2*p.y[q] + it.D
		sum += c.right[q]*z + n*logLogistic(-z)
	}
	return sum
}

// squarem makes two EM cycles from x and extrapolates them; where that loses it
// returns the second cycle.
func (p *plane) squarem(x planePoint) planePoint {
	first := p.evaluate(p.mstep(x))
	second := p.evaluate(p.mstep(first))
	rr, vv := 0.0, 0.0
	each := func(do func(k *float64, x0, x1, x2 float64)) []PlaneItem {
		out := make([]PlaneItem, len(x.items))
		for j := range out {
			a, b, c := x.items[j], first.items[j], second.items[j]
			do(&out[j].A1, a.A1, b.A1, c.A1)
			do(&out[j].A2, a.A2, b.A2, c.A2)
			do(&out[j].D, a.D, b.D, c.D)
			out[j] = planeClamp(out[j])
		}
		return out
	}
	each(func(_ *float64, x0, x1, x2 float64) {
		r, v := x1-x0, x2-2*x1+x0
		rr, vv = rr+r*r, vv+v*v
	})
	if vv == 0 {
		return second
	}
	alpha := -math.Sqrt(rr / vv)
	if alpha > -1 {
		return second
	}
	far := p.evaluate(each(func(k *float64, x0, x1, x2 float64) {
		*k = x0 - 2*alpha*(x1-x0) + alpha*alpha*(x2-2*x1+x0)
	}))
	// An M-step makes good what the extrapolation did to single items.
	if far = p.evaluate(p.mstep(far)); far.value >= second.value {
		return far
	}
	return p.evaluate(second.items)
}

// Principal returns the items with the axes turned so that the first takes as much
// of the slopes' sum of squares as it can, each axis with a positive sum of slopes.
func (r *PlaneResult) Principal() []PlaneItem {
	var xx, xy, yy float64
	for _, it := range r.Items {
		xx, xy, yy = xx+it.A1*it.A1, xy+it.A1*it.A2, yy+it.A2*it.A2
	}
	sin, cos := math.Sincos(math.Atan2(2*xy, xx-yy) / 2)
	out := make([]PlaneItem, len(r.Items))
	sum1, sum2 := 0.0, 0.0
	for j, it := range r.Items {
		out[j] = PlaneItem{A1: cos*it.A1 + sin*it.A2, A2: cos*it.A2 - sin*it.A1, D: it.D}
		sum1, sum2 = sum1+out[j].A1, sum2+out[j].A2
	}
	for j := range out {
		if sum1 < 0 {
			out[j].A1 = -out[j].A1
		}
		if sum2 < 0 {
			out[j].A2 = -out[j].A2
		}
	}
	return out
}
