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
			if err := NewCurveFitter(s).Fit(&curve, points); err != nil {
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

func BenchmarkCurve(b *testing.B) {
	points, _, _ := binned(4000, 2)
	var curve Curve
	fitter := NewCurveFitter(Smooth{})
	b.ReportAllocs()
	for b.Loop() {
		if err := fitter.Fit(&curve, points); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(curve.Iterations), "steps")
}
