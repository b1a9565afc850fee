package smooth

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func drawBasis(t *rapid.T) Basis {
	lo := rapid.Float64Range(-1e3, 1e3).Draw(t, "lo")
	width := rapid.Float64Range(1e-3, 1e3).Draw(t, "width")
	return NewBasis(lo, lo+width, rapid.IntRange(4, 60).Draw(t, "k"))
}

// anywhere draws a point inside the range or up to one range beyond it.
func anywhere(t *rapid.T, b Basis) float64 {
	return b.Lo + (b.Hi-b.Lo)*rapid.Float64Range(-1, 2).Draw(t, "position")
}

func TestBasisSumsToOneEverywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasis(t)
		first, w := b.At(anywhere(t, b))
		if first < 0 || first+order > b.K {
			t.Fatalf("functions %d … %d of %d", first, first+order-1, b.K)
		}
		if sum := w[0] + w[1] + w[2] + w[3]; math.Abs(sum-1) > 1e-9 {
			t.Fatalf("sum = %v", sum)
		}
	})
}

func TestLinearCoefficientsGiveAStraightLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasis(t)
		coef := make([]float64, b.K)
		for i := range coef {
			coef[i] = float64(i) - 1 // the function i is centred at knot i-1
		}
		x := anywhere(t, b)
		if got, want := b.value(coef, x), (x-b.Lo)/b.Step; math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
			t.Fatalf("value = %v, want %v", got, want)
		}
	})
}

func TestCurvesGoOnStraightBeyondTheRange(t *testing.T) {
	b := NewBasis(0, 1, 10)
	coef := []float64{3, -1, 4, 1, -5, 9, 2, -6, 5, 3}
	for name, end := range map[string]struct{ at, step float64 }{
		"below": {b.Lo, -0.1}, "above": {b.Hi, 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			at := func(steps float64) float64 { return b.value(coef, end.at+steps*end.step) }
			if second := at(1) - 2*at(2) + at(3); math.Abs(second) > 1e-9 {
				t.Errorf("second difference outside = %v", second)
			}
			inside := (at(0) - at(-1e-6)) / 1e-6
			outside := at(1) - at(0)
			if math.Abs(inside-outside) > 1e-3 {
				t.Errorf("slope %v inside, %v outside", inside, outside)
			}
		})
	}
}

func TestPenaltyWeightsAddUpToThePlainPenalty(t *testing.T) {
	for _, m := range []int{1, 4, 5, 8} {
		v := penaltyWeights(40, m)
		for d := range 38 {
			sum := 0.0
			for i := range v {
				if v[i][d] < 0 {
					t.Fatalf("m = %d: weight %d of difference %d is %v", m, i, d, v[i][d])
				}
				sum += v[i][d]
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Fatalf("m = %d: weights of difference %d sum to %v", m, d, sum)
			}
		}
	}
}

func TestNotANumberGivesNotANumber(t *testing.T) {
	b := NewBasis(0, 1, 8)
	if y := b.value(make([]float64, 8), math.NaN()); !math.IsNaN(y) {
		t.Fatalf("value at NaN = %v", y)
	}
}
