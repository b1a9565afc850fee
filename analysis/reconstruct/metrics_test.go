package reconstruct

import (
	"math"
	"testing"
)

func TestEvaluateByHand(t *testing.T) {
	truth := []float64{10, 20, math.NaN(), 30}
	p := []Prediction{
		{Score: 11, Interval: true, Lower: 9, Upper: 12},
		{Score: 18, Interval: true, Lower: 17, Upper: 19},
		{Score: 99, Interval: true, Lower: 0, Upper: 100},
		{Score: 30, Interval: true, Lower: 30, Upper: 34},
	}
	m, thirds := Evaluate(truth, p)
	want := Metrics{N: 3, RMSE: math.Sqrt(5.0 / 3), MAE: 1, Bias: -1.0 / 3, Spearman: 1, Coverage: 2.0 / 3, Width: 3}
	for name, pair := range map[string][2]float64{
		"rmse": {m.RMSE, want.RMSE}, "mae": {m.MAE, want.MAE}, "bias": {m.Bias, want.Bias},
		"spearman": {m.Spearman, want.Spearman}, "coverage": {m.Coverage, want.Coverage}, "width": {m.Width, want.Width},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%s = %g, want %g", name, pair[0], pair[1])
		}
	}
	if m.N != 3 || thirds[0].N != 1 || thirds[1].Bias != -2 || thirds[2].RMSE != 0 {
		t.Errorf("n %d, thirds %+v", m.N, thirds)
	}
}

// A model that answers nothing right may have the interval from 0 to 0: it is one,
// and holds the score 0.
func TestAnIntervalWithoutWidthIsAnInterval(t *testing.T) {
	m, _ := Evaluate([]float64{0, 5}, []Prediction{{Interval: true}, {Score: 4, Lower: 1, Upper: 9}})
	if m.Coverage != 1 || m.Width != 0 {
		t.Errorf("coverage %g and width %g, want 1 and 0: of the one that has an interval", m.Coverage, m.Width)
	}
}

func TestEvaluateSharesTheRankOfTies(t *testing.T) {
	m, _ := Evaluate([]float64{1, 2, 3, 4}, []Prediction{{Score: 1}, {Score: 2}, {Score: 2}, {Score: 3}})
	if want := 3 / math.Sqrt(10); math.Abs(m.Spearman-want) > 1e-12 {
		t.Errorf("Spearman = %g, want %g", m.Spearman, want)
	}
}
