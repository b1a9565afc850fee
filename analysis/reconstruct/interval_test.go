package reconstruct

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"metabench/analysis/response"
)

// However few models the intervals are made from, they hold at least the nominal
// share of new ones; with nine or more they have an end.
func TestIntervalsOfFewModelsHoldTheirShare(t *testing.T) {
	const level, rounds, fresh = 0.9, 4000, 20
	rng := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{1, 2, 5, 8, 9, 10, 12, 18, 19, 20, 30, 38, 39, 60} {
		held, finite := 0, true
		for range rounds {
			cases := make([]leftOut, n)
			for k := range cases {
				cases[k] = leftOut{score: 50, residual: rng.NormFloat64(), sd: 1}
			}
			c := newCalibration(cases, level)
			below, above := c.quantiles(50, located{position: math.Inf(-1)})
			finite = finite && !math.IsInf(below, 0) && !math.IsInf(above, 0)
			for range fresh {
				if r := rng.NormFloat64(); -below <= r && r <= above {
					held++
				}
			}
		}
		if share := float64(held) / (rounds * fresh); share < level-0.006 {
			t.Errorf("intervals made from %d models hold %.3f of new ones, want %g", n, share, level)
		}
		if finite != (n >= 9) {
			t.Errorf("intervals made from %d models have an end: %v", n, finite)
		}
	}
}

// An interval without an end is all scores, also where the predictive SD is zero.
func TestIntervalsThatKnowNothingAreAllScores(t *testing.T) {
	c := newCalibration([]leftOut{{score: 50, residual: 1, sd: 1}}, 0.9)
	for _, sd := range []float64{0, 2} {
		p := c.interval(estimate{score: []float64{50}, sd: []float64{sd}, missing: []float64{0}, located: []located{{position: math.Inf(-1)}}}, 0)
		if p.Lower != 0 || p.Upper != 100 || p.Score != 50 {
			t.Errorf("with an SD of %g the prediction is %+v, want 50 in 0 to 100", sd, p)
		}
	}
}

func TestFewMaskedModelsAskForTheLargestFactor(t *testing.T) {
	c := newCalibration(func() (cases []leftOut) {
		for k := range 40 {
			cases = append(cases, leftOut{score: 50, residual: float64(k%9) - 4, sd: 2})
		}
		return cases
	}(), 0.9)
	var few []leftOut
	for k := range 8 {
		few = append(few, leftOut{score: 50, residual: float64(5 * k), sd: 2, missing: 0.5, located: located{position: math.Inf(-1)}})
	}
	c.calibrateInflation(few, 0.9)
	_, above := c.quantiles(50, located{position: math.Inf(-1)})
	if len(c.Doubt) != 2 || c.Doubt[0] != 1 || c.Doubt[1]*2*above < 35-1e-9 {
		t.Errorf("factors %v don't hold the largest of 8 residuals", c.Doubt)
	}
}

// The number of workers of the fit is that of predictions as well.
func TestPredictionsUseTheWorkersOfTheFit(t *testing.T) {
	in := population(41, 400, 60)
	train, test := response.TrainSet{}, response.TestSet{}
	for i := range in.Models {
		if i < 60 {
			train.Rows = append(train.Rows, i)
		} else {
			test.Rows = append(test.Rows, i)
			in.Benchmarks[0].Answers.Set(i, i%60, response.Missing) // which takes longer
		}
	}
	before := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(before)
	// Goroutines of the runtime come and go; those of a pool name who made them.
	stacks := make([]byte, 1<<20)
	pool := func() int {
		return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("created by github.com/sourcegraph/conc."))
	}
	// most is the largest pool seen; it looks again until it has seen the one expected.
	most := func(workers, expected int) int {
		m := fit(t, in, train, Options{Workers: workers, Iterations: 1, PointsOnly: true})
		for pool() > 0 { // the fit's own, on their way out
			runtime.Gosched()
		}
		seen := 0
		for deadline := time.Now().Add(time.Minute); ; {
			var done atomic.Bool
			var prediction sync.WaitGroup
			prediction.Go(func() {
				defer done.Store(true)
				if _, err := m.PredictTest(in, test); err != nil {
					t.Error(err)
				}
			})
			for !done.Load() {
				seen = max(seen, pool())
				runtime.Gosched()
			}
			prediction.Wait()
			if seen >= expected || time.Now().After(deadline) {
				return seen
			}
		}
	}
	if n := most(1, 0); n > 0 {
		t.Errorf("one worker makes %d goroutines", n)
	}
	if n := most(3, 3); n != 3 {
		t.Errorf("three workers make %d goroutines", n)
	}
}

// A factor model of numbers that are none is refused instead of giving answers of nothing.
func TestImputerThatIsNoModelIsRefused(t *testing.T) {
	in := population(42, 60, 30)
	in.Benchmarks[0].Answers.Set(0, 0, response.Missing)
	l := newLayout([]int{30})
	var rows []sheet
	for i := range in.Models {
		rows = append(rows, l.row(in, i))
	}
	m := newImputer(l, rows, stream(1, 1), 1)
	if _, err := m.posterior(l, rows[0]); err != nil {
		t.Fatal(err)
	}
	for _, noise := range []float64{math.NaN(), -1e-9} {
		m.Noise[7] = noise
		var refused *NotPositiveError
		if _, err := m.posterior(l, rows[0]); !errors.As(err, &refused) {
			t.Errorf("noise %g: error %v, want a *NotPositiveError", noise, err)
		}
	}
}
