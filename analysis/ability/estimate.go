package ability

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"

	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// Estimate is an ability and its standard error, both in SD of the population.
type Estimate struct {
	Theta float64 `json:"theta"`
	SE    float64 `json:"se"`

	// Capped reports that SE is an upper limit instead of 1/√information, because the
	// answers have less information than the limit. It is the prior's SD, 1, for MAP, and
	// Bound/√3, the SD of an ability that is uniform within the bounds, for ML and WLE;
	// EAP and EAPSum have none.
	Capped bool `json:"capped,omitempty"`
}

// Options say how abilities are estimated. The zero value is MAP on all cores.
type Options struct {
	Method Method

	// Nodes is the number of equidistant quadrature nodes on [-6, 6] for EAP and
	// EAPSum. 0 chooses as many as the narrowest posterior needs and, for EAP,
	// refines where that is not enough; 61 gives the rule of mirt.
	Nodes int

	// Bound limits ML and WLE to |θ| ≤ Bound; 0 means DefaultBound. Without it the ML
	// ability of a model with every answer correct would be infinite.
	Bound float64

	// Workers is the number of goroutines; 0 means GOMAXPROCS. It does not change a
	// bit of the result.
	Workers int
}

// DefaultBound limits the abilities of ML and WLE where Options.Bound is 0.
const DefaultBound = 6.0

func (o Options) check() error {
	switch {
	case o.Method > WLE:
		return fmt.Errorf("unknown method %d", o.Method)
	case o.Nodes < 0 || o.Nodes == 1:
		return fmt.Errorf("%d nodes: need 0 for automatic or at least 2", o.Nodes)
	case o.Bound < 0 || math.IsNaN(o.Bound) || math.IsInf(o.Bound, 0):
		return fmt.Errorf("bound %v: need a positive number of SD", o.Bound)
	case o.Workers < 0:
		return fmt.Errorf("%d workers: need 0 for all cores or more", o.Workers)
	}
	return nil
}

// Scorer estimates abilities for a fixed set of items. It is read-only after New
// and may be used by many goroutines at once.
type Scorer struct {
	items   []irt.Item
	method  Method
	fixed   bool // the caller chose the nodes
	bound   float64
	workers int

	grid      []float64 // equidistant nodes
	curve     curves    // log-probabilities at the nodes
	curvature curvature // MAP, ML: bounds on the second derivative
	warm      warmTable // WLE
	sum       *sumTable // EAPSum: of all the items
}

// New prepares a Scorer. It returns an error for options out of range and for an
// item that is no response curve (parameters not finite, or not 0 ≤ G < U ≤ 1).
func New(items []irt.Item, opts Options) (*Scorer, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("ability: %w", err)
	}
	for j, it := range items {
		if err := checkItem(it); err != nil {
			return nil, fmt.Errorf("ability: item %d: %w", j+1, err)
		}
	}
	s := &Scorer{
		items: items, method: opts.Method, fixed: opts.Nodes > 0,
		bound: opts.Bound, workers: opts.Workers,
	}
	if s.bound == 0 {
		s.bound = DefaultBound
	}
	if s.workers == 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	s.prepare(opts.Nodes)
	return s, nil
}

func (s *Scorer) prepare(nodes int) {
	switch s.method {
	case MAP:
		s.prepareMode(1, quadratureLimit)
	case ML:
		s.prepareMode(0, s.bound)
	case WLE:
		s.grid = warmGrid(s.items, s.bound)
		s.curve = newCurves(s.items, s.grid, nil)
		s.warm = newWarmTable(s.items, s.grid)
	case EAP, EAPSum:
		if nodes == 0 {
			nodes = fineNodes(s.items)
		}
		s.grid = equidistant(nodes, quadratureLimit)
		var items []irt.Item
		if s.method == EAP {
			items = s.items
		}
		s.curve = newCurves(items, s.grid, logPrior(s.grid))
	}
	if s.method == EAPSum {
		all := make([]int, len(s.items))
		for j := range all {
			all[j] = j
		}
		s.sum = s.newSumTable(all, s.workers)
	}
}

// errShape is returned when answers and items do not belong together.
var errShape = errors.New("answers and items differ in number")

// Pattern estimates the ability of one model: answers[j] is its answer to item j.
// The result is that of All to the last bit.
func (s *Scorer) Pattern(answers []response.Answer) (Estimate, error) {
	m := response.New(1, len(answers))
	for j, a := range answers {
		if a > response.Correct && a != response.Missing {
			return Estimate{}, fmt.Errorf("ability: answer %d is none of wrong, correct, missing", j+1)
		}
		m.Set(0, j, a)
	}
	out, err := s.All(context.Background(), m)
	if err != nil {
		return Estimate{}, err
	}
	return out[0], nil
}

// All estimates the ability of every row of a models × items matrix, whose columns
// are the Scorer's items. It returns the context's error if cancelled.
func (s *Scorer) All(ctx context.Context, m *response.Matrix) ([]Estimate, error) {
	models, items := m.Dims()
	if items != len(s.items) {
		return nil, fmt.Errorf("ability: %w: %d columns of answers, %d items", errShape, items, len(s.items))
	}
	out := make([]Estimate, models)
	var err error
	if s.method == EAPSum {
		err = s.sumScores(ctx, m, out)
	} else {
		err = s.rows(ctx, m, func(model int, row []float64, p pattern) { out[model] = s.finish(row, p) })
	}
	if err != nil {
		return nil, fmt.Errorf("ability: %w", err)
	}
	return out, nil
}

// finish turns the log-likelihood of a pattern at the nodes (with the prior, where
// the method has one) into the estimate.
func (s *Scorer) finish(row []float64, p pattern) Estimate {
	switch s.method {
	case MAP, ML:
		return s.mode(row, p)
	case EAP:
		return s.mean(row, p)
	case WLE:
		return s.weighted(row, p, s.weightOf(p))
	}
	panic("ability: method without a rule")
}

// Estimates estimates the ability of every row of a models × items matrix. It is
// New and Scorer.All in one.
func Estimates(ctx context.Context, m *response.Matrix, items []irt.Item, opts Options) ([]Estimate, error) {
	s, err := New(items, opts)
	if err != nil {
		return nil, err
	}
	return s.All(ctx, m)
}

func checkItem(it irt.Item) error {
	for _, v := range []float64{it.A, it.D, it.G, it.U} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("parameters %v are not finite", it)
		}
	}
	if it.G < 0 || it.G >= it.U || it.U > 1 {
		return fmt.Errorf("asymptotes g = %v, u = %v: need 0 ≤ g < u ≤ 1", it.G, it.U)
	}
	return nil
}
