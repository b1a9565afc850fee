package reconstruct

import (
	"context"
	"math"
	"sort"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// Selection chooses items by the training models only, and returns the answers of all
// models to them. Every input it returns has the same models in its rows.
type Selection func(ctx context.Context, train response.TrainSet) (*Input, error)

// FitSelected chooses items and fits a model to them, with cross-fitted intervals.
//
// Items that are chosen because they predict the scores of the training models predict
// new scores less well: on 150 models and 100 items chosen greedily, leave-one-out
// intervals of 90 % hold 15 % of new scores. So choice and fit are repeated without each
// of opts.Folds parts of the training models, and the intervals are made from the
// residuals of the part that was left out. It returns the model with the input of its
// items.
func FitSelected(ctx context.Context, choose Selection, train response.TrainSet, opts Options) (*Model, *Input, error) {
	opts = opts.withDefaults()
	in, err := choose(ctx, train)
	if err != nil {
		return nil, nil, err
	}
	var starts []hyper
	if opts.Like != nil {
		starts = opts.Like.hypers()
	}
	f, err := condition(ctx, in, train, opts, starts)
	if err != nil {
		return nil, nil, err
	}
	if opts.PointsOnly {
		return f.model, in, nil
	}
	// The hyper-parameters of the folds are near those of the whole: a third of the
	// iterations is enough.
	starts = f.model.hypers()
	inner := opts
	inner.PointsOnly, inner.Iterations = true, (opts.Iterations+2)/3
	var cases [][]leftOut
	var pairs []pair
	parts := folds(train, opts)
	if !opts.ProcessOnly {
		parts = append(parts, foldsBeyond(in, train)...)
	}
	for k, fold := range parts {
		some, without, err := foldCases(ctx, choose, fold, inner, starts)
		if err != nil {
			return nil, nil, err
		}
		if !fold.beyond {
			of, err := without.model.pairsOf(ctx, without.in, fold.held, stream(opts.Seed, streamPairs+uint64(k)), opts.Workers)
			if err != nil {
				return nil, nil, err
			}
			for _, p := range of {
				p.a, p.b = p.a+len(cases), p.b+len(cases)
				pairs = append(pairs, p)
			}
		}
		for _, c := range some {
			for t := range c {
				c[t].fold = k
			}
		}
		cases = append(cases, some...)
	}
	if err := f.calibrate(ctx, cases); err != nil {
		return nil, nil, err
	}
	f.model.calibratePairs(pairs, cases)
	return f.model, in, nil
}

// CrossValidate returns the RMSE, in points, of choice and fit for models that were left out
// of both, of one benchmark: what FitSelected makes intervals from, without models beyond
// the range.
func CrossValidate(ctx context.Context, choose Selection, train response.TrainSet, opts Options) (float64, error) {
	opts = opts.withDefaults()
	opts.PointsOnly = true
	var starts []hyper
	sum, n := 0.0, 0.0
	for _, fold := range folds(train, opts) {
		cases, fitted, err := foldCases(ctx, choose, fold, opts, starts)
		if err != nil {
			return 0, err
		}
		// The hyper-parameters of one fold are near those of the next.
		starts, opts.Iterations = fitted.model.hypers(), 3
		for _, c := range cases {
			if r := c[0].residual; !math.IsNaN(r) {
				sum += r * r
				n++
			}
		}
	}
	return math.Sqrt(sum / n), nil
}

// hypers are the hyper-parameters of the benchmarks' processes.
func (m *Model) hypers() []hyper {
	var all []hyper
	for _, t := range m.targets {
		all = append(all, t.Hyper)
	}
	return all
}

// foldCases predicts the models held out by a choice and fit on the rest, and returns that
// fit as well.
func foldCases(ctx context.Context, choose Selection, of fold, opts Options, starts []hyper) ([][]leftOut, *fitting, error) {
	held := of.held
	if of.beyond { // the process has little weight there
		opts.Iterations = -1
	}
	in, err := choose(ctx, of.rest)
	if err != nil {
		return nil, nil, err
	}
	f, err := condition(ctx, in, of.rest, opts, starts)
	if err != nil {
		return nil, nil, err
	}
	m, n := f.model, len(in.Benchmarks)
	cases := make([][]leftOut, len(held))
	err = parallel.Try(ctx, len(held), opts.Workers, func(_ context.Context, k, _ int) error {
		s := m.layout.row(in, held[k])
		e, err := m.estimate(s, nil)
		if err != nil {
			return err
		}
		all := 0.0
		for t := range n {
			all += known(in, m, s, t, held[k]) / float64(n)
		}
		cases[k] = m.casesOf(e, func(t int) float64 {
			if t == n {
				return all
			}
			return known(in, m, s, t, held[k])
		})
		for t := range cases[k] {
			cases[k][t].beyond, cases[k][t].from = of.beyond, of.side
		}
		return nil
	})
	return cases, f, err
}

// known returns the true score of a row; NaN where it is unknown or most answers are missing.
func known(in *Input, m *Model, s sheet, t, row int) float64 {
	if g := t % (len(in.Benchmarks) + 1); 2*m.layout.missing(s, g) > m.layout.items[g] {
		return math.NaN()
	}
	return in.truth(t, row)
}

// fold is one repetition of a cross-fitting.
type fold struct {
	rest   response.TrainSet
	held   []int
	beyond bool // the held ones are all better, or all worse, than the rest
	side   int  // 1 for better
}

// folds divides the training models at random into opts.Folds parts of about equal size.
// Where there are groups, a part has whole ones.
func folds(train response.TrainSet, opts Options) []fold {
	rng := stream(opts.Seed, streamFolds)
	var units [][]int
	if opts.Groups == nil {
		for _, i := range train.Rows {
			units = append(units, []int{i})
		}
	} else {
		unitOf := make(map[string]int)
		for _, i := range train.Rows {
			g := opts.Groups[i]
			if _, ok := unitOf[g]; !ok {
				unitOf[g] = len(units)
				units = append(units, nil)
			}
			units[unitOf[g]] = append(units[unitOf[g]], i)
		}
	}
	rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	// The largest group first, each to the part that is smallest then.
	sort.SliceStable(units, func(i, j int) bool { return len(units[i]) > len(units[j]) })
	held := make([][]int, min(opts.Folds, len(units)))
	for _, u := range units {
		least := 0
		for k := range held {
			if len(held[k]) < len(held[least]) {
				least = k
			}
		}
		held[least] = append(held[least], u...)
	}
	out := make([]fold, len(held))
	for k := range held {
		sort.Ints(held[k])
		out[k].held = held[k]
		for l := range held {
			if l != k {
				out[k].rest.Rows = append(out[k].rest.Rows, held[l]...)
			}
		}
		sort.Ints(out[k].rest.Rows)
	}
	return out
}
