package trial

import (
	"math"

	"metabench/analysis/response"
)

// distances returns how far each test model is from the nearest model that was learned
// from: the share of their answers that differ, of those that are known of both. It is
// +Inf where a model has no answer in common with any.
func distances(m *response.Matrix, train response.TrainSet, test response.TestSet) []float64 {
	out := make([]float64, len(test.Rows))
	for k, a := range test.Rows {
		out[k] = math.Inf(1)
		for _, b := range train.Rows {
			if differ, both := m.Differing(a, b); both > 0 {
				out[k] = min(out[k], float64(differ)/float64(both))
			}
		}
	}
	return out
}

// farther are the limits of the groups by distance.
var farther = []float64{0.02, 0.05, 0.1}
