package reconstruct

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"

	"metabench/analysis/internal/parallel"
)

// Difference is the estimated difference of two models' scores on one benchmark, or of the
// Mean of all: the first model's score less the second's, in points.
type Difference struct {
	Benchmark string
	Value     float64
	Lower     float64 // ends of the interval that holds the true difference with the fit's
	Upper     float64 // nominal probability
	Better    float64 // probability that the first model's score is higher

	// Detectable is the true difference that such a comparison tells from none, by an
	// interval that doesn't hold 0, with a probability of Power.
	Detectable float64

	// Joint says that the interval is that of the joint process. It is wider, of two
	// independent errors, where the fit is of a version that left no pairs out.
	Joint bool

	below, above, freedom, level float64
}

// Power is the probability with which a difference that is said to be detectable is detected.
const Power = 0.8

// pairCalibration turns the intervals of two models, which reach l below an estimate and u
// above it, and the correlation ρ of their errors into the interval of the difference
//
//	[d - c √(l_a² + u_b² - 2ρ l_a u_b), d + c √(u_a² + l_b² - 2ρ u_a l_b)]
//
// (Zou 2007, Psychological Methods 12, 399, for c = 1). The factor c is conformal: the
// quantile of pairs left out of the same fit, in bins of the share of items on which the two
// models differ, interpolated between these. The tails are those of Student's t.
//
// The names of the fields are those of encoded models.
type pairCalibration struct {
	Differ  []float64 // mean of each bin, ascending; none where no pairs were left out
	Factor  []float64 // c
	Freedom float64   // degrees of freedom of the errors
}

// pairBins are the ends of the bins as shares of the pairs: finer where models answer alike,
// since there the factor changes most.
var pairBins = []float64{1. / 32, 1. / 16, 1. / 8, 1. / 4, 1. / 2, 3. / 4, 1}

const (
	// pairBinSize is what a bin has at least; fewer pairs go to the next.
	pairBinSize = 120
	// defaultFreedom stands where there are too few pairs to tell.
	defaultFreedom = 6
	mostFreedom    = 60
	// tail is the probability within which the tails are measured, by leastTail pairs or more.
	tail      = 0.99
	leastTail = 400
)

func (p pairCalibration) valid() bool {
	if len(p.Factor) != len(p.Differ) || !sort.Float64sAreSorted(p.Differ) || !(p.Freedom >= 1 && p.Freedom <= mostFreedom) {
		return false
	}
	for k, c := range p.Factor {
		if math.IsNaN(p.Differ[k]) || !(c >= 0) {
			return false
		}
	}
	return true
}

// differenceWidths combines how far the intervals of two models reach.
func differenceWidths(a, b [2]float64, correlation float64) (below, above float64) {
	of := func(x, y float64) float64 {
		if math.IsInf(x, 1) || math.IsInf(y, 1) {
			return math.Inf(1)
		}
		return math.Sqrt(max(0, x*x+y*y-2*correlation*x*y))
	}
	return of(a[0], b[1]), of(a[1], b[0])
}

// meanCorrelation is that of the errors of two means, from the SDs of their parts.
func meanCorrelation(a, b []leftOut, correlation []float64) float64 {
	both, first, second := 0.0, 0.0, 0.0
	for t, r := range correlation {
		both += r * a[t].sd * b[t].sd
		first += a[t].sd * a[t].sd
		second += b[t].sd * b[t].sd
	}
	if !(first > 0 && second > 0) {
		return 0
	}
	return both / math.Sqrt(first*second)
}

// widthsOf returns how far the interval of the difference of two estimates of process number
// t reaches, before the factor.
func (m *Model) widthsOf(t int, a, b []leftOut, correlation []float64) (below, above float64) {
	var c *calibration
	var r float64
	if t < len(m.targets) {
		c, r = &m.targets[t].Interval, correlation[t]
	} else {
		c, r = &m.mean, meanCorrelation(a, b, correlation)
	}
	var x, y [2]float64
	x[0], x[1] = c.widths(a[t])
	y[0], y[1] = c.widths(b[t])
	return differenceWidths(x, y, r)
}

// calibratePairs makes the calibrations of differences from pairs of cases, when those of
// scores are made.
func (m *Model) calibratePairs(pairs []pair, cases [][]leftOut) {
	m.pairs = make([]pairCalibration, len(m.targets)+1)
	for t := range m.pairs {
		var of []pairError
		for _, p := range pairs {
			a, b := cases[p.a], cases[p.b]
			e := (a[t].truth - a[t].score) - (b[t].truth - b[t].score)
			below, above := m.widthsOf(t, a, b, p.correlation)
			w := above
			if e < 0 {
				w = below
			}
			if z := math.Abs(e) / w; !math.IsNaN(z) && w > 0 && !math.IsInf(w, 1) {
				of = append(of, pairError{p.differ, z})
			}
		}
		m.pairs[t] = newPairCalibration(of, m.level)
	}
}

// pairError is the absolute error of a difference in units of what its interval would be
// with a factor of 1.
type pairError struct{ differ, error float64 }

func newPairCalibration(of []pairError, level float64) pairCalibration {
	p := pairCalibration{Freedom: defaultFreedom}
	sort.SliceStable(of, func(i, j int) bool { return of[i].differ < of[j].differ })
	if len(of) == 0 {
		return p
	}
	from := 0
	for _, share := range pairBins {
		to := int(math.Round(share * float64(len(of))))
		if share < 1 && (to-from < pairBinSize || len(of)-to < pairBinSize) {
			continue
		}
		bin := of[from:to]
		from = to
		middle, z := 0.0, make([]float64, len(bin))
		for i, x := range bin {
			middle += x.differ / float64(len(bin))
			z[i] = x.error
		}
		slices.Sort(z)
		rank, ok := quantileRank(len(z), level)
		if !ok {
			return pairCalibration{Freedom: defaultFreedom} // too few for the quantile
		}
		p.Differ, p.Factor = append(p.Differ, middle), append(p.Factor, z[rank-1])
	}
	if len(of) < leastTail {
		return p
	}
	var z []float64
	for _, x := range of {
		if c := interpolate(p.Differ, p.Factor, x.differ); c > 0 {
			z = append(z, x.error/c)
		}
	}
	slices.Sort(z)
	if rank, ok := quantileRank(len(z), tail); ok {
		p.Freedom = freedomOf(z[rank-1], level)
	}
	return p
}

// freedomOf is how many degrees of freedom a t distribution has whose quantile for the tail
// is so many times that for the level.
func freedomOf(ratio, level float64) float64 {
	best, least := 0.0, math.Inf(1)
	for nu := 3.0; nu <= mostFreedom; nu++ {
		if d := math.Abs(twoSided(nu, tail)/twoSided(nu, level) - ratio); d < least {
			best, least = nu, d
		}
	}
	return best
}

// twoSided is the quantile of |t|.
func twoSided(nu, p float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: nu}.Quantile((1 + p) / 2)
}

// difference makes the interval of a difference.
func (p pairCalibration) difference(value, below, above, differ, level float64) Difference {
	if len(p.Differ) > 0 {
		c := interpolate(p.Differ, p.Factor, differ)
		below, above = c*below, c*above
	}
	d := newDifference(value, below, above, p.Freedom, level)
	d.Joint = len(p.Differ) > 0
	return d
}

// newDifference makes a difference of how far its interval reaches below it and above.
func newDifference(value, below, above, freedom, level float64) Difference {
	d := Difference{Value: value, Lower: max(value-below, -100), Upper: min(value+above, 100), below: below, above: above, freedom: freedom, level: level}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}
	q := twoSided(freedom, level)
	towards := below // 0
	if value < 0 {
		towards = above
	}
	switch {
	case value == 0:
		d.Better = 0.5
	case towards == 0 && value < 0:
		d.Better = 0
	case towards == 0:
		d.Better = 1
	default:
		d.Better = t.CDF(q * value / towards)
	}
	d.Detectable = min(100, (below+above)/2*(1+t.Quantile(Power)/q))
	return d
}

// MeanDifference is the difference of the means of benchmarks that are compared one by one.
// Its interval holds for errors that are perfectly correlated between benchmarks; they are
// less so, and it is wider than necessary. There must be at least one.
func MeanDifference(of []Difference) Difference {
	value, below, above, freedom, joint, n := 0.0, 0.0, 0.0, math.Inf(1), true, float64(len(of))
	for _, d := range of {
		value += d.Value / n
		below += d.below / n
		above += d.above / n
		freedom, joint = min(freedom, d.freedom), joint && d.Joint
	}
	d := newDifference(value, below, above, freedom, of[0].level)
	d.Benchmark, d.Joint = Mean, joint
	return d
}

// Compare estimates the differences of scores in pairs of models, given as indices, from the
// items that both of a pair answered: one slice a pair, with a Difference a benchmark, in the
// order of Benchmarks, and one of the Mean where there are several. Where two have no item of
// a benchmark in common, the difference rests on their answers to others.
//
// Errors are those of Predict.
func (m *Model) Compare(ctx context.Context, models [][]Sheet, pairs [][2]int) ([][]Difference, error) {
	sheets := make([]sheet, len(models))
	for k, of := range models {
		var err error
		if sheets[k], err = m.sheet(of); err != nil {
			return nil, err
		}
	}
	c := m.newComparer()
	keys := make([][2]int, len(pairs)) // indices of answers
	for k, p := range pairs {
		if p[0] < 0 || p[1] < 0 || max(p[0], p[1]) >= len(models) {
			return nil, fmt.Errorf("compare: models %d and %d of %d", p[0], p[1], len(models))
		}
		a, b := common(sheets[p[0]], sheets[p[1]])
		keys[k] = [2]int{c.place(a), c.place(b)}
	}
	workers := Options{Workers: m.workers}.withDefaults().Workers
	err := parallel.Try(ctx, len(c.all), workers, func(_ context.Context, k, _ int) error { return c.all[k].estimate(m) })
	if err != nil {
		return nil, err
	}
	out := make([][]Difference, len(pairs))
	err = parallel.Try(ctx, len(pairs), workers, func(_ context.Context, k, _ int) error {
		out[k] = c.compare(c.all[keys[k][0]], c.all[keys[k][1]])
		return nil
	})
	return out, err
}

// comparer keeps what several pairs need.
type comparer struct {
	m       *Model
	knowing [][]bool
	all     []*compared
	at      map[string]int // in all, by answers
	of      map[string]*answering
}

// compared is one model's answers with what is estimated of it.
type compared struct {
	sheet
	of    *answering
	near  []int
	cases []leftOut
}

func (m *Model) newComparer() *comparer {
	return &comparer{m: m, knowing: m.knowing(), at: map[string]int{}, of: map[string]*answering{}}
}

// place returns the index of a sheet in all.
func (c *comparer) place(s sheet) int {
	mask := fmt.Sprintf("%x", s.observed)
	key := mask + fmt.Sprintf("%x", s.correct)
	if k, ok := c.at[key]; ok {
		return k
	}
	if c.of[mask] == nil {
		c.of[mask] = c.m.answeringOf(s.observed)
	}
	c.at[key] = len(c.all)
	c.all = append(c.all, &compared{sheet: s, of: c.of[mask]})
	return len(c.all) - 1
}

func (x *compared) estimate(m *Model) error {
	e, err := m.estimate(x.sheet, nil)
	if err != nil {
		return err
	}
	x.cases, x.near = m.casesOf(e, func(int) float64 { return math.NaN() }), m.nearRows(x.sheet)
	return nil
}

// compare returns the differences of two models that answered the same items.
func (c *comparer) compare(a, b *compared) []Difference {
	m := c.m
	n := len(m.targets)
	correlation := make([]float64, n)
	if m.pairs != nil {
		correlation = a.of.correlations(a.correct, b.correct, [2][]int{a.near, b.near}, c.knowing)
	}
	differ, _ := differ(a.sheet, b.sheet)
	var out []Difference
	for t := range n + 1 {
		if t == n && n == 1 {
			break
		}
		p, name := pairCalibration{Freedom: defaultFreedom}, Mean
		if m.pairs != nil {
			p = m.pairs[t]
		}
		if t < n {
			name = m.benchmarks[t].Name
		}
		of := correlation
		if len(p.Differ) == 0 {
			of = make([]float64, n)
		}
		below, above := m.widthsOf(t, a.cases, b.cases, of)
		d := p.difference(clamped(a.cases[t].score)-clamped(b.cases[t].score), below, above, differ, m.level)
		d.Benchmark = name
		out = append(out, d)
	}
	return out
}

// clamped keeps a score within 0 and 100.
func clamped(v float64) float64 { return math.Min(math.Max(v, 0), 100) }
