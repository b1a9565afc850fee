package reconstruct

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"metabench/analysis/design"
	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// Options are the settings of a Fit. The zero value is a good choice.
type Options struct {
	Seed       uint64  // of the subset, the imputations and the masking
	Level      float64 // nominal probability of the intervals; 0 means 0.9
	Workers    int     // goroutines, also of predictions of many models; 0 means one a processor; does not change the result
	Subset     int     // training models in the search for hyper-parameters; 0 means 800
	Iterations int     // most iterations of that search; 0 means 25, less than 0 none
	Folds      int     // of the cross-fitting in FitSelected; 0 means 5
	PointsOnly bool    // make no intervals (they are 0 to 100), which saves more than half of the time

	// ProcessOnly leaves the estimate by design out. Where the answers to a benchmark's other
	// items are unknown, nothing says how a model beyond the range of the training models
	// would answer them: of the weakest models the design alone says scores far below chance.
	ProcessOnly bool

	// Like is a model of the same benchmarks whose hyper-parameters the search begins at,
	// where they are near: fewer iterations get there. Nil for none.
	Like *Model

	// Groups labels each model of the table, for example with its family. Where set,
	// whole groups are left out when the intervals are made, so that the intervals hold
	// for models of a new group; they are wider.
	Groups []string
}

func (o Options) withDefaults() Options {
	if o.Level == 0 {
		o.Level = 0.9
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Subset <= 0 {
		o.Subset = 800
	}
	if o.Iterations == 0 {
		o.Iterations = 25
	}
	if o.Folds <= 1 {
		o.Folds = 5
	}
	return o
}

// MinModels is the smallest number of training models with a known score that a
// benchmark needs.
const MinModels = 20

// TooFewModelsError says that a benchmark has too few training models for a fit.
type TooFewModelsError struct {
	Benchmark string
	Models    int
}

func (e *TooFewModelsError) Error() string {
	return fmt.Sprintf("fit %s: %d training models have both answers and a score, at least %d are needed: add models or leave the benchmark out",
		e.Benchmark, e.Models, MinModels)
}

// Model estimates scores from answers. It is immutable and safe for concurrent
// use.
type Model struct {
	level      float64
	seed       uint64
	workers    int // of predictions of many models; 0 for one a processor; not encoded
	benchmarks []identity
	layout     layout
	rows       [][]uint64  // completed answers of the training models
	shares     [][]float64 // their sub-scores, derived from rows
	targets    []*target   // one a benchmark
	taskMeans  []*target   // one a benchmark, nil where the fit had none
	mean       calibration // of the mean of all benchmarks; unused when there is only one
	meanExtent extent
	pairs      []pairCalibration // one a benchmark and one of the mean; nil where nothing was left out
}

// identity is the name, metric and items of a benchmark; answers to be used must agree
// with it.
type identity struct {
	Name, Metric string
	Items        []string
}

// target is the process of one benchmark. The names of the exported fields are those of
// encoded models.
type target struct {
	Rows     []int32 // training models, as indices of Model.rows
	Centre   float64 // mean score, points
	Spread   float64 // standard deviation of the scores, points
	Hyper    hyper
	Shares   []float64 // mean sub-scores, the centre of the linear term
	Alpha    []float64
	Scores   []float64 // standardised, of the rows
	Interval calibration
	Design   *design.Estimator // on the answers to the benchmark's own items
	Extent   extent
	Blend    blend

	kernel *kernel   // derived from Hyper and Shares
	own    []float64 // derived: covariance of each row with itself
}

// The processes of a model have numbers. With n benchmarks, those of the scores are 0 to
// n - 1, and those of the means of tasks n + 1 to 2n. The number n stands for the mean of
// all benchmarks, which has no process of its own.

// numbers is how many process numbers there are.
func (m *Model) numbers() int { return 2*len(m.benchmarks) + 1 }

// process returns the process with a number; nil where there is none.
func (m *Model) process(t int) *target {
	switch n := len(m.benchmarks); {
	case t < n:
		return m.targets[t]
	case t > n:
		return m.taskMeans[t-n-1]
	}
	return nil
}

// truth returns the true score of a row that process number t estimates; NaN where it is
// unknown.
func (in *Input) truth(t, row int) float64 {
	n := len(in.Benchmarks)
	switch {
	case t < n:
		return in.Benchmarks[t].Scores[row]
	case t > n && in.Benchmarks[t-n-1].TaskMeans != nil:
		return in.Benchmarks[t-n-1].TaskMeans[row]
	case t > n:
		return math.NaN()
	}
	mean := 0.0
	for _, b := range in.Benchmarks {
		mean += b.Scores[row] / float64(n)
	}
	return mean
}

// Fit fits a process to each benchmark of the input, by the answers and scores of the
// training models. A model without answers to a benchmark, or without its score, is used
// for the other benchmarks. Validation and test models of the input are not used.
//
// The items must have been chosen without the scores of the training models (at random,
// say, or by somebody else's data); otherwise the intervals are too narrow, and
// FitSelected is the right call.
//
// It returns a *TooFewModelsError when a benchmark has too few models, and the
// context's error when cancelled.
func Fit(ctx context.Context, in *Input, train response.TrainSet, opts Options) (*Model, error) {
	fixed := func(context.Context, response.TrainSet) (*Input, error) { return in, nil }
	m, _, err := FitSelected(ctx, fixed, train, opts)
	return m, err
}

// condition makes a model without intervals. The search for hyper-parameters begins at
// starts, one a benchmark, or where they are nil, at the centre of the prior.
func condition(ctx context.Context, in *Input, train response.TrainSet, opts Options, starts []hyper) (*fitting, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	f, err := newFitting(ctx, in, train, opts.withDefaults())
	if err != nil {
		return nil, err
	}
	f.starts = starts
	for b := range in.Benchmarks {
		if err := f.target(ctx, b); err != nil {
			return nil, err
		}
	}
	for b := range in.Benchmarks {
		if err := f.taskMean(ctx, b); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// fitting is the state of a Fit.
type fitting struct {
	in    *Input
	opts  Options
	train []int
	sheet []sheet // answers as observed, one a training model
	model *Model
	state []*conditioned // by process number; nil where there is none

	masked []*exclusion // models that are predicted with masked answers
	starts []hyper      // see condition
}

// conditioned is what calibration needs of a process.
type conditioned struct {
	points  points
	pointOf map[int]int // training model → point
}

func newFitting(ctx context.Context, in *Input, train response.TrainSet, opts Options) (*fitting, error) {
	n := len(in.Benchmarks)
	m := &Model{level: opts.Level, seed: opts.Seed, workers: opts.Workers, mean: uncalibrated(), targets: make([]*target, n), taskMeans: make([]*target, n)}
	items := make([]int, len(in.Benchmarks))
	for g, b := range in.Benchmarks {
		items[g] = len(b.Items)
		m.benchmarks = append(m.benchmarks, identity{b.Name, b.Metric, b.Items})
	}
	m.layout = newLayout(items)
	f := &fitting{in: in, opts: opts, train: train.Rows, model: m, state: make([]*conditioned, m.numbers())}
	for _, i := range train.Rows {
		f.sheet = append(f.sheet, m.layout.row(in, i))
	}
	imputer := newImputer(m.layout, f.sheet, stream(opts.Seed, streamFactors), opts.Workers)
	m.rows = make([][]uint64, len(f.sheet))
	err := parallel.Try(ctx, len(f.sheet), opts.Workers, func(_ context.Context, i, _ int) error {
		m.rows[i] = f.sheet[i].correct
		if !m.layout.missingAny(f.sheet[i]) {
			return nil
		}
		p, err := imputer.posterior(m.layout, f.sheet[i])
		if err != nil {
			return err
		}
		m.rows[i] = imputer.complete(m.layout, f.sheet[i], p, stream(opts.Seed, streamRows+uint64(i)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.derive()
	m.meanExtent = extent{High: 100, Unit: defaultUnit}
	var means []float64
	for _, i := range train.Rows {
		if y := in.truth(n, i); !math.IsNaN(y) {
			means = append(means, y)
		}
	}
	if len(means) > 0 {
		m.meanExtent = extentOf(means)
	}
	if !opts.PointsOnly {
		f.chooseMasked()
	}
	return f, nil
}

// chooseMasked picks the models that will be predicted with masked answers: those with
// the fewest benchmarks of missing answers.
func (f *fitting) chooseMasked() {
	var rows []int
	for least := 0; len(rows) < maskedModels && least <= f.model.layout.groups(); least++ {
		for i, s := range f.sheet {
			lacking := 0
			for g := range f.model.layout.items {
				if f.model.layout.missing(s, g) > 0 {
					lacking++
				}
			}
			if lacking == least {
				rows = append(rows, i)
			}
		}
	}
	for _, i := range thin(rows, maskedModels) {
		f.masked = append(f.masked, &exclusion{row: i})
	}
}

// derive fills the fields that are not encoded.
func (m *Model) derive() {
	m.shares = make([][]float64, len(m.rows))
	for i, row := range m.rows {
		m.shares[i] = make([]float64, m.layout.groups())
		m.layout.shares(row, m.shares[i])
	}
	for t := range m.numbers() {
		if p := m.process(t); p != nil {
			p.derive(m)
		}
	}
}

func (t *target) derive(m *Model) {
	t.kernel = newKernel(t.Hyper, m.layout, t.Shares)
	t.own = make([]float64, len(t.Rows))
	zero := make([]int, m.layout.groups())
	for k, i := range t.Rows {
		t.own[k] = t.kernel.at(zero, m.shares[i], m.shares[i])
	}
}

// scored gives a process of the first version the scores that its weights are of: y = A α.
func (t *target) scored(m *Model) {
	n, h := len(t.Rows), make([]int, m.layout.groups())
	t.Scores = make([]float64, n)
	for a, i := range t.Rows {
		t.Scores[a] += (t.own[a] + t.Hyper.Noise + noiseFloor) * t.Alpha[a]
		for b := a + 1; b < n; b++ {
			j := t.Rows[b]
			m.layout.distances(m.rows[i], m.rows[j], h)
			c := t.kernel.at(h, m.shares[i], m.shares[j])
			t.Scores[a] += c * t.Alpha[b]
			t.Scores[b] += c * t.Alpha[a]
		}
	}
}

// The streams of random numbers that a fit draws from. Each row has its own, so that
// the order of work does not matter.
const (
	streamFactors = iota
	streamSubset
	streamFolds
	streamMask  = 1 << 16
	streamPairs = 1 << 24
	streamRows  = 1 << 32
)

func stream(seed, number uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, number)) }

// target fits the process of one benchmark's score.
func (f *fitting) target(ctx context.Context, b int) error {
	m := f.model
	bench := f.in.Benchmarks[b]
	t, c := f.points(b, b)
	if n := c.points.len(); n < MinModels {
		return &TooFewModelsError{Benchmark: bench.Name, Models: n}
	}
	prior := startHyper(m.layout, b)
	start := prior
	if f.starts != nil {
		start = f.starts[b]
	}
	some := c.points.subset(f.subset(t.Rows))
	of := func(logs []float64) covariance {
		return answerCovariance{some, newKernel(prior.withLogs(logs), m.layout, t.Shares)}
	}
	t.Hyper = start
	if f.opts.Iterations > 0 {
		logs, err := maximise(ctx, of, some.y, prior.logs(), start.logs(), f.opts.Iterations, f.opts.Workers)
		if err != nil {
			return fmt.Errorf("fit %s: %w", bench.Name, err)
		}
		t.Hyper = prior.withLogs(logs)
	}
	if err := f.design(ctx, b, b, t, c); err != nil {
		return err
	}
	m.targets[b] = t
	return f.solve(ctx, b, t, c)
}

// taskMean fits the process of one benchmark's mean over its tasks, with the
// hyper-parameters of its score, which is nearly the same quantity.
func (f *fitting) taskMean(ctx context.Context, b int) error {
	if f.in.Benchmarks[b].TaskMeans == nil {
		return nil
	}
	number := len(f.in.Benchmarks) + 1 + b
	t, c := f.points(number, b)
	if c.points.len() < MinModels {
		return nil // the score alone is estimated
	}
	t.Hyper = f.model.targets[b].Hyper
	if err := f.design(ctx, number, b, t, c); err != nil {
		return err
	}
	f.model.taskMeans[b] = t
	return f.solve(ctx, number, t, c)
}

// points returns the target and the points of process number t: the training models
// with a score that it estimates and with most answers to benchmark b.
func (f *fitting) points(number, b int) (*target, *conditioned) {
	m := f.model
	t := &target{Shares: make([]float64, m.layout.groups()), Interval: uncalibrated(), Blend: defaultBlend}
	p := points{layout: m.layout}
	c := &conditioned{pointOf: make(map[int]int)}
	for i, row := range f.train {
		score := f.in.truth(number, row)
		if math.IsNaN(score) || 2*m.layout.missing(f.sheet[i], b) > m.layout.items[b] {
			continue
		}
		c.pointOf[i] = p.len()
		t.Rows = append(t.Rows, int32(i))
		p.correct = append(p.correct, m.rows[i])
		p.shares = append(p.shares, m.shares[i])
		p.y = append(p.y, score)
	}
	if n := p.len(); n > 0 {
		t.Extent = extentOf(p.y)
		t.Centre, t.Spread = standardise(p.y)
		for _, u := range p.shares {
			for g, v := range u {
				t.Shares[g] += v / float64(n)
			}
		}
	}
	c.points = p
	return t, c
}

// solve conditions a process on its points.
func (f *fitting) solve(ctx context.Context, number int, t *target, c *conditioned) error {
	t.derive(f.model)
	alpha, err := solve(answerCovariance{c.points, t.kernel}, c.points.y, f.opts.Workers)
	if err != nil {
		return fmt.Errorf("fit %s: %w", f.in.Benchmarks[number%(len(f.in.Benchmarks)+1)].Name, err)
	}
	t.Alpha, t.Scores = alpha, c.points.y
	f.state[number] = c
	return ctx.Err()
}

// subset chooses points for the search of the hyper-parameters at random, those without
// imputed answers first.
func (f *fitting) subset(rows []int32) []int {
	var whole, rest []int
	for k, i := range rows {
		if f.model.layout.missingAny(f.sheet[i]) {
			rest = append(rest, k)
		} else {
			whole = append(whole, k)
		}
	}
	rng := stream(f.opts.Seed, streamSubset)
	rng.Shuffle(len(whole), func(i, j int) { whole[i], whole[j] = whole[j], whole[i] })
	rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	whole = append(whole, rest...)
	return whole[:min(f.opts.Subset, len(whole))]
}

// standardise replaces values by their standard scores and returns the mean and
// the standard deviation, 1 where all values are equal.
func standardise(y []float64) (mean, sd float64) {
	n := float64(len(y))
	for _, v := range y {
		mean += v / n
	}
	for _, v := range y {
		sd += (v - mean) * (v - mean) / n
	}
	sd = math.Sqrt(sd)
	if sd == 0 {
		sd = 1
	}
	for i := range y {
		y[i] = (y[i] - mean) / sd
	}
	return mean, sd
}

// Benchmarks returns the names of the benchmarks, in the order of predictions.
func (m *Model) Benchmarks() []string {
	names := make([]string, len(m.benchmarks))
	for k, b := range m.benchmarks {
		names[k] = b.Name
	}
	return names
}

// Items returns the keys of the items that the estimates are made from, and the
// metric that their answers must be scored by.
func (m *Model) Items(benchmark string) (items []string, metric string, err error) {
	for _, b := range m.benchmarks {
		if b.Name == benchmark {
			return append([]string(nil), b.Items...), b.Metric, nil
		}
	}
	return nil, "", &UnknownError{Benchmark: benchmark}
}
