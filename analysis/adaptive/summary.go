package adaptive

import (
	"cmp"
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

// errorsOf compares predicted with actual scores.
func errorsOf(scores []Score, actual []float64) Errors {
	raw, calibrated := make([]float64, len(scores)), make([]float64, len(scores))
	for i, s := range scores {
		raw[i], calibrated[i] = s.Raw, s.Points
	}
	return Errors{Raw: accuracyOf(raw, actual), Calibrated: accuracyOf(calibrated, actual)}
}

// intervalOf says how often intervals hold, over all models and where the predicted
// scores are lowest and highest.
func intervalOf(scores []Score, actual []float64) Interval {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[a].Points, scores[b].Points) })
	fifth := len(order) / 5
	part := func(rows []int) float64 {
		some, their := make([]Score, len(rows)), make([]float64, len(rows))
		for k, i := range rows {
			some[k], their[k] = scores[i], actual[i]
		}
		return coverageOf(some, their)
	}
	out := Interval{Coverage: coverageOf(scores, actual), Lowest: part(order[:fifth]), Highest: part(order[len(order)-fifth:])}
	for i, s := range scores {
		out.Width += s.Width() / float64(len(scores))
		if math.Abs(s.Raw-actual[i]) <= normal90*s.RawSD {
			out.ItemModel += 1 / float64(len(scores))
		}
	}
	return out
}

// coverageOf returns the share of models whose actual score lies in the predicted
// interval, up to rounding.
func coverageOf(scores []Score, actual []float64) float64 {
	const rounding = 1e-9
	in := 0
	for i, s := range scores {
		if s.Low-rounding <= actual[i] && actual[i] <= s.High+rounding {
			in++
		}
	}
	return float64(in) / float64(max(1, len(scores)))
}

func widthOf(scores []Score) float64 {
	sum := 0.0
	for _, s := range scores {
		sum += s.Width()
	}
	return sum / float64(max(1, len(scores)))
}

// misfitOf returns the SD of the item model's prediction errors that their own SD does
// not explain, √max(0, mean of (predicted - actual)² - SD²), for a score none of whose
// items was asked; share is that of the items not asked.
func misfitOf(scores []Score, actual []float64, share float64) float64 {
	if share <= 0 {
		return 0
	}
	sum := 0.0
	for i, s := range scores {
		d := s.Raw - actual[i]
		sum += d*d - s.RawSD*s.RawSD
	}
	return math.Sqrt(max(0, sum/float64(max(1, len(scores))))) / share
}

func actualOf(played []Played) []float64 {
	v := make([]float64, len(played))
	for i, p := range played {
		v[i] = p.Actual
	}
	return v
}

// scoresAfter returns the predictions after n answers.
func scoresAfter(played []Played, n int) []Score {
	v := make([]Score, len(played))
	for i := range played {
		v[i] = played[i].after(n).Score
	}
	return v
}

func scoresOf(played []Played) []Score {
	v := make([]Score, len(played))
	for i, p := range played {
		v[i] = p.Score
	}
	return v
}
