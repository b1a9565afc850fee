package distill

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"metabench/analysis/ability"
	"metabench/analysis/internal/parallel"
	"metabench/analysis/irt"
)

// Candidate is one way to judge items: an item response model fitted to all of
// them, with the models' abilities by one estimator.
type Candidate struct {
	Kind      irt.Kind
	Estimator ability.Method
	Items     []irt.Item // one an item of the sample
	Abilities []float64  // of the models that the grids are made from
}

// Trial is one evaluation of a Search.
type Trial struct {
	Kind      irt.Kind
	Estimator ability.Method
	Grid      GridType
	Threshold float64 // least information (1/SD²)
	Picks     []Pick
	RMSE      float64 // points, on the validation models
	Objective float64 // RMSE + λ·items
	Chosen    bool
}

// Evaluate fits the trial's picks anew to the training models, by the trial's kind and
// estimator, and returns the root mean square error (points) of the reconstructed scores
// of the validation models. It returns +Inf for picks that can't be fitted; an error ends
// the search. It is called by several goroutines at once if Workers > 1.
type Evaluate func(ctx context.Context, t Trial) (rmse float64, err error)

// SearchOptions controls a Search. Zero fields mean the defaults named.
type SearchOptions struct {
	Lambda     float64 // λ, points an item; 0.005
	Bins       int     // quantile bins, and points of an even grid; 200
	LeastItems int     // picks below this number are not tried; 10
	Coarse     int     // thresholds tried first for each combination; 7
	Rounds     int     // of refinement, two thresholds each; 3
	Workers    int     // combinations searched at once; 1
	Progress   func(done, total int)
}

func (o SearchOptions) withDefaults() SearchOptions {
	setDefault(&o.Bins, 200)
	setDefault(&o.LeastItems, 10)
	setDefault(&o.Coarse, 7)
	setDefault(&o.Rounds, 3)
	setDefault(&o.Workers, 1)
	if o.Lambda == 0 {
		o.Lambda = 0.005
	}
	return o
}

func setDefault(v *int, fallback int) {
	if *v == 0 {
		*v = fallback
	}
}

// Search minimises RMSE + λ·items over the candidates, both grid types and the
// information threshold. The few categories are enumerated. A threshold changes the
// objective only through the items it leaves, so for each combination thresholds
// are tried that leave from all to LeastItems items in equal ratios, and then,
// in each round, one to either side of the best, half way to its neighbours. Picks
// that were tried before are not tried again.
//
// It returns all trials in the order of the combinations, each combination's by
// evaluation; the best one, of equal ones that with the fewest items, is marked.
func Search(ctx context.Context, candidates []Candidate, evaluate Evaluate, o SearchOptions) ([]Trial, error) {
	o = o.withDefaults()
	var lines []*line
	for _, c := range candidates {
		for _, kind := range []GridType{ObservedGrid, EvenGrid} {
			grid, err := NewGrid(kind, c.Abilities, o.Bins)
			if err != nil {
				return nil, fmt.Errorf("search with %v, %v: %w", c.Kind, c.Estimator, err)
			}
			filter, err := NewFilter(Information(c.Items, grid), grid, o.Bins)
			if err != nil {
				return nil, fmt.Errorf("search with %v, %v: %w", c.Kind, c.Estimator, err)
			}
			lines = append(lines, &line{candidate: c, grid: kind, filter: filter, evaluate: evaluate, options: o})
		}
	}
	var reporting sync.Mutex
	done := 0
	err := parallel.Try(ctx, len(lines), o.Workers, func(ctx context.Context, l, _ int) error {
		err := lines[l].search(ctx)
		reporting.Lock()
		defer reporting.Unlock()
		if done++; o.Progress != nil {
			o.Progress(done, len(lines))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	var trials []Trial
	for _, l := range lines {
		trials = append(trials, l.trials...)
	}
	best := -1
	for k, t := range trials {
		if math.IsInf(t.Objective, 1) || math.IsNaN(t.Objective) {
			continue
		}
		if best < 0 || t.Objective < trials[best].Objective ||
			t.Objective == trials[best].Objective && len(t.Picks) < len(trials[best].Picks) {
			best = k
		}
	}
	if best < 0 {
		return trials, &TooFewItemsError{Trials: len(trials), Least: o.LeastItems}
	}
	trials[best].Chosen = true
	return trials, nil
}

// TooFewItemsError says that no threshold of the information filter leaves items that can
// be fitted.
type TooFewItemsError struct {
	Trials int // that could not be fitted; 0 where the filter leaves fewer items than the least
	Least  int // items of a form
}

func (e *TooFewItemsError) Error() string {
	if e.Trials == 0 {
		return fmt.Sprintf("the information filter leaves fewer than %d items, as many as a form has at least", e.Least)
	}
	return fmt.Sprintf("none of the %d selections of %d or more items that the information filter leaves could be fitted", e.Trials, e.Least)
}

// line is the search along the threshold for one combination.
type line struct {
	candidate Candidate
	grid      GridType
	filter    *Filter
	evaluate  Evaluate
	options   SearchOptions

	trials []Trial
	sizes  []float64 // log of the size aimed at, one a trial
}

// search tries the coarse thresholds and refines around the best.
func (l *line) search(ctx context.Context) error {
	most, least := math.Log(float64(len(l.filter.Select(0)))), math.Log(float64(l.options.LeastItems))
	if most < least {
		return nil
	}
	for k := range l.options.Coarse {
		at := most - (most-least)*float64(k)/float64(max(l.options.Coarse-1, 1))
		if err := l.try(ctx, at); err != nil {
			return err
		}
	}
	for range l.options.Rounds {
		best := l.best()
		if best < 0 {
			return nil
		}
		at := l.sizes[best]
		below, above := math.Inf(-1), math.Inf(1)
		for _, s := range l.sizes {
			if s < at {
				below = max(below, s)
			}
			if s > at {
				above = min(above, s)
			}
		}
		for _, neighbour := range []float64{above, below} {
			if !math.IsInf(neighbour, 0) {
				if err := l.try(ctx, (at+neighbour)/2); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (l *line) best() int {
	best := -1
	for k, t := range l.trials {
		if !math.IsInf(t.Objective, 1) && (best < 0 || t.Objective < l.trials[best].Objective) {
			best = k
		}
	}
	return best
}

// try evaluates the threshold that leaves about exp(size) items.
func (l *line) try(ctx context.Context, size float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := Trial{Kind: l.candidate.Kind, Estimator: l.candidate.Estimator, Grid: l.grid}
	t.Threshold = l.filter.threshold(int(math.Round(math.Exp(size))))
	t.Picks = l.filter.Picks(t.Threshold)
	if len(t.Picks) < l.options.LeastItems {
		return nil
	}
	for _, old := range l.trials {
		if slices.Equal(Items(old.Picks), Items(t.Picks)) {
			return nil
		}
	}
	rmse, err := l.evaluate(ctx, t)
	if err != nil {
		return fmt.Errorf("%v, %v, %s grid, %d items: %w", t.Kind, t.Estimator, t.Grid, len(t.Picks), err)
	}
	t.RMSE = rmse
	t.Objective = rmse + l.options.Lambda*float64(len(t.Picks))
	l.trials, l.sizes = append(l.trials, t), append(l.sizes, size)
	return nil
}
