package reconstruct

import (
	"math"
	"slices"
	"sort"
)

// calibration turns an estimate ŷ with its standard deviation into the interval
//
//	[ŷ - q₋ w, ŷ + q₊ w],   w = f(h) · d(ρ) · sd
//
// The quantiles q₋ and q₊ are conformal: models left out of the fit are sorted by
// estimated score into bins of equal size, and each bin has the quantiles of its
// residuals, divided by their SD. Between the centres of the bins they are interpolated, and
// beyond the range of the training models they are others, see quantiles. So the interval
// follows the SD, the score and where the model stands, and need not be symmetric.
//
// The factor f on the SD is a function of the distance h to the nearest training model, and
// the inflation factor d one of the share ρ of answers that are missing; both are
// interpolated as well.
//
// The names of the fields are those of encoded models.
type calibration struct {
	Centre []float64 // mean estimated score of each bin, points, ascending
	Below  []float64 // q₋ of each bin, in predictive SDs
	Above  []float64 // q₊

	Ratio []float64 // ρ of each bin of masked cases, ascending, after 0
	Doubt []float64 // d

	Distance []float64 // mean distance of each bin to the nearest training model, ascending
	Stretch  []float64 // factor on the SD of a model at that distance

	Beyond [2]float64 // quantile of absolute residuals below the training models' range, and above
	Limits limits
}

// uncalibrated has intervals from 0 to 100.
func uncalibrated() calibration {
	return calibration{Centre: []float64{0}, Below: []float64{math.Inf(1)}, Above: []float64{math.Inf(1)},
		Ratio: []float64{0}, Doubt: []float64{1}, Distance: []float64{0}, Stretch: []float64{1},
		Beyond: [2]float64{math.Inf(1), math.Inf(1)}}
}

// calibrated reports whether any model was left out to make intervals from.
func (c *calibration) calibrated() bool { return c.Limits.Known }

// binSize is the number of residuals that a bin should have: enough for a 5 %
// quantile that moves little.
const (
	binSize = 150
	maxBins = 8
	// inflationBinSize is the same for inflation factors, of which one quantile, at the
	// nominal level, is taken.
	inflationBinSize = 30
	maxInflationBins = 4
)

// leftOut is one model that was predicted without being in the fit.
type leftOut struct {
	score    float64 // estimate, points
	residual float64 // true score less estimate, points
	sd       float64 // predictive standard deviation, points
	missing  float64 // share of the items without an answer

	located          // what the estimate was made from
	truth    float64 // points; NaN where unknown
	distance float64 // see estimate
	beyond   bool    // left out together with all that are as good, or as bad
	from     int     // side that it was left out from, if so
	fold     int     // that it was left out in
}

const (
	// beyondFrom is the position from which on a model may be from beyond the range: as much
	// as the errors of its estimate it may seem to be inside.
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
		c.Beyond[side] = c.beyond(beyond, side, level)
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

// beyond returns the quantile of the absolute residuals, in SDs, of models from beyond one
// side of the range. It is one for all positions: the further out a model of a known score
// seems to be, the more its estimate is too far out, which says nothing of a model that is
// there. And it is symmetric: the models of a fold share their items, and the sign of the
// error that these cause. As they share its size as well, it is the largest of the folds'
// quantiles; where each fold has too few, that of all.
func (c *calibration) beyond(cases []leftOut, side int, level float64) float64 {
	var all []float64
	folds := map[int][]float64{}
	for _, x := range cases {
		if x.from == side && x.side == side && x.position > beyondFrom {
			z := math.Abs(x.residual) / (x.sd * interpolate(c.Distance, c.Stretch, x.distance))
			all, folds[x.fold] = append(all, z), append(folds[x.fold], z)
		}
	}
	quantile := func(z []float64) (float64, bool) {
		slices.Sort(z)
		k, ok := quantileRank(len(z), level)
		if !ok {
			return 0, false
		}
		return z[k-1], true
	}
	largest := 0.0
	for _, z := range folds {
		if q, ok := quantile(z); ok {
			largest = max(largest, q)
		}
	}
	if largest > 0 {
		return largest
	}
	if q, ok := quantile(all); ok {
		return q
	}
	return math.Inf(1)
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
// each bin of ρ the smallest factor, of at least 1, with which the intervals hold the nominal
// share of the cases. Where there are fewer than a quantile needs, it is the largest that any
// case requires.
func (c *calibration) calibrateInflation(cases []leftOut, level float64) {
	type need struct{ missing, factor float64 }
	var needs []need
	for _, x := range cases {
		below, above := c.quantiles(x.score, x.located)
		q := above
		if x.residual < 0 {
			q = below
		}
		if w := q * x.sd * interpolate(c.Distance, c.Stretch, x.distance); w > 0 && x.missing > 0 && !math.IsInf(w, 1) {
			needs = append(needs, need{x.missing, math.Abs(x.residual) / w})
		}
	}
	if len(needs) == 0 {
		return
	}
	sort.SliceStable(needs, func(i, j int) bool { return needs[i].missing < needs[j].missing })
	c.Ratio, c.Doubt = []float64{0}, []float64{1}
	bins := max(1, min(maxInflationBins, len(needs)/inflationBinSize))
	for b := range bins {
		part := needs[b*len(needs)/bins : (b+1)*len(needs)/bins]
		missing, factor := 0.0, make([]float64, len(part))
		for k, n := range part {
			missing += n.missing / float64(len(part))
			factor[k] = n.factor
		}
		sort.Float64s(factor)
		k, ok := quantileRank(len(factor), level)
		if !ok {
			k = len(factor)
		}
		c.Ratio = append(c.Ratio, missing)
		c.Doubt = append(c.Doubt, max(1, factor[k-1]))
	}
}

// quantiles interpolates q₋ and q₊ by the score, and by the position where the model is near
// an end of the range: up to beyondFrom they are those by score, and beyond the range those
// of models from there. Where none could be left out there, nothing is known of them.
func (c *calibration) quantiles(score float64, x located) (below, above float64) {
	below, above = interpolate(c.Centre, c.Below, score), interpolate(c.Centre, c.Above, score)
	if !(x.position > beyondFrom) { // or NaN: the process is all there is
		return below, above
	}
	q := c.Beyond[x.side]
	switch f := 1 - x.position/beyondFrom; {
	case f >= 1:
		return q, q
	case math.IsInf(q, 1) || math.IsInf(below, 1):
		return below, above
	default:
		return below + f*(q-below), above + f*(q-above)
	}
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

// widths returns how far the interval of an estimate reaches below it and above, in points.
func (c *calibration) widths(x leftOut) (below, above float64) {
	below, above = c.quantiles(x.score, x.located)
	width := x.sd * interpolate(c.Distance, c.Stretch, x.distance) * interpolate(c.Ratio, c.Doubt, x.missing)
	if !math.IsInf(below, 0) { // infinity times a width of zero is NaN
		below *= width
	}
	if !math.IsInf(above, 0) {
		above *= width
	}
	return below, above
}

// interval returns the estimate of target t with its interval, within 0 and 100.
func (c *calibration) interval(e estimate, t int) Prediction {
	below, above := c.widths(e.of(t))
	return Prediction{Score: clamped(e.score[t]), Interval: true, Lower: clamped(e.score[t] - below), Upper: clamped(e.score[t] + above)}
}
