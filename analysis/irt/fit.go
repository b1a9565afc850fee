package irt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"metabench/analysis/response"
)

// Status says how a fit ended.
type Status uint8

// The endings of a fit.
const (
	Unfinished     Status = iota
	Converged             // the log-likelihood rises no more, and its gradient foresees no rise
	IterationLimit        // the maximum may not have been reached
	Stalled               // no step raises the log-likelihood although its gradient foresees a rise
	Diverged              // the log-likelihood is not finite
	Cancelled             // the context was cancelled; the items are the best so far
	Degenerate            // no item has both right and wrong answers: nothing to estimate
	Local                 // converged, but no other start led to the same maximum of a 3PL or 4PL: a higher one may exist
)

var statusNames = [...]string{"unfinished", "converged", "iteration_limit", "stalled", "diverged", "cancelled", "degenerate", "local"}

// String returns the status in lower case with underscores.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// IsMaximum reports whether the fit ended at a maximum, be it a local one.
func (s Status) IsMaximum() bool { return s == Converged || s == Local }

// MarshalText writes the status's name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ErrEmpty is returned for a matrix without models or items.
var ErrEmpty = errors.New("irt: no models or no items to fit")

// DefaultRestarts is the number of other starts of a 3PL or 4PL.
const DefaultRestarts = 5

// Options controls a fit. The zero value of a field means its default.
type Options struct {
	Kind          Kind    // default TwoPL
	Grid          Grid    // default NormalGrid(61, 6)
	Prior         *Prior  // default none
	Start         []Item  // where to climb from, if not from the poorer model
	MaxIterations int     // of one climb, default 1000
	Tolerance     float64 // rise of the log-likelihood taken for none, default 1e-5
	Restarts      int     // other starts of 3PL and 4PL, default DefaultRestarts, to which small tables add hops unless fewer are asked for (see confirm); negative: one start only, for 2PL too
	Seed          uint64  // of the restarts
	Workers       int     // default all processors; does not change the result
}

// Result is a fitted model.
type Result struct {
	Kind          Kind
	Items         []Item
	LogLikelihood float64 // marginal, natural logarithm, of the answers alone
	Status        Status
	Iterations    int     // steps, EM cycles included, over all climbs
	Passes        int     // evaluations of the likelihood with its gradient
	Gradient      float64 // largest absolute derivative by a, d, asin √g or asin √(1-u) off its bounds
	Gain          float64 // rise of the log-likelihood that gradient and curvature still foresee
	Models        int
	Answered      int    // models that have an answer; the others say nothing
	Patterns      int    // distinct rows
	Estimated     []bool // by item; false where all answers are the same and the curve is flat
	Unbounded     []bool // by item; true where the answers set no limit to the slope, see unbounded
}

// Fit estimates the items of a response matrix by marginal maximum likelihood over
// a standard normal population of abilities:
//
//	ℓ = Σ_i log Σ_q w_q Π_j P_j(θ_q)^x_ij (1 - P_j(θ_q))^(1-x_ij)
//
// with the nodes θ_q and weights w_q of the grid and the product over the items that
// model i answered. A richer kind starts from the poorer one's maximum, among other
// places, and so never ends below it. The sign of the ability is such that it rises
// with the number of correct answers.
//
// The result is the same to the last bit for any number of workers and any order of
// the models. Errors: ErrEmpty, or that of a Start of the wrong length. A context
// that is cancelled ends the fit with what there is and Status Cancelled, which may be
// of a poorer kind than was asked for.
func Fit(ctx context.Context, m *response.Matrix, opts Options) (*Result, error) {
	all, err := fit(ctx, m, opts)
	if err != nil {
		return nil, err
	}
	return all[len(all)-1], nil
}

// FitAll fits every kind of model up to the one in the options, in the time of the
// richest alone, and returns them from the poorest to the richest.
func FitAll(ctx context.Context, m *response.Matrix, opts Options) ([]*Result, error) {
	opts.Start = nil
	return fit(ctx, m, opts)
}

func fit(ctx context.Context, m *response.Matrix, opts Options) ([]*Result, error) {
	models, items := m.Dims()
	if models == 0 || items == 0 {
		return nil, ErrEmpty
	}
	if opts.Start != nil && len(opts.Start) != items {
		return nil, fmt.Errorf("irt: fit of %d items: the start has %d", items, len(opts.Start))
	}
	opts = opts.withDefaults()
	p := newProblem(m, opts)
	start, free := startItems(p.step.p)
	p.free = free
	var all []*Result
	answered := 0
	for i := range models {
		if _, observed := m.Counts(i); observed > 0 {
			answered++
		}
	}
	report := func(s *solution) {
		passes := p.passes
		x := p.orient(s.point)
		all = append(all, &Result{
			Kind: p.kind, Items: x.items, LogLikelihood: x.logLik, Status: s.status,
			Iterations: s.iterations, Passes: passes, Gradient: x.gradientNorm(), Gain: s.gain,
			Models: models, Answered: answered, Patterns: p.step.p.n, Estimated: free, Unbounded: p.unbounded(x),
		})
	}
	switch {
	case !slices.Contains(free, true):
		for p.kind = TwoPL; p.kind <= opts.Kind; p.kind++ {
			report(&solution{point: p.evaluate(start, true), ending: ending{status: Degenerate}})
		}
	case opts.Start != nil:
		p.kind = opts.Kind
		for j, it := range opts.Start {
			if free[j] {
				start[j] = clampItem(it, p.kind)
			}
		}
		report(single(p.kind, p.local(ctx, start, &opts)))
	default:
		for p.kind = TwoPL; p.kind <= opts.Kind; p.kind++ {
			best := p.global(ctx, start, &opts)
			report(best)
			if best.status == Cancelled { // richer kinds would begin anew
				break
			}
			start = best.items
		}
	}
	return all, nil
}

func (o Options) withDefaults() Options {
	if o.Kind == 0 {
		o.Kind = TwoPL
	}
	if o.Grid.Nodes == nil {
		o.Grid = NormalGrid(DefaultNodes, DefaultLimit)
	}
	if o.MaxIterations == 0 {
		o.MaxIterations = 1000
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-5
	}
	if o.Restarts == 0 {
		o.Restarts = DefaultRestarts
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o
}

func newProblem(m *response.Matrix, opts Options) *problem {
	patterns := newPatterns(m)
	p := &problem{
		prior: opts.Prior, workers: opts.Workers,
		step:    newEStep(patterns, opts.Grid, opts.Workers),
		buffers: make([][]float64, opts.Workers),
	}
	for w := range p.buffers {
		p.buffers[w] = make([]float64, len(opts.Grid.Nodes))
	}
	return p
}

// orient turns the ability's direction if it falls with the number of correct
// answers: if Σ_j Σ_q θ_q (r_jq - r_j/n_j · n_jq), the sum of the items' covariances
// with the ability, is negative. A and -A fit equally well on a symmetric grid, the
// only kind that is turned.
func (p *problem) orient(x *point) *point {
	nodes := p.step.grid.Nodes
	for q, theta := range nodes {
		if theta != -nodes[len(nodes)-1-q] || p.step.grid.LogWeight[q] != p.step.grid.LogWeight[len(nodes)-1-q] {
			return x
		}
	}
	x = p.evaluate(x.items, true)
	covariance := make([]float64, len(x.items))
	p.eachItem(func(j int, c counts) {
		r, n, rt, nt := 0.0, 0.0, 0.0, 0.0
		for q, theta := range nodes {
			r += c.right[q]
			n += c.total[q]
			rt += c.right[q] * theta
			nt += c.total[q] * theta
		}
		if n > 0 {
			covariance[j] = rt - r/n*nt
		}
	})
	sum := 0.0
	for _, v := range covariance {
		sum += v
	}
	if sum >= 0 {
		return x
	}
	turned := make([]Item, len(x.items))
	for j, it := range x.items {
		turned[j] = it
		if it.A != 0 {
			turned[j].A = -it.A
		}
	}
	return p.evaluate(turned, true)
}
