package irt

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"metabench/analysis/response"
)

// twoAbilities draws answers to items that ask for two abilities, which no 3PL describes:
// the likelihood of a short test then has many maxima, the highest with steps for curves.
func twoAbilities(seed uint64, models, items int) *response.Matrix {
	rng := rand.New(rand.NewPCG(seed, 99))
	m := response.New(models, items)
	d, a1, a2 := make([]float64, items), make([]float64, items), make([]float64, items)
	for j := range d {
		d[j], a1[j], a2[j] = 1.5*rng.NormFloat64(), 3*rng.Float64(), 2*rng.NormFloat64()
	}
	for i := range models {
		t1, t2 := rng.NormFloat64(), rng.NormFloat64()
		for j := range items {
			answer := response.Wrong
			if rng.Float64() < 0.2+0.8/(1+math.Exp(-(a1[j]*t1+a2[j]*t2+d[j]))) {
				answer = response.Correct
			}
			m.Set(i, j, answer)
		}
	}
	return m
}

// The highest values known, those of a hundred hops from each of nine places. From the
// usual five starts the first table ends 11 log units below.
func TestSmallTablesAreSearchedUntilTheBestIsFoundAgain(t *testing.T) {
	for seed, want := range map[uint64]float64{2: -3577.728, 5: -3743.614} {
		m := twoAbilities(seed, 1005, 6)
		r, err := Fit(context.Background(), m, Options{Kind: ThreePL})
		if err != nil {
			t.Fatal(err)
		}
		if r.LogLikelihood < want-0.01 || r.Status != Converged {
			t.Errorf("table %d: %v at %.3f, want %.3f", seed, r.Status, r.LogLikelihood, want)
		}
		if seed != 2 {
			continue
		}
		again, err := Fit(context.Background(), m, Options{Kind: ThreePL, Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		if again.LogLikelihood != r.LogLikelihood || again.Items[0] != r.Items[0] {
			t.Errorf("table %d: another number of workers, another result", seed)
		}
	}
}

// A maximum that one start led to is not said to be the highest.
func TestMaximumFromOneStartIsLocal(t *testing.T) {
	m := twoAbilities(2, 1005, 6)
	all, err := FitAll(context.Background(), m, Options{Kind: ThreePL, Restarts: -1})
	if err != nil {
		t.Fatal(err)
	}
	if all[0].Status != Converged || all[1].Status != Local || !all[1].Status.IsMaximum() {
		t.Errorf("2PL %v, 3PL %v", all[0].Status, all[1].Status)
	}
	started, err := Fit(context.Background(), m, Options{Kind: ThreePL, Start: all[1].Items})
	if err != nil || started.Status != Local {
		t.Errorf("%v, %v", started, err)
	}
}

// A table too large for hops keeps the speed and the bytes that it had.
func TestLargeTablesMakeNoHops(t *testing.T) {
	m, _ := simulate(simulatedItems(100, TwoPL, 1), 400, 0, 2)
	if p := newProblem(m, Options{}.withDefaults()); p.hops() != 0 {
		t.Errorf("%d hops", p.hops())
	}
	if p := newProblem(twoAbilities(2, 1005, 6), Options{}.withDefaults()); p.hops() != mostHops {
		t.Errorf("%d hops", p.hops())
	}
}
