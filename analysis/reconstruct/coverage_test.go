package reconstruct

import "testing"

// A share that is summed up term by term can end above 1.
func TestCoverageOfIntervalsThatAllHoldIsOne(t *testing.T) {
	for n := 3; n < 60; n++ {
		truth := make([]float64, n)
		predictions := make([]Prediction, n)
		for i := range truth {
			truth[i] = float64(i)
			predictions[i] = Prediction{Score: truth[i] + 0.1, Interval: true, Lower: truth[i] - 1, Upper: truth[i] + 1}
		}
		if m, _ := Evaluate(truth, predictions); m.Coverage != 1 {
			t.Fatalf("coverage of %d models is %v", n, m.Coverage)
		}
	}
}
