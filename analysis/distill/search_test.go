package distill

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
)

func candidates(items int) []Candidate {
	rng := rand.New(rand.NewPCG(8, 8))
	var out []Candidate
	for _, kind := range irt.Kinds() {
		for _, estimator := range []ability.Method{ability.MAP, ability.EAPSum} {
			c := Candidate{Kind: kind, Estimator: estimator}
			for range items {
				c.Items = append(c.Items, irt.FromDifficulty(0.3+2*rng.Float64(), rng.NormFloat64(), 0, 1))
			}
			for range 500 {
				c.Abilities = append(c.Abilities, rng.NormFloat64())
			}
			out = append(out, c)
		}
	}
	return out
}

// An objective with its minimum at 60 items, and a favourite combination.
func pretend(_ context.Context, t Trial) (float64, error) {
	n := float64(len(t.Picks))
	rmse := 1 + math.Abs(math.Log(n/60)) - 0.005*n
	if t.Kind == irt.ThreePL && t.Estimator == ability.MAP && t.Grid == EvenGrid {
		rmse -= 0.1
	}
	return rmse, nil
}

func TestSearchFindsTheBestCombinationAndThreshold(t *testing.T) {
	trials, err := Search(context.Background(), candidates(300), pretend, SearchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	chosen := 0
	for _, trial := range trials {
		if want := trial.RMSE + 0.005*float64(len(trial.Picks)); trial.Objective != want {
			t.Fatalf("objective %v of RMSE %v with %d items", trial.Objective, trial.RMSE, len(trial.Picks))
		}
		if !trial.Chosen {
			continue
		}
		chosen++
		if trial.Kind != irt.ThreePL || trial.Estimator != ability.MAP || trial.Grid != EvenGrid {
			t.Errorf("chose %v, %v, %v", trial.Kind, trial.Estimator, trial.Grid)
		}
		if n := len(trial.Picks); n < 52 || n > 69 {
			t.Errorf("chose %d items, the minimum is at 60", n)
		}
	}
	if chosen != 1 || len(trials) > 12*13 {
		t.Errorf("%d trials are marked as chosen, of %d", chosen, len(trials))
	}
}

func TestSearchIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	one, err := Search(context.Background(), candidates(100), pretend, SearchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	many, err := Search(context.Background(), candidates(100), pretend, SearchOptions{Workers: 5})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one, many) {
		t.Fatal("trials differ between one worker and five")
	}
}

func TestSearchPassesErrorsOnAndSkipsWhatCannotBeFitted(t *testing.T) {
	broken := errors.New("broken")
	_, err := Search(context.Background(), candidates(50), func(context.Context, Trial) (float64, error) { return 0, broken }, SearchOptions{Workers: 3})
	if !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	_, err = Search(context.Background(), candidates(50), func(context.Context, Trial) (float64, error) { return math.Inf(1), nil }, SearchOptions{})
	if err == nil || !strings.Contains(err.Error(), "could be fitted") {
		t.Errorf("error = %v when nothing can be fitted", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Search(ctx, candidates(50), pretend, SearchOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v after cancelling", err)
	}
}
