package reconstruct

import (
	"math"
	"slices"
	"sort"
)

// calibration turns an estimate ŷ with its standard deviations into the interval
//
//	[ŷ - q₋(ŷ) w, ŷ + q₊(ŷ) w],   w = √(sd² + (d(ρ) · imputationSD)²)
//
// The quantiles q₋ and q₊ are conformal: models left out of the fit are sorted by
// estimated score into bins of equal size, and each bin has the quantiles of its
// residuals, divided by their predictive SD. Between the centres of the bins they are
// interpolated. So the interval follows both the predictive SD and the score, and
// need not be symmetric.
//
// The inflation factor d ≥ 1 on the imputation SD is a function of its share of the
// whole SD, ρ = imputationSD / √(sd² + imputationSD²), interpolated as well.
//
// The names of the fields are those of encoded models.
type calibration struct {
	Centre []float64 // mean estimated score of each bin, points, ascending
	Below  []float64 // q₋ of each bin, in predictive SDs
	Above  []float64 // q₊

	Ratio []float64 // ρ of each bin of masked cases, ascending
	Doubt []float64 // d
}

// uncalibrated has intervals from 0 to 100.
func uncalibrated() calibration {
	return calibration{Centre: []float64{0}, Below: []float64{math.Inf(1)}, Above: []float64{math.Inf(1)},
		Ratio: []float64{0}, Doubt: []float64{1}}
}

// binSize is the number of residuals that a bin should have: enough for a 5 %
// quantile that moves little.
const (
	binSize = 150
	maxBins = 8
	// inflationBinSize is the same for inflation factors, of which one quantile, at the
	// nominal level, is taken. Only cases with ρ ≥ minRatio count.
	inflationBinSize = 60
	maxInflationBins = 4
	minRatio         = 0.3
)

// leftOut is one model that was predicted without being in the fit.
type leftOut struct {
	score    float64 // estimate, points
	residual float64 // true score less estimate, points
	sd       float64 // predictive standard deviation given all answers, points

	imputationSD float64 // standard deviation that missing answers add, points
}

// newCalibration takes the conformal quantiles at a nominal probability.
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
			ratio[k] = x.residual / x.sd
		}
		below, above := conformalQuantiles(ratio, level)
		c.Centre = append(c.Centre, centre)
		c.Below = append(c.Below, below)
		c.Above = append(c.Above, above)
	}
	return c
}

// conformalQuantiles returns q₋ and q₊ such that [-q₋, q₊] holds the residual of a new
// model with the nominal probability, from the residuals of n models: the k-th smallest
// of n bounds a new one with probability k/(n+1).
//
// Equal tails of (1 - level)/2 need n + 1 ≥ 2/(1 - level), which is 19 models for 90 %.
// With fewer the interval is symmetric, from the absolute residuals, and needs the
// ⌈level (n + 1)⌉-th of them, which is 9 models. With fewer still there is no such
// interval: both quantiles are infinite.
func conformalQuantiles(residual []float64, level float64) (below, above float64) {
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

// calibrateInflation estimates the inflation factors from cases with masked answers: in
// each bin of ρ the smallest factor with which the intervals hold the nominal share of
// the cases. Where fewer cases have ρ ≥ minRatio than a quantile needs, the one factor
// is the largest that any case requires.
func (c *calibration) calibrateInflation(cases []leftOut, level float64) {
	type need struct{ ratio, factor float64 }
	var needs []need
	largest := 1.0
	for _, x := range cases {
		below, above := c.quantiles(x.score)
		q := above
		if x.residual < 0 {
			q = below
		}
		if q == 0 || x.ratio() == 0 {
			continue
		}
		// The factor with which the interval's end is the true score. Where ρ is small, an
		// ordinary error would require a huge one: hence minRatio.
		z := x.residual / q
		n := need{x.ratio(), math.Max(1, math.Sqrt(math.Max(0, z*z-x.sd*x.sd))/x.imputationSD)}
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
	bins := max(1, min(maxInflationBins, len(needs)/inflationBinSize))
	for b := range bins {
		part := needs[b*len(needs)/bins : (b+1)*len(needs)/bins]
		ratio, factor := 0.0, make([]float64, len(part))
		for k, n := range part {
			ratio += n.ratio / float64(len(part))
			factor[k] = n.factor
		}
		sort.Float64s(factor)
		k, _ := quantileRank(len(factor), level) // exists: a bin has inflationBinSize cases, or is all of needs
		c.Ratio = append(c.Ratio, ratio)
		c.Doubt = append(c.Doubt, factor[k-1])
	}
}

// ratio is ρ, the share of the imputation SD in the whole.
func (x leftOut) ratio() float64 {
	if x.imputationSD == 0 {
		return 0 // also where both are zero
	}
	return x.imputationSD / math.Hypot(x.sd, x.imputationSD)
}

// quantiles interpolates q₋ and q₊ at a score.
func (c *calibration) quantiles(score float64) (below, above float64) {
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
	below, above := c.quantiles(e.score[t])
	x := leftOut{sd: e.sd[t], imputationSD: e.imputationSD[t]}
	width := math.Hypot(x.sd, interpolate(c.Ratio, c.Doubt, x.ratio())*x.imputationSD)
	points := func(v float64) float64 { return math.Min(math.Max(v, 0), 100) }
	p := Prediction{Score: points(e.score[t]), Interval: true, Lower: 0, Upper: 100}
	if !math.IsInf(below, 0) { // infinity times a width of zero is NaN
		p.Lower = points(e.score[t] - below*width)
	}
	if !math.IsInf(above, 0) {
		p.Upper = points(e.score[t] + above*width)
	}
	return p
}
