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
	Doubt  float64 // factor on the standard deviation from missing answers
}

// binSize is the number of residuals that a bin should have: enough for a 5 %
// quantile that moves little.
const (
	binSize = 150
	maxBins = 8
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
	c := calibration{Doubt: 1}
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

// calibrateDoubt sets the factor on the spread of the imputations from cases with
// answers masked: the smallest with which the intervals hold the nominal share
// of them.
func (c *calibration) calibrateDoubt(cases []leftOut, level float64) {
	var need []float64
	for _, x := range cases {
		below, above := c.reach(x.score)
		reach := above
		if x.residual < 0 {
			reach = below
		}
		if reach == 0 || x.doubt == 0 {
			continue
		}
		z := x.residual / reach
		need = append(need, math.Sqrt(math.Max(0, z*z-x.spread*x.spread))/x.doubt)
	}
	if len(need) == 0 {
		return
	}
	sort.Float64s(need)
	c.Doubt = need[min(len(need)-1, int(level*float64(len(need)+1)))]
}

// reach interpolates the bins' reaches at a score.
func (c *calibration) reach(score float64) (below, above float64) {
	last := len(c.Centre) - 1
	k := sort.SearchFloat64s(c.Centre, score)
	switch {
	case k == 0:
		return c.Below[0], c.Above[0]
	case k > last:
		return c.Below[last], c.Above[last]
	}
	f := (score - c.Centre[k-1]) / (c.Centre[k] - c.Centre[k-1])
	return c.Below[k-1] + f*(c.Below[k]-c.Below[k-1]), c.Above[k-1] + f*(c.Above[k]-c.Above[k-1])
}

// interval returns the estimate of target t with its interval, within 0 and 100.
func (c *calibration) interval(e estimate, t int) Prediction {
	below, above := c.reach(e.score[t])
	width := math.Hypot(e.spread[t], c.Doubt*e.doubt[t])
	points := func(v float64) float64 { return math.Min(math.Max(v, 0), 100) }
	return Prediction{
		Score: points(e.score[t]),
		Lower: points(e.score[t] - below*width),
		Upper: points(e.score[t] + above*width),
	}
}
