package irt

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/response"
)

// guttman is a perfect scale of items, each sum of correct answers given by as many models,
// and some models without answers.
func guttman(items, each, silent int) *response.Matrix {
	var rows []string
	for right := range items + 1 {
		rows = append(rows, slices.Repeat([]string{strings.Repeat("1", right) + strings.Repeat("0", items-right)}, each)...)
	}
	return matrix(append(rows, slices.Repeat([]string{strings.Repeat(".", items)}, silent)...)...)
}

// Answers that are right above a threshold and wrong below it set the slope no limit; a
// prior does, and so do answers as a 2PL gives them.
func TestSlopesWithoutALimitAreMarked(t *testing.T) {
	ordinary, _ := simulate(simulatedItems(12, TwoPL, 3), 400, 0, 4)
	for name, c := range map[string]struct {
		m    *response.Matrix
		opts Options
		want int
	}{
		"perfect_scale":            {guttman(8, 10, 10), Options{}, 8},
		"perfect_scale_3pl":        {guttman(8, 10, 0), Options{Kind: ThreePL, Restarts: 1}, 8},
		"perfect_scale_with_prior": {guttman(8, 10, 0), Options{Prior: WeakPrior()}, 0},
		"ordinary_answers":         {ordinary, Options{}, 0},
		"nothing_to_estimate":      {matrix("11", "11"), Options{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Fit(context.Background(), c.m, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, u := range r.Unbounded {
				if u {
					n++
				}
			}
			if n != c.want {
				t.Errorf("%d slopes without a limit, want %d: %+v", n, c.want, r.Items)
			}
		})
	}
}

func TestModelsWithoutAnswersAreCounted(t *testing.T) {
	r, err := Fit(context.Background(), guttman(4, 5, 7), Options{})
	if err != nil || r.Models != 32 || r.Answered != 25 {
		t.Errorf("%v, %+v", err, r)
	}
}

// The reliability of what is answered, by its definition: variance of the posterior means
// over that and the mean posterior variance, of those who have answers.
func TestEmpiricalReliabilityIsThatOfTheAnswersGiven(t *testing.T) {
	items := simulatedItems(40, TwoPL, 5)
	m, _ := simulate(items, 300, 0.85, 6)
	for j := range items {
		m.Set(17, j, response.Missing)
	}
	r := &Result{Kind: TwoPL, Items: items}
	got, err := EmpiricalReliability(m, r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var means []float64
	errors := 0.0
	for i := range 300 {
		var w, first, second float64
		answers := 0
		for x := -6.0; x < 6.01; x += 0.2 {
			log := -x * x / 2
			for j, it := range items {
				logP, logQ := it.LogProb(x)
				switch m.At(i, j) {
				case response.Correct:
					log, answers = log+logP, answers+1
				case response.Wrong:
					log, answers = log+logQ, answers+1
				}
			}
			w, first, second = w+math.Exp(log), first+math.Exp(log)*x, second+math.Exp(log)*x*x
		}
		if answers == 0 {
			continue
		}
		means = append(means, first/w)
		errors += second/w - first*first/w/w
	}
	sum, squares := 0.0, 0.0
	for _, v := range means {
		sum, squares = sum+v, squares+v*v
	}
	n := float64(len(means))
	variance := squares/n - sum*sum/n/n
	if want := variance / (variance + errors/n); math.Abs(got-want) > 1e-9 {
		t.Errorf("reliability %v, want %v", got, want)
	}
	if all := MarginalReliability(items, NormalGrid(61, 6)); got > all-0.2 {
		t.Errorf("six of 40 answers have reliability %v, all %v", got, all)
	}
	none, err := EmpiricalReliability(matrix("..", ".."), &Result{Items: items[:2]}, Options{})
	if err != nil || !math.IsNaN(none) {
		t.Errorf("without answers: %v, %v", none, err)
	}
}
