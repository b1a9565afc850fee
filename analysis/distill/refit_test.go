package distill

import (
	"context"
	"errors"
	"math"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/smooth"
)

// The whole search on a small population: fit, abilities, filter, refit, choose.
func TestSearchWithRefitsDistillsAPopulation(t *testing.T) {
	m, scores, _ := population(400, 60, 0, 11)
	train, validation := everyone(300), response.ValidationSet{}
	for i := 300; i < 400; i++ {
		validation.Rows = append(validation.Rows, i)
	}
	fit, err := irt.Fit(context.Background(), m.SelectModels(train.Rows), irt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	estimates, err := ability.Estimates(context.Background(), m, fit.Items, ability.Options{Method: ability.MAP})
	if err != nil {
		t.Fatal(err)
	}
	c := Candidate{Kind: irt.TwoPL, Estimator: ability.MAP, Items: fit.Items}
	for _, e := range estimates {
		c.Abilities = append(c.Abilities, e.Theta)
	}
	refit := &Refit{Answers: m, Scores: scores, Train: train, Validation: validation,
		Starts: map[irt.Kind][]irt.Item{irt.TwoPL: fit.Items}, Smooth: smooth.Smooth{Functions: 12, Penalties: 1}}
	trials, err := Search(context.Background(), []Candidate{c}, refit.Evaluate, SearchOptions{Lambda: 0.05, Bins: 50, LeastItems: 8, Coarse: 4, Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	var all, chosen Trial
	for _, trial := range trials {
		if len(trial.Picks) > len(all.Picks) {
			all = trial
		}
		if trial.Chosen {
			chosen = trial
		}
	}
	if all.RMSE > 6 || chosen.RMSE > 12 {
		t.Errorf("RMSE %v with %d items, %v with the %d chosen", all.RMSE, len(all.Picks), chosen.RMSE, len(chosen.Picks))
	}
	if chosen.Objective > all.Objective {
		t.Errorf("objective %v of the chosen, %v of all items", chosen.Objective, all.Objective)
	}
}

// What no threshold leaves is a fact about the answers, and not a failure.
func TestTooFewItemsForAnyFormAreNamed(t *testing.T) {
	items := []irt.Item{{A: 1, U: 1}, {A: 1, D: 0.5, U: 1}, {A: 1, D: -0.5, U: 1}}
	c := Candidate{Kind: irt.TwoPL, Estimator: ability.MAP, Items: items, Abilities: []float64{-1, -0.5, 0, 0.5, 1}}
	never := func(context.Context, Trial) (float64, error) { return math.Inf(1), nil }
	for least, tried := range map[int]bool{4: false, 2: true} {
		_, err := Search(context.Background(), []Candidate{c}, never, SearchOptions{Bins: 5, LeastItems: least, Coarse: 2, Rounds: 1})
		var few *TooFewItemsError
		if !errors.As(err, &few) || few.Least != least || few.Trials > 0 != tried {
			t.Errorf("forms of %d items: error %v", least, err)
		}
	}
}

func TestReliabilityOfKnownEstimates(t *testing.T) {
	a := []float64{1, 2, 3, 4, 5}
	r := ReliabilityOf(a, []float64{2, 3, 4, 5, 6})
	if r.Correlation != 1 || r.Rank != 1 || r.Bias != 1 || r.RMSD != 1 {
		t.Errorf("shifted estimates: %+v", r)
	}
	r = ReliabilityOf(a, []float64{1, 4, 9, 16, 25})
	if math.Abs(r.Correlation-0.98110) > 1e-4 || r.Rank != 1 || r.Lower > r.Correlation || r.Upper < r.Correlation {
		t.Errorf("squared estimates: %+v", r)
	}
	if r = ReliabilityOf(a, []float64{7, 7, 7, 7, 7}); !math.IsNaN(r.Correlation) || math.IsNaN(r.RMSD) {
		t.Errorf("constant estimates: %+v", r)
	}
}
