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
		sort.Float64s(ratio)
		// The k-th of n residuals bounds a new one with probability k/(n+1).
		tail := (1 - level) / 2 * float64(len(ratio)+1)
		below := max(0, int(tail)-1)
		c.Centre = append(c.Centre, centre)
		c.Below = append(c.Below, math.Max(0, -ratio[below]))
		c.Above = append(c.Above, math.Max(0, ratio[len(ratio)-1-below]))
	}
	return c
}

// calibrateDoubt learns the factors on the spread of the imputations from cases
// with answers masked: the smallest with which the intervals hold the nominal
// share of them.
func (c *calibration) calibrateDoubt(cases []leftOut, level float64) {
	type need struct{ ratio, factor float64 }
	var needs []need
	for _, x := range cases {
		below, above := c.reach(x.score)
		reach := above
		if x.residual < 0 {
			reach = below
		}
		// Where the imputations hardly matter, an ordinary miss would ask for an absurd
		// factor; and they are never trusted more than they trust themselves.
		if reach == 0 || x.ratio() < minRatio {
			continue
		}
		z := x.residual / reach
		needs = append(needs, need{x.ratio(), math.Max(1, math.Sqrt(math.Max(0, z*z-x.spread*x.spread))/x.doubt)})
	}
	if len(needs) == 0 {
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
		c.Ratio = append(c.Ratio, ratio)
		c.Doubt = append(c.Doubt, factor[min(len(factor)-1, int(level*float64(len(factor)+1)))])
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
	return Prediction{
		Score:    points(e.score[t]),
		Interval: true,
		Lower:    points(e.score[t] - below*width),
		Upper:    points(e.score[t] + above*width),
	}
}
