package smooth

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// binned makes n observations of a bent curve at the whole numbers 0 … 350.
func binned(n int, seed uint64) (points Points, x, y []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	points = Points{X: make([]float64, 351), Weight: make([]float64, 351), Sum: make([]float64, 351)}
	for b := range points.X {
		points.X[b] = float64(b)
	}
	for range n {
		b := int(351 / (1 + math.Exp(-rng.NormFloat64())))
		value := 100/(1+math.Exp(-float64(b-150)/40)) + 2*rng.NormFloat64()
		points.Weight[b]++
		points.Sum[b] += value
		points.SumSquares += value * value
		x, y = append(x, float64(b)), append(y, value)
	}
	return points, x, y
}

func TestCurveOfSummedPointsEqualsFitOfRows(t *testing.T) {
	points, x, y := binned(3000, 1)
	for name, s := range map[string]Smooth{"adaptive": {}, "plain": {Penalties: 1}, "coarse": {Functions: 12}} {
		t.Run(name, func(t *testing.T) {
			model, err := Fit(context.Background(), []Smooth{s}, [][]float64{x}, y, Settings{})
			if err != nil {
				t.Fatal(err)
			}
			var curve Curve
			if err := NewCurveFitter(s).Fit(&curve, points, nil); err != nil {
				t.Fatal(err)
			}
			if d := math.Abs(curve.GCV - model.GCV); d > 1e-6*model.GCV {
				t.Errorf("GCV %v of summed points, %v of rows", curve.GCV, model.GCV)
			}
			for v := -20.0; v < 380; v += 7 {
				if a, b := curve.At(v), model.Predict([]float64{v}); math.Abs(a-b) > 1e-3 {
					t.Fatalf("at %v: %v of summed points, %v of rows", v, a, b)
				}
			}
		})
	}
}

func TestWarmStartReachesTheSameMinimum(t *testing.T) {
	first, _, _ := binned(3000, 1)
	second, _, _ := binned(3000, 2)
	fitter := NewCurveFitter(Smooth{})
	var like, cold, warm Curve
	for curve, run := range map[*Curve]struct {
		p Points
		o []float64
	}{&like: {first, nil}, &cold: {second, nil}} {
		if err := fitter.Fit(curve, run.p, run.o); err != nil {
			t.Fatal(err)
		}
	}
	if err := fitter.Fit(&warm, second, like.Offsets); err != nil {
		t.Fatal(err)
	}
	if math.Abs(warm.GCV-cold.GCV) > 1e-4*cold.GCV {
		t.Errorf("GCV = %v from a warm start, %v from a cold one", warm.GCV, cold.GCV)
	}
}

func BenchmarkCurve(b *testing.B) {
	like, _, _ := binned(4000, 1)
	points, _, _ := binned(4000, 2)
	var warm, curve Curve
	fitter := NewCurveFitter(Smooth{})
	if err := fitter.Fit(&warm, like, nil); err != nil {
		b.Fatal(err)
	}
	for name, offsets := range map[string][]float64{"cold": nil, "warm": warm.Offsets} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := fitter.Fit(&curve, points, offsets); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(curve.Iterations), "steps")
		})
	}
}
