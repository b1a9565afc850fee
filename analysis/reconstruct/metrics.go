package reconstruct

import (
	"encoding/json"
	"math"
	"sort"
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
	m.Spearman = correlation(ranks(y), ranks(p))
	return m
}

// ranks returns the ranks of the values, ties sharing their mean.
func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return v[order[a]] < v[order[b]] })
	out := make([]float64, len(v))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && v[order[to]] == v[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return out
}

// correlation returns Pearson's correlation, NaN when a side is constant.
func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var ma, mb, saa, sbb, sab float64
	for i := range a {
		ma += a[i] / n
		mb += b[i] / n
	}
	for i := range a {
		saa += (a[i] - ma) * (a[i] - ma)
		sbb += (b[i] - mb) * (b[i] - mb)
		sab += (a[i] - ma) * (b[i] - mb)
	}
	return sab / math.Sqrt(saa*sbb)
}

// MarshalJSON writes NaN as null.
func (m Metrics) MarshalJSON() ([]byte, error) {
	number := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		N        int      `json:"n"`
		RMSE     *float64 `json:"rmse"`
		MAE      *float64 `json:"mae"`
		Bias     *float64 `json:"bias"`
		Spearman *float64 `json:"spearman"`
		Coverage *float64 `json:"coverage"`
		Width    *float64 `json:"width"`
	}{m.N, number(m.RMSE), number(m.MAE), number(m.Bias), number(m.Spearman), number(m.Coverage), number(m.Width)})
}
