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

	Distance []float64 // mean distance of each bin to the nearest training model, ascending
	Stretch  []float64 // factor on the SD of a model at that distance

	Beyond [2]quantilesBeyond // below the training models' range, and above
	Limits limits
}

// quantilesBeyond are the quantiles q₋ and q₊ of models that left the range of those they
// were predicted by, by their position. The larger of these and those by score holds.
type quantilesBeyond struct {
	Position     []float64 // mean of each bin, ascending; none where nothing could be left out
	Below, Above []float64
}

// uncalibrated has intervals from 0 to 100.
func uncalibrated() calibration {
	return calibration{Centre: []float64{0}, Below: []float64{math.Inf(1)}, Above: []float64{math.Inf(1)},
		Ratio: []float64{0}, Doubt: []float64{1}, Distance: []float64{0}, Stretch: []float64{1}}
}

// calibrated reports whether any model was left out to make intervals from.
func (c *calibration) calibrated() bool { return c.Limits.Known }

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

	located          // what the estimate was made from
	truth    float64 // points; NaN where unknown
	distance float64 // see estimate
	beyond   bool    // left out together with all that are as good, or as bad
}

const (
	// beyondBinSize and maxBeyondBins are binSize and maxBins for models beyond the range.
	beyondBinSize = 40
	maxBeyondBins = 3
	// beyondFrom is the position from which on models beyond the range count: as much as
	// the errors of their estimates they may seem to be inside.
	beyondFrom = -2
	// maxStretchBins is maxBins by distance.
	maxStretchBins = 4
)

// newCalibration takes the conformal quantiles at a nominal probability.
func newCalibration(cases []leftOut, level float64) calibration {
	var ordinary, beyond []leftOut
	for _, x := range cases {
		if x.beyond {
			beyond = append(beyond, x)
		} else {
			ordinary = append(ordinary, x)
		}
	}
	c := calibration{Ratio: []float64{0}, Doubt: []float64{1}, Distance: []float64{0}, Stretch: []float64{1}, Limits: newLimits(ordinary)}
	c.stretch(ordinary)
	sort.SliceStable(ordinary, func(i, j int) bool { return ordinary[i].score < ordinary[j].score })
	for _, part := range binned(ordinary, binSize, maxBins) {
		centre, below, above := c.quantilesOf(part, func(x leftOut) float64 { return x.score }, level)
		c.Centre, c.Below, c.Above = append(c.Centre, centre), append(c.Below, below), append(c.Above, above)
	}
	for side := range c.Beyond {
		var of []leftOut
		for _, x := range beyond {
			if x.side == side && x.position > beyondFrom {
				of = append(of, x)
			}
		}
		sort.SliceStable(of, func(i, j int) bool { return of[i].position < of[j].position })
		q := &c.Beyond[side]
		for _, part := range binned(of, beyondBinSize, maxBeyondBins) {
			at, below, above := c.quantilesOf(part, func(x leftOut) float64 { return x.position }, level)
			if !math.IsInf(above, 1) {
				q.Position, q.Below, q.Above = append(q.Position, at), append(q.Below, below), append(q.Above, above)
			}
		}
	}
	return c
}

// binned cuts cases into bins of equal size, of at least size cases where there are as
// many; no cases are no bins.
func binned(cases []leftOut, size, most int) [][]leftOut {
	if len(cases) == 0 {
		return nil
	}
	bins := make([][]leftOut, max(1, min(most, len(cases)/size)))
	for b := range bins {
		bins[b] = cases[b*len(cases)/len(bins) : (b+1)*len(cases)/len(bins)]
	}
	return bins
}

// quantilesOf returns the conformal quantiles of a bin's residuals in SDs, and the mean of a
// value over the bin.
func (c *calibration) quantilesOf(bin []leftOut, value func(leftOut) float64, level float64) (mean, below, above float64) {
	ratio := make([]float64, len(bin))
	for k, x := range bin {
		mean += value(x) / float64(len(bin))
		ratio[k] = x.residual / (x.sd * interpolate(c.Distance, c.Stretch, x.distance))
	}
	below, above = conformalQuantiles(ratio, level)
	return mean, below, above
}

// stretch corrects the SDs by the distance to the nearest training model: processes trust
// their likeness to others too much where there is none, and too little where there is a
// near copy.
func (c *calibration) stretch(cases []leftOut) {
	if len(cases) < 2*binSize {
		return
	}
	cases = slices.Clone(cases)
	sort.SliceStable(cases, func(i, j int) bool { return cases[i].distance < cases[j].distance })
	rms := func(cases []leftOut) (distance, rms float64) {
		n := float64(len(cases))
		for _, x := range cases {
			distance += x.distance / n
			rms += x.residual * x.residual / (x.sd * x.sd) / n
		}
		return distance, math.Sqrt(rms)
	}
	_, all := rms(cases)
	if !(all > 0) {
		return
	}
	c.Distance, c.Stretch = nil, nil
	for _, part := range binned(cases, binSize, maxStretchBins) {
		distance, own := rms(part)
		c.Distance, c.Stretch = append(c.Distance, distance), append(c.Stretch, own/all)
	}
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
		below, above := c.quantiles(x.score, x.located)
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

// quantiles interpolates q₋ and q₊ at a score and where the model stands. Beyond a range
// that nothing could be left out at, nothing is known: both are infinite.
func (c *calibration) quantiles(score float64, x located) (below, above float64) {
	below, above = interpolate(c.Centre, c.Below, score), interpolate(c.Centre, c.Above, score)
	if !(x.position > beyondFrom) { // or NaN: the process is all there is
		return below, above
	}
	q := c.Beyond[x.side]
	switch {
	case len(q.Position) > 0:
		// From none at beyondFrom they grow to the first bin's.
		at := append([]float64{beyondFrom}, q.Position...)
		below = max(below, interpolate(at, append([]float64{0}, q.Below...), x.position))
		above = max(above, interpolate(at, append([]float64{0}, q.Above...), x.position))
	case x.position > 0:
		below, above = math.Inf(1), math.Inf(1)
	}
	return below, above
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
	below, above := c.quantiles(e.score[t], e.located[t])
	x := leftOut{sd: e.sd[t] * interpolate(c.Distance, c.Stretch, e.distance), imputationSD: e.imputationSD[t]}
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
