package distill

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/floats"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/internal/rank"
	"metabench/analysis/smooth"
)

// SubsetOptions controls RandomSubsets. Zero fields mean the published values.
type SubsetOptions struct {
	Size     int // items of a subset; 350
	Subsets  int // subsets tried; 10,000
	Folds    int // of the cross validation; 5
	Seed     uint64
	Workers  int                   // goroutines; 0 means 1; does not change the result
	Smooth   smooth.Smooth         // from sub-score to score
	Progress func(done, total int) // called now and then, from one goroutine at a time; may be nil
}

func (o SubsetOptions) withDefaults() SubsetOptions {
	if o.Size == 0 {
		o.Size = 350
	}
	if o.Subsets == 0 {
		o.Subsets = 10000
	}
	if o.Folds == 0 {
		o.Folds = 5
	}
	o.Workers = max(o.Workers, 1)
	return o
}

// Subset is the outcome of RandomSubsets.
type Subset struct {
	Items []int   // ascending
	Index int     // which of the subsets tried it is
	Worst float64 // largest RMSE of a fold, points
}

// RandomSubsets tries random subsets of the available items and keeps the one whose
// worst fold is best (minimax). For each subset and each fold of the models, a
// smooth from sub-score to score is fitted to the other folds, and its root mean
// square error on this one is the error of the fold. A subset of which a fold can't be
// fitted is not kept; where that is so of all, it returns the first one's error.
//
// The folds are the same for all subsets, and balanced: of each k models that are
// neighbours in score, every fold gets one. A sub-score is a whole number from 0
// to Size, so a smooth sees at most Size+1 distinct values. A model that lacks
// answers gets its share of correct ones times Size, rounded.
//
// A subset is given up at its first fold that is worse than the best worst fold so far,
// which leaves the result as it is and saves most of the smooths.
func RandomSubsets(ctx context.Context, s *Sample, o SubsetOptions) (*Subset, error) {
	o = o.withDefaults()
	if err := s.check(o.Size); err != nil {
		return nil, err
	}
	models, _ := s.Dims()
	if o.Folds < 2 {
		return nil, fmt.Errorf("distill: %d folds are too few to cross-validate with", o.Folds)
	}
	if models < 2*o.Folds {
		return nil, &TooFewModelsError{Models: models, Need: 2 * o.Folds}
	}
	if err := o.Smooth.Validate(); err != nil {
		return nil, fmt.Errorf("distill: %w", err)
	}
	search := &subsetSearch{sample: s, options: o, fold: balancedFolds(s.scores, o.Folds, o.Seed)}
	worst, err := search.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("random subsets: %w", err)
	}
	best := floats.MinIdx(worst)
	return &Subset{Items: search.draw(best, nil), Index: best, Worst: worst[best]}, nil
}

// balancedFolds deals the models, in order of score, to the folds: each run of
// folds neighbours in random order.
func balancedFolds(scores []float64, folds int, seed uint64) []int {
	rng := rand.New(rand.NewPCG(seed, 0))
	fold := make([]int, len(scores))
	var deal []int
	for k, i := range rank.Order(scores) {
		if k%folds == 0 {
			deal = rng.Perm(folds)
		}
		fold[i] = deal[k%folds]
	}
	return fold
}

type subsetSearch struct {
	sample  *Sample
	options SubsetOptions
	fold    []int
}

// draw returns subset k, ascending, reusing dst. It depends on the seed and k only.
func (c *subsetSearch) draw(k int, dst []int) []int {
	rng := rand.New(rand.NewPCG(c.options.Seed, uint64(k)+1))
	available := c.sample.available
	// Selection sampling (Knuth, TAOCP 3.4.2, algorithm S) gives them in order.
	dst = dst[:0]
	for i, j := range available {
		if rng.IntN(len(available)-i) < c.options.Size-len(dst) {
			dst = append(dst, j)
		}
	}
	return dst
}

// run returns the worst fold of each subset; +Inf for those that were given up or
// can't be fitted.
func (c *subsetSearch) run(ctx context.Context) ([]float64, error) {
	n := c.options.Subsets
	worst, errs := make([]float64, n), make([]error, n)
	bound := newMinimum()
	worker := make([]*subsetWorker, c.options.Workers)
	var reporting sync.Mutex
	done := 0
	err := parallel.Until(ctx, n, c.options.Workers, func(k, w int) {
		if worker[w] == nil {
			worker[w] = newSubsetWorker(c)
		}
		worst[k], errs[k] = worker[w].try(k, bound)
		reporting.Lock()
		defer reporting.Unlock()
		done++
		if c.options.Progress != nil && (done%100 == 0 || done == n) {
			c.options.Progress(done, n)
		}
	})
	if err == nil && !slices.Contains(errs, nil) {
		err = errs[0]
	}
	return worst, err
}

// minimum is the smallest of the non-negative numbers that goroutines have found.
type minimum struct{ bits atomic.Uint64 }

func newMinimum() *minimum {
	m := &minimum{}
	m.bits.Store(math.Float64bits(math.Inf(1)))
	return m
}

func (m *minimum) get() float64 { return math.Float64frombits(m.bits.Load()) }

// add takes v into account. Non-negative numbers are ordered as their bits.
func (m *minimum) add(v float64) {
	for old := m.bits.Load(); math.Float64bits(v) < old; old = m.bits.Load() {
		if m.bits.CompareAndSwap(old, math.Float64bits(v)) {
			return
		}
	}
}

// subsetTolerance is the relative gain in GCV at which the smooths of a search stop:
// what is left moves a fold's error by less than a thousandth of a point.
const subsetTolerance = 1e-5

// subsetWorker has the memory for trying one subset after the other.
type subsetWorker struct {
	*subsetSearch
	items    []int
	tally    *tally
	counts   []int
	observed []int
	whole    []int // share of all correct answers × Size, for models without an answer
	points   smooth.Points
	foldW    [][]float64 // per fold and sub-score: models, sum of scores
	foldSum  [][]float64
	foldYY   []float64 // per fold: sum of squared scores
	foldN    []float64
	yy       float64
	fitter   *smooth.CurveFitter
	curve    smooth.Curve
}

func newSubsetWorker(c *subsetSearch) *subsetWorker {
	models, _ := c.sample.Dims()
	size, folds := c.options.Size, c.options.Folds
	w := &subsetWorker{
		subsetSearch: c,
		tally:        newTally(models, size), counts: make([]int, models),
		points: smooth.Points{X: make([]float64, size+1), Weight: make([]float64, size+1), Sum: make([]float64, size+1)},
		foldYY: make([]float64, folds), foldN: make([]float64, folds),
		fitter: smooth.NewCurveFitter(c.options.Smooth),
	}
	w.fitter.Tolerance = subsetTolerance
	for b := range w.points.X {
		w.points.X[b] = float64(b)
	}
	for range folds {
		w.foldW = append(w.foldW, make([]float64, size+1))
		w.foldSum = append(w.foldSum, make([]float64, size+1))
	}
	for i, y := range c.sample.scores {
		w.foldYY[c.fold[i]] += y * y
		w.foldN[c.fold[i]]++
	}
	for _, v := range w.foldYY {
		w.yy += v
	}
	if !c.sample.complete {
		w.observed, w.whole = make([]int, models), make([]int, models)
		for i := range w.whole {
			w.whole[i] = scaled(c.sample.answers.Counts(i))(size)
		}
	}
	return w
}

// scaled returns round(correct/observed·size) as a function of size.
func scaled(correct, observed int) func(size int) int {
	return func(size int) int {
		if observed == 0 {
			return 0
		}
		return (2*correct*size + observed) / (2 * observed)
	}
}

// subscores fills counts with the models' sub-scores on items.
func (w *subsetWorker) subscores(items []int) {
	columns, size := w.sample.columns, w.options.Size
	w.tally.add(columns.CorrectWords, items)
	w.tally.read(w.counts)
	if w.sample.complete {
		return
	}
	w.tally.add(columns.ObservedWords, items)
	w.tally.read(w.observed)
	for i, n := range w.observed {
		switch n {
		case size:
		case 0:
			w.counts[i] = w.whole[i]
		default:
			w.counts[i] = scaled(w.counts[i], n)(size)
		}
	}
}

// try returns the worst fold of subset k and adds it to the bound; or +Inf once a fold is
// worse than the bound. Which subsets are given up depends on the order in which they
// are tried, but the best and those equal to it never are.
func (w *subsetWorker) try(k int, bound *minimum) (float64, error) {
	w.items = w.draw(k, w.items)
	w.subscores(w.items)
	for f := range w.foldW {
		clear(w.foldW[f])
		clear(w.foldSum[f])
	}
	for i, score := range w.counts {
		f := w.fold[i]
		w.foldW[f][score]++
		w.foldSum[f][score] += w.sample.scores[i]
	}
	worst := 0.0
	for f := range w.foldW {
		rmse, err := w.judge(f)
		if err != nil {
			return math.Inf(1), fmt.Errorf("subset %d, fold %d: %w", k+1, f+1, err)
		}
		if worst = max(worst, rmse); worst > bound.get() {
			return math.Inf(1), nil
		}
	}
	bound.add(worst)
	return worst, nil
}

// judge fits the smooth to all folds but one and returns its RMSE on that one,
// √((Σ_b n_b ŷ_b² - 2 ŷ_b Σy_b + Σy²) / n) over the sub-scores b.
func (w *subsetWorker) judge(fold int) (float64, error) {
	clear(w.points.Weight)
	clear(w.points.Sum)
	for f := range w.foldW {
		if f == fold {
			continue
		}
		for b, n := range w.foldW[f] {
			w.points.Weight[b] += n
			w.points.Sum[b] += w.foldSum[f][b]
		}
	}
	w.points.SumSquares = w.yy - w.foldYY[fold]
	if err := w.fitter.Fit(&w.curve, w.points); err != nil {
		return 0, err
	}
	squares := w.foldYY[fold]
	for b, n := range w.foldW[fold] {
		if n > 0 {
			fitted := w.curve.At(w.points.X[b])
			squares += fitted * (n*fitted - 2*w.foldSum[fold][b])
		}
	}
	return math.Sqrt(max(squares, 0) / w.foldN[fold]), nil
}
