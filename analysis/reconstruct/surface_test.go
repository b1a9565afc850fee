package reconstruct

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

func TestSurfaceGradientIsItsSlope(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var x [][]float64
	var y []float64
	for range 30 {
		x = append(x, []float64{rng.NormFloat64(), rng.NormFloat64()})
		y = append(y, rng.NormFloat64())
	}
	logs := startSurface(2).logs()
	for q := range logs {
		logs[q] += rng.NormFloat64()
	}
	at := func() (float64, []float64) {
		v, g, err := evidence(surfaceCovariance{x, surfaceOf(logs, 2)}, y, 1)
		if err != nil {
			t.Fatal(err)
		}
		return v, g
	}
	_, grad := at()
	const step = 1e-5
	for q := range logs {
		logs[q] += step
		up, _ := at()
		logs[q] -= 2 * step
		down, _ := at()
		logs[q] += step
		if slope := (up - down) / (2 * step); math.Abs(slope-grad[q]) > 1e-4*(1+math.Abs(slope)) {
			t.Errorf("hyper-parameter %d: gradient %g, slope %g", q, grad[q], slope)
		}
	}
}

func TestSurfaceFindsACurvedFunction(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	f := func(a, b float64) float64 { return 50 + 10*a + 5*math.Sin(2*b) + 3*a*b }
	x, y := make([][]float64, 2), []float64(nil)
	for range 300 {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		x[0], x[1], y = append(x[0], a), append(x[1], b), append(y, f(a, b)+0.1*rng.NormFloat64())
	}
	s, err := FitSurface(context.Background(), x, y, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		a, b := rng.Float64()*2-1, rng.Float64()*2-1
		if got, want := s.Predict([]float64{a, b}), f(a, b); math.Abs(got-want) > 0.5 {
			t.Errorf("at (%.2f, %.2f): %.2f, want %.2f", a, b, got, want)
		}
	}
}

func TestSurfaceRefusesWhatItCannotFit(t *testing.T) {
	short := make([]float64, MinModels-1)
	if _, err := FitSurface(context.Background(), [][]float64{short}, short, Options{}); err == nil {
		t.Error("too few rows are accepted")
	}
	y := make([]float64, 50)
	y[3] = math.NaN()
	if _, err := FitSurface(context.Background(), [][]float64{make([]float64, 50)}, y, Options{}); err == nil {
		t.Error("a response that is not a number is accepted")
	}
}
