package smooth

import "math"

// Errors compares predictions with what was observed, in units of the response.
type Errors struct {
	N    int     `json:"n"`
	RMSE float64 `json:"rmse"` // √(Σ (ŷ-y)² / N)
	MAE  float64 `json:"mae"`  // Σ |ŷ-y| / N
}

// ErrorsOf returns the errors of predictions; both slices have the same length.
// N = 0 leaves the errors zero.
func ErrorsOf(predicted, observed []float64) Errors {
	e := Errors{N: len(observed)}
	if e.N == 0 {
		return e
	}
	squares := 0.0
	for i, y := range observed {
		d := predicted[i] - y
		squares += d * d
		e.MAE += math.Abs(d)
	}
	e.RMSE = math.Sqrt(squares / float64(e.N))
	e.MAE /= float64(e.N)
	return e
}
