package reconstruct

import (
	"math"
	"sort"

	"metabench/analysis/internal/rank"
)

// Metrics says how good estimates are. Errors are in points.
type Metrics struct {
	N        int
	RMSE     float64
	MAE      float64
	Bias     float64 // mean of estimate less truth
	Spearman float64 // rank correlation of estimate and truth
	Coverage float64 // share of the true scores inside their interval; NaN without intervals
	Width    float64 // mean width of the intervals; NaN without intervals
}

// Thirds are the metrics of the lowest, middle and highest third of the true
// scores.
type Thirds [3]Metrics

// Evaluate compares estimates with true scores, pair by pair; pairs with a NaN
// truth are left out. Coverage and width are of the predictions that have an interval.
func Evaluate(truth []float64, predictions []Prediction) (Metrics, Thirds) {
	if len(truth) != len(predictions) {
		panic("reconstruct: as many truths as predictions are needed")
	}
	var order []int
	for i, y := range truth {
		if !math.IsNaN(y) {
			order = append(order, i)
		}
	}
	all := metrics(truth, predictions, order)
	sort.SliceStable(order, func(a, b int) bool { return truth[order[a]] < truth[order[b]] })
	var thirds Thirds
	for k := range thirds {
		thirds[k] = metrics(truth, predictions, order[k*len(order)/3:(k+1)*len(order)/3])
	}
	return all, thirds
}

func metrics(truth []float64, predictions []Prediction, rows []int) Metrics {
	m := Metrics{N: len(rows)}
	n := float64(len(rows))
	var y, p []float64
	intervals, held := 0, 0
	for _, i := range rows {
		d := predictions[i].Score - truth[i]
		m.RMSE += d * d / n
		m.MAE += math.Abs(d) / n
		m.Bias += d / n
		if p := predictions[i]; p.Interval {
			intervals++
			m.Width += p.Upper - p.Lower
			if p.Lower <= truth[i] && truth[i] <= p.Upper {
				held++
			}
		}
		y, p = append(y, truth[i]), append(p, predictions[i].Score)
	}
	m.RMSE = math.Sqrt(m.RMSE)
	// NaN, 0/0, where there are none.
	m.Coverage = float64(held) / float64(intervals)
	m.Width /= float64(intervals)
	m.Spearman = rank.Spearman(y, p)
	return m
}
