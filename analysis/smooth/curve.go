package smooth

import (
	"context"
	"fmt"
	"math"
)

// Points are observations of one predictor, summed over equal values: Weight[i]
// observations have the predictor X[i], and their responses add up to Sum[i].
// Entries of weight zero are ignored.
type Points struct {
	X, Weight, Sum []float64
	SumSquares     float64 // Σ y² over all observations
}

// Curve is one smooth with its intercept, fitted by a CurveFitter.
type Curve struct {
	Basis      Basis
	Coef       []float64 // of the B-splines, intercept included
	GCV        float64
	EDF        float64
	RSS        float64
	Status     Status
	Iterations int
}

// At returns the fitted value at x.
func (c *Curve) At(x float64) float64 { return c.Basis.value(c.Coef, x) }

// CurveFitter fits one smooth to summed points, again and again, reusing its memory.
// It is for searches that need thousands of fits a second; it must not be used by
// two goroutines at once.
type CurveFitter struct {
	acc        *accumulator
	fitter     *fitter
	Tolerance  float64 // of the relative gain in GCV at which a search stops
	Iterations int     // limit of Newton steps
}

// NewCurveFitter returns a fitter of the given smooth. It panics if the numbers of
// functions and penalties are impossible (see Fit).
func NewCurveFitter(s Smooth) *CurveFitter {
	if err := s.Validate(); err != nil {
		panic(err)
	}
	functions, _ := s.sizes()
	acc := newAccumulator([]Basis{NewBasis(0, 1, functions)})
	f := newFitter([]Smooth{s}, acc)
	return &CurveFitter{
		acc: acc, fitter: f, Tolerance: tolerance, Iterations: iterationLimit,
	}
}

// Fit fits the points and writes the result into c, whose memory it reuses.
//
// Searches always start at the same place: starting from the smoothing parameters of
// similar points took twice as many steps, because these often end where GCV is flat.
func (cf *CurveFitter) Fit(c *Curve, points Points) error {
	lo, hi, weight, sum := math.Inf(1), math.Inf(-1), 0.0, 0.0
	for i, w := range points.Weight {
		if w > 0 {
			lo, hi = min(lo, points.X[i]), max(hi, points.X[i])
			weight += w
			sum += points.Sum[i]
		}
	}
	if !(hi > lo) {
		return fmt.Errorf("smooth: predictor: %w", ErrConstant)
	}
	mean := sum / weight
	cf.acc.reset()
	cf.acc.bases[0] = NewBasis(lo, hi, cf.acc.bases[0].K)
	for i, w := range points.Weight {
		if w > 0 {
			cf.acc.setTerm(0, points.X[i])
			cf.acc.add(w, points.Sum[i]-w*mean, 0)
		}
	}
	cf.acc.yy = points.SumSquares - weight*mean*mean
	f := cf.fitter
	f.load()
	best, err := f.problem.search(context.Background(), f.centre, f.centre,
		searchLimits{iterations: cf.Iterations, tolerance: cf.Tolerance})
	if err != nil {
		return err
	}
	if best.status == Singular {
		return errSingular
	}
	cf.fill(c, best, mean)
	return nil
}

func (cf *CurveFitter) fill(c *Curve, best optimum, mean float64) {
	f := cf.fitter
	c.Basis = cf.acc.bases[0]
	c.GCV, c.EDF, c.RSS = math.Exp(best.score.logGCV), best.score.edf, best.score.rss
	c.Status, c.Iterations = best.status, best.iterations
	theta := f.coordinates()
	c.Coef = append(c.Coef[:0], make([]float64, c.Basis.K)...)
	level := mean + theta[0] + f.term(0, theta, c.Coef)
	for k := range c.Coef {
		c.Coef[k] += level
	}
}
