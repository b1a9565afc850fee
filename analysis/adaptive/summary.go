package adaptive

import (
	"math"
	"slices"

	"metabench/analysis/smooth"
)

// Accuracy compares predicted with actual scores, in points.
type Accuracy struct {
	RMSE        float64 `json:"rmse"`
	MAE         float64 `json:"mae"`
	Bias        float64 `json:"bias"` // mean of predicted - actual
	Correlation float64 `json:"r"`
}

func accuracyOf(predicted, actual []float64) Accuracy {
	e := smooth.ErrorsOf(predicted, actual)
	a := Accuracy{RMSE: e.RMSE, MAE: e.MAE}
	n := float64(len(actual))
	if n == 0 {
		return a
	}
	meanP, meanA := mean(predicted), mean(actual)
	a.Bias = meanP - meanA
	pp, aa, pa := 0.0, 0.0, 0.0
	for i, p := range predicted {
		pp += (p - meanP) * (p - meanP)
		aa += (actual[i] - meanA) * (actual[i] - meanA)
		pa += (p - meanP) * (actual[i] - meanA)
	}
	if pp > 0 && aa > 0 {
		a.Correlation = pa / math.Sqrt(pp*aa)
	}
	return a
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// Lengths describes how many items tests took.
type Lengths struct {
	Mean   float64 `json:"mean"`
	Median int     `json:"median"`
	Min    int     `json:"min"`
	Max    int     `json:"max"`
}

func lengthsOf(played []Played) Lengths {
	if len(played) == 0 {
		return Lengths{}
	}
	n, sum := make([]int, len(played)), 0
	for i, p := range played {
		n[i] = len(p.Asked)
		sum += n[i]
	}
	slices.Sort(n)
	return Lengths{
		Mean:   float64(sum) / float64(len(n)),
		Median: n[len(n)/2], Min: n[0], Max: n[len(n)-1],
	}
}

// Exposure says how evenly the items of the bank were used. A rate is the share of
// tests that asked an item.
type Exposure struct {
	Used    int     `json:"used"`    // items asked at least once
	Bank    int     `json:"bank"`    // items there are
	Largest float64 `json:"largest"` // highest rate
	Mean    float64 `json:"mean"`    // mean rate of the items used

	// Overlap is the expected share of items that two tests have in common,
	// Σ rate² / Σ rate (Chen, Ankenmann and Spray 2003).
	Overlap float64 `json:"overlap"`
}

// Rates returns, for every item of the bank, the share of tests that asked it.
func Rates(played []Played, items int) []float64 {
	rate := make([]float64, items)
	for _, p := range played {
		for _, j := range p.Asked {
			rate[j] += 1 / float64(len(played))
		}
	}
	return rate
}

func exposureOf(played []Played, items int) Exposure {
	e := Exposure{Bank: items}
	sum, squares := 0.0, 0.0
	for _, r := range Rates(played, items) {
		if r > 0 {
			e.Used++
		}
		e.Largest = max(e.Largest, r)
		sum += r
		squares += r * r
	}
	if sum > 0 {
		e.Mean, e.Overlap = sum/float64(e.Used), squares/sum
	}
	return e
}

// coverageOf returns the share of models whose actual score lies in the predicted
// 90 % interval, with misfit added to what the prediction says of itself.
func coverageOf(played []Played, misfit float64) float64 {
	in := 0
	for _, p := range played {
		if math.Abs(p.Score.Points-p.Actual) <= normal90*math.Hypot(p.Score.SD, misfit) {
			in++
		}
	}
	return float64(in) / float64(max(1, len(played)))
}

// misfitOf returns the SD of the prediction errors that their own SD does not explain:
// √max(0, mean of (predicted - actual)² - SD²).
func misfitOf(played []Played) float64 {
	sum := 0.0
	for _, p := range played {
		d := p.Score.Points - p.Actual
		sum += d*d - p.Score.SD*p.Score.SD
	}
	return math.Sqrt(max(0, sum/float64(max(1, len(played)))))
}

func pointsOf(played []Played) []float64 {
	v := make([]float64, len(played))
	for i, p := range played {
		v[i] = p.Score.Points
	}
	return v
}

// pointsAfter returns the predictions after n answers; of tests that ran out of items
// before, the last.
func pointsAfter(played []Played, n int) []float64 {
	v := make([]float64, len(played))
	for i, p := range played {
		v[i] = p.Points[min(n, len(p.Points)-1)]
	}
	return v
}

func actualOf(played []Played) []float64 {
	v := make([]float64, len(played))
	for i, p := range played {
		v[i] = p.Actual
	}
	return v
}
