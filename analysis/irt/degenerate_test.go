package irt

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"metabench/analysis/response"
)

func matrix(rows ...string) *response.Matrix {
	m := response.New(len(rows), len(rows[0]))
	for i, row := range rows {
		for j, c := range row {
			switch c {
			case '0':
				m.Set(i, j, response.Wrong)
			case '1':
				m.Set(i, j, response.Correct)
			}
		}
	}
	return m
}

// Whatever the answers, a fit ends with finite numbers and says how.
func TestDegenerateAnswersEndFinite(t *testing.T) {
	random := func(models, items int, share float64) *response.Matrix {
		rng := rand.New(rand.NewPCG(5, 6))
		m := response.New(models, items)
		for i := range models {
			for j := range items {
				if rng.Float64() < share {
					m.Set(i, j, response.Correct)
				} else {
					m.Set(i, j, response.Wrong)
				}
			}
		}
		return m
	}
	duplicates := matrix(slices.Repeat([]string{"1100", "1010", "0111"}, 30)...)
	nearlyConstant := random(300, 12, 0.5)
	for i := range 300 {
		nearlyConstant.Set(i, 0, response.Correct)
		nearlyConstant.Set(i, 1, response.Wrong)
	}
	nearlyConstant.Set(0, 0, response.Wrong)
	nearlyConstant.Set(1, 1, response.Correct)
	mostlyMissing := random(200, 20, 0.6)
	for i := range 200 {
		for j := range 20 {
			if (i*7+j*3)%10 != 0 {
				mostlyMissing.Set(i, j, response.Missing)
			}
		}
	}
	cases := map[string]struct {
		m    *response.Matrix
		want []Status
	}{
		"one_model":                     {matrix("0110"), []Status{Degenerate}},
		"one_answer":                    {matrix("1"), []Status{Degenerate}},
		"all_correct":                   {matrix("111", "111"), []Status{Degenerate}},
		"all_wrong":                     {matrix("000", "000", "000"), []Status{Degenerate}},
		"nothing_observed":              {matrix("..", "..", ".."), []Status{Degenerate}},
		"one_item":                      {matrix("1", "0", "1", "0", "1"), nil},
		"two_models":                    {matrix("0110", "1010"), nil},
		"duplicated_models":             {duplicates, nil},
		"identical_models_but_one":      {matrix("110", "110", "110", "001"), nil},
		"perfect_separation":            {matrix("0000", "1000", "1100", "1110", "1111"), nil},
		"reversed_item":                 {matrix("0001", "1001", "1101", "1110", "1110"), nil},
		"constant_items_among_others":   {matrix("1010", "1001", "1011", "1000", "1010"), nil},
		"model_and_item_never_observed": {matrix("10.1", "01.0", "....", "11.0", "00.1"), nil},
		"nearly_constant_items":         {nearlyConstant, nil},
		"pure_chance":                   {random(300, 15, 0.5), nil},
		"mostly_missing":                {mostlyMissing, nil},
		"more_items_than_models":        {random(6, 24, 0.7), nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, prior := range []*Prior{nil, WeakPrior()} {
				o := Options{Kind: FourPL, Prior: prior, Restarts: 1}
				if prior != nil {
					o.Restarts = -1
				}
				all, err := FitAll(context.Background(), c.m, o)
				if err != nil {
					t.Fatal(err)
				}
				for k, r := range all {
					if c.want != nil && !slices.Contains(c.want, r.Status) || c.want == nil && !r.Status.IsMaximum() {
						t.Errorf("%v: %v", r.Kind, r.Status)
					}
					numbers := []float64{r.LogLikelihood, r.Gradient, r.Gain}
					for _, it := range r.Items {
						numbers = append(numbers, it.A, it.D, it.G, it.U)
						if it.G < 0 || it.U > 1 || it.U <= it.G {
							t.Errorf("%v: asymptotes %v, %v", r.Kind, it.G, it.U)
						}
					}
					if se, err := ComputeStandardErrors(context.Background(), c.m, r, Options{Prior: prior}); err == nil {
						for _, it := range se.Items {
							numbers = append(numbers, it.A, it.D, it.G, it.U)
						}
					}
					fits, err := ComputeItemFit(c.m, r, Options{})
					if err != nil {
						t.Fatal(err)
					}
					for _, f := range fits {
						numbers = append(numbers, f.Infit, f.Outfit, f.SX2, f.PValue)
					}
					for at, v := range numbers {
						if math.IsNaN(v) || math.IsInf(v, 0) {
							t.Errorf("%v: number %d is %v", r.Kind, at, v)
						}
					}
					if prior == nil && k > 0 && r.LogLikelihood < all[k-1].LogLikelihood-1e-9 {
						t.Errorf("%v ends at %v, %v at %v", r.Kind, r.LogLikelihood, all[k-1].Kind, all[k-1].LogLikelihood)
					}
				}
			}
		})
	}
}

func TestConstantItemsAreReported(t *testing.T) {
	r, err := Fit(context.Background(), matrix("1010", "1001", "1011", "1000", "1010"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Estimated, []bool{false, false, true, true}) {
		t.Errorf("estimated: %v", r.Estimated)
	}
	if it := r.Items[0]; it.A != 0 || it.Prob(0) < 0.9 {
		t.Errorf("an item that all answer correctly got %+v", it)
	}
}

func TestCancelledFitSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m, _ := simulate(simulatedItems(10, TwoPL, 1), 100, 0, 2)
	r, err := Fit(ctx, m, Options{Kind: FourPL})
	if err != nil || r.Status != Cancelled {
		t.Fatalf("%v, %v", r, err)
	}
}

func TestStartOfTheWrongLengthIsAnError(t *testing.T) {
	if _, err := Fit(context.Background(), matrix("10", "01"), Options{Start: make([]Item, 3)}); err == nil {
		t.Fatal("no error")
	}
}
