package trial

import (
	"math"

	"metabench/analysis/rival"
)

// Cell compares ours with its rivals on one split with one number of items.
type Cell struct {
	Split  Split
	Items  int
	Models int                // test models, over all seeds
	RMSE   map[string]float64 // by method, points
	Best   string             // rival of least RMSE; empty where no rival has one

	// Difference is the mean over the test models of our squared error less that of the best
	// rival, points², and Standard its standard error: models are the sample, and the
	// errors of one model in all seeds and draws are averaged first.
	Difference, Standard float64
}

// First reports whether no rival has a smaller RMSE.
func (c Cell) First() bool { return c.Best == "" || c.RMSE[rival.Ours] <= c.RMSE[c.Best] }

// Won reports whether ours is first or within one standard error of the first.
func (c Cell) Won() bool { return c.First() || c.Difference <= c.Standard }

// Cells compares the outcomes of a trial, in their order. Outcomes without cases have no
// part; a cell without ours is lost.
func Cells(outcomes []Outcome) []Cell {
	var cells []Cell
	for from := 0; from < len(outcomes); {
		to := from
		for to < len(outcomes) && outcomes[to].Split == outcomes[from].Split && outcomes[to].Items == outcomes[from].Items {
			to++
		}
		cells = append(cells, cellOf(outcomes[from:to]))
		from = to
	}
	return cells
}

func cellOf(outcomes []Outcome) Cell {
	c := Cell{Split: outcomes[0].Split, Items: outcomes[0].Items, RMSE: map[string]float64{rival.Ours: math.NaN()}}
	squares := map[string][]float64{}
	for _, o := range outcomes {
		if len(o.Cases) == 0 {
			continue
		}
		e := errorsOf(o.Cases)
		c.Models = max(c.Models, e.Models)
		c.RMSE[o.Method] = float64(e.RMSE)
		squares[o.Method] = squaredErrors(o.Cases)
		if o.Method != rival.Ours && (c.Best == "" || float64(e.RMSE) < c.RMSE[c.Best]) {
			c.Best = o.Method
		}
	}
	ours, best := squares[rival.Ours], squares[c.Best]
	if len(ours) != len(best) {
		c.Difference, c.Standard = math.NaN(), math.NaN()
		return c
	}
	n, square := float64(len(ours)), 0.0
	for k := range ours {
		c.Difference += (ours[k] - best[k]) / n
	}
	for k := range ours {
		d := ours[k] - best[k] - c.Difference
		square += d * d
	}
	c.Standard = math.Sqrt(square / (n - 1) / n)
	return c
}

// squaredErrors returns each model's mean squared error, in the order of the models.
func squaredErrors(cases []Case) []float64 {
	last := 0
	for _, c := range cases {
		last = max(last, c.Model)
	}
	sum, count := make([]float64, last+1), make([]float64, last+1)
	for _, c := range cases {
		d := c.Prediction.Score - c.Truth
		sum[c.Model] += d * d
		count[c.Model]++
	}
	var out []float64
	for i, n := range count {
		if n > 0 {
			out = append(out, sum[i]/n)
		}
	}
	return out
}
