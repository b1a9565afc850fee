package reconstruct

import (
	"math"
	"slices"
	"sort"
)

// calibration turns an estimate into an interval. The residuals of models left
// out of the fit, divided by the spread expected of them, are sorted by the
// estimated score into bins of equal size; a bin's conformal quantiles say how far
// the interval reaches below and above. Between the bins' centres they are
// interpolated. So the interval's width follows both the process's own doubt and
// the part of the scale, and it need not be symmetric.
type calibration struct {
	Centre []float64 // mean estimated score of each bin, points, ascending
	Below  []float64 // reach in units of the expected spread
	Above  []float64

	// Ratio and Doubt say what to make of missing answers. The imputations' spread is
	// trusted less the more of the answer they are: their factor is interpolated
	// by their share of the whole spread.
	Ratio []float64 // doubt / √(spread² + doubt²), ascending
	Doubt []float64 // factor on doubt
}

// uncalibrated is the calibration that knows nothing: intervals from 0 to 100.
func uncalibrated() calibration {
	return calibration{Centre: []float64{0}, Below: []float64{math.Inf(1)}, Above: []float64{math.Inf(1)},
		Ratio: []float64{0}, Doubt: []float64{1}}
}

// binSize is the number of residuals that a bin should have: enough for a 5 %
// quantile that moves little.
const (
	binSize = 150
	maxBins = 8
	// doubtBinSize is the same for the factors on the imputations' spread, of which
	// one quantile at the nominal level is taken.
	doubtBinSize = 60
	maxDoubtBins = 4
	minRatio     = 0.3
)

// leftOut is one model that was predicted without being in the fit.
type leftOut struct {
	score    float64 // estimate, points
	residual float64 // true score less estimate, points
	spread   float64 // expected standard deviation, points
	doubt    float64 // part of it that missing answers add
}

// newCalibration learns the reaches for a nominal probability.
func newCalibration(cases []leftOut, level float64) calibration {
	cases = slices.Clone(cases)
	sort.SliceStable(cases, func(i, j int) bool { return cases[i].score < cases[j].score })
	bins := max(1, min(maxBins, len(cases)/binSize))
	c := calibration{Ratio: []float64{0}, Doubt: []float64{1}}
	for b := range bins {
		part := cases[b*len(cases)/bins : (b+1)*len(cases)/bins]
		centre, ratio := 0.0, make([]float64, len(part))
		for k, x := range part {
			centre += x.score / float64(len(part))
			ratio[k] = x.residual / x.spread
		}
		below, above := reaches(ratio, level)
		c.Centre = append(c.Centre, centre)
		c.Below = append(c.Below, below)
		c.Above = append(c.Above, above)
	}
	return c
}

// reaches are how far intervals must reach below and above to hold a new residual with
// the nominal probability, by those of n models: the k-th smallest of n bounds a new one
// with probability k/(n+1).
//
// Equal tails of (1 - level)/2 need n + 1 ≥ 2/(1 - level), which is 19 models for 90 %.
// With fewer the interval is symmetric, by the absolute residuals, of which the ⌈level
// (n + 1)⌉-th is needed: 9 models. With fewer still there is no such interval, and both
// reaches are infinite: all that is said is that scores are from 0 to 100.
func reaches(residual []float64, level float64) (below, above float64) {
	sorted := slices.Sorted(slices.Values(residual))
	n := len(sorted)
	const rounding = 1e-9 // of the products, which may be whole numbers
	if k := int(math.Floor((1-level)/2*float64(n+1) + rounding)); k >= 1 {
		return math.Max(0, -sorted[k-1]), math.Max(0, sorted[n-k])
	}
	k, ok := quantileRank(n, level)
	if !ok {
		return math.Inf(1), math.Inf(1)
	}
	for i, r := range sorted {
		sorted[i] = math.Abs(r)
	}
	slices.Sort(sorted)
	return sorted[k-1], sorted[k-1]
}

// quantileRank is the k for which the k-th smallest of n values bounds a new one with
// the nominal probability, if n is large enough.
func quantileRank(n int, level float64) (k int, ok bool) {
	const rounding = 1e-9
	k = int(math.Ceil(level*float64(n+1) - rounding))
	return k, k <= n
}

// calibrateDoubt learns the factors on the spread of the imputations from cases
// with answers masked: the smallest with which the intervals hold the nominal
// share of them. Where fewer cases than a quantile needs depend on imputations to speak of,
// it is the largest that any case asks for.
func (c *calibration) calibrateDoubt(cases []leftOut, level float64) {
	type need struct{ ratio, factor float64 }
	var needs []need
	largest := 1.0
	for _, x := range cases {
		below, above := c.reach(x.score)
		reach := above
		if x.residual < 0 {
			reach = below
		}
		// Where the imputations hardly matter, an ordinary miss would ask for an absurd
		// factor; and they are never trusted more than they trust themselves.
		if reach == 0 || x.ratio() == 0 {
			continue
		}
		z := x.residual / reach
		n := need{x.ratio(), math.Max(1, math.Sqrt(math.Max(0, z*z-x.spread*x.spread))/x.doubt)}
		largest = math.Max(largest, n.factor)
		if n.ratio >= minRatio {
			needs = append(needs, n)
		}
	}
	if len(needs) == 0 {
		return
	}
	if _, ok := quantileRank(len(needs), level); !ok {
		c.Ratio, c.Doubt = []float64{0}, []float64{largest}
		return
	}
	sort.SliceStable(needs, func(i, j int) bool { return needs[i].ratio < needs[j].ratio })
	c.Ratio, c.Doubt = nil, nil
	bins := max(1, min(maxDoubtBins, len(needs)/doubtBinSize))
	for b := range bins {
		part := needs[b*len(needs)/bins : (b+1)*len(needs)/bins]
		ratio, factor := 0.0, make([]float64, len(part))
		for k, n := range part {
			ratio += n.ratio / float64(len(part))
			factor[k] = n.factor
		}
		sort.Float64s(factor)
		k, _ := quantileRank(len(factor), level) // bins are large enough, a single one was seen to
		c.Ratio = append(c.Ratio, ratio)
		c.Doubt = append(c.Doubt, factor[k-1])
	}
}

// ratio is the missing answers' share of the whole spread.
func (x leftOut) ratio() float64 {
	if x.doubt == 0 {
		return 0 // also where the spread is zero
	}
	return x.doubt / math.Hypot(x.spread, x.doubt)
}

// reach interpolates the bins' reaches at a score.
func (c *calibration) reach(score float64) (below, above float64) {
	return interpolate(c.Centre, c.Below, score), interpolate(c.Centre, c.Above, score)
}

// interpolate returns the value at x of the line through the points (at, value),
// constant beyond the ends.
func interpolate(at, value []float64, x float64) float64 {
	last := len(at) - 1
	k := sort.SearchFloat64s(at, x)
	switch {
	case k == 0:
		return value[0]
	case k > last:
		return value[last]
	}
	f := (x - at[k-1]) / (at[k] - at[k-1])
	return value[k-1] + f*(value[k]-value[k-1])
}

// interval returns the estimate of target t with its interval, within 0 and 100.
func (c *calibration) interval(e estimate, t int) Prediction {
	below, above := c.reach(e.score[t])
	x := leftOut{spread: e.spread[t], doubt: e.doubt[t]}
	width := math.Hypot(x.spread, interpolate(c.Ratio, c.Doubt, x.ratio())*x.doubt)
	points := func(v float64) float64 { return math.Min(math.Max(v, 0), 100) }
	p := Prediction{Score: points(e.score[t]), Interval: true, Lower: 0, Upper: 100}
	if !math.IsInf(below, 0) { // an infinite reach times no width is no number
		p.Lower = points(e.score[t] - below*width)
	}
	if !math.IsInf(above, 0) {
		p.Upper = points(e.score[t] + above*width)
	}
	return p
}
