package trial

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"metabench/analysis/reconstruct"
)

// Number is a figure that may not exist: NaN, which JSON writes as null.
type Number float64

// MarshalJSON writes null for what is no number.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// Errors are those of some test models. RMSE, MAE, bias (estimate less truth) and width
// are in points; coverage and flagged are shares of the estimates.
type Errors struct {
	Models   int    `json:"models"` // different ones
	RMSE     Number `json:"rmse"`
	MAE      Number `json:"mae"`
	Bias     Number `json:"bias"`
	Spearman Number `json:"spearman"`
	Coverage Number `json:"coverage"` // of the 90 % intervals; null for a method that has none
	Width    Number `json:"width"`
	Flagged  Number `json:"flagged"` // as outside or near the edge of the calibrated range; null for a method that never says so
}

// Group are the errors of a group of test models.
type Group struct {
	Group string `json:"group"`
	Errors
}

// Report is an outcome in figures: all test models, the thirds of their scores, and by
// distance from the nearest model that was learned from.
type Report struct {
	Split  string `json:"split"`
	Method string `json:"method"`
	Items  int    `json:"items"`
	Train  int    `json:"train"` // models learned from
	Errors
	Thirds    []Group `json:"thirds,omitempty"`
	Distances []Group `json:"distances,omitempty"`
	LeftOut   string  `json:"left_out,omitempty"` // why there are no figures
}

// Report computes the figures of an outcome.
func (o Outcome) Report() Report {
	r := Report{Split: o.Split.String(), Method: o.Method, Items: o.Items, Train: o.Train, Errors: errorsOf(o.Cases), LeftOut: o.LeftOut}
	if len(o.Cases) == 0 {
		return r
	}
	byScore := slices.Clone(o.Cases)
	slices.SortStableFunc(byScore, func(a, b Case) int { return cmp.Compare(a.Truth, b.Truth) })
	for k, name := range []string{"low third", "middle third", "high third"} {
		r.Thirds = append(r.Thirds, Group{name, errorsOf(byScore[k*len(byScore)/3 : (k+1)*len(byScore)/3])})
	}
	for k, name := range []string{"up to 2 % differ", "2 to 5 %", "5 to 10 %", "more than 10 %"} {
		var some []Case
		for _, c := range o.Cases {
			if band(c.Distance) == k {
				some = append(some, c)
			}
		}
		if len(some) > 0 {
			r.Distances = append(r.Distances, Group{name, errorsOf(some)})
		}
	}
	return r
}

// band is the group that a distance belongs to.
func band(distance float64) int {
	for k, limit := range farther {
		if distance <= limit {
			return k
		}
	}
	return len(farther)
}

func errorsOf(cases []Case) Errors {
	truth, predictions, models := make([]float64, len(cases)), make([]reconstruct.Prediction, len(cases)), map[int]bool{}
	judged, flagged := 0, 0
	for k, c := range cases {
		truth[k], predictions[k], models[c.Model] = c.Truth, c.Prediction, true
		switch c.Prediction.Verdict.Place {
		case reconstruct.Edge, reconstruct.Outside:
			flagged++
			judged++
		case reconstruct.Inside:
			judged++
		}
	}
	m, _ := reconstruct.Evaluate(truth, predictions)
	e := Errors{
		Models: len(models), RMSE: Number(m.RMSE), MAE: Number(m.MAE), Bias: Number(m.Bias), Spearman: Number(m.Spearman),
		Coverage: Number(m.Coverage), Width: Number(m.Width),
		Flagged: Number(float64(flagged) / float64(judged)), // NaN, 0/0, of a method without verdicts
	}
	if len(cases) == 0 {
		none := Number(math.NaN())
		e.RMSE, e.MAE, e.Bias = none, none, none
	}
	return e
}
