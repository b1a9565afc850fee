package irt

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

func TestItemFitAcceptsTheTrueModelAndRejectsAWrongOne(t *testing.T) {
	items := simulatedItems(30, TwoPL, 21)
	items[7] = FromDifficulty(2, 0.7, 0.4, 1) // a 2PL can't follow
	m, _ := simulate(items, 3000, 0, 22)
	r, err := Fit(context.Background(), m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fit, err := ComputeItemFit(m, r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rejected := 0
	for j, f := range fit {
		if math.Abs(f.Infit-1) > 0.1 || math.Abs(f.Outfit-1) > 0.35 {
			t.Errorf("item %d: infit %.3f, outfit %.3f", j, f.Infit, f.Outfit)
		}
		if f.DF < 10 || f.DF > 28 {
			t.Errorf("item %d: %d degrees of freedom", j, f.DF)
		}
		if j != 7 && f.PValue < 0.05 {
			rejected++
		}
	}
	if rejected > 5 {
		t.Errorf("%d of 29 sound items are rejected at 5 %%", rejected)
	}
	if fit[7].PValue > 0.01 {
		t.Errorf("the item that guesses has p = %v", fit[7].PValue)
	}
}

func TestRemovingAnItemFromASumUndoesAddingIt(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range []float64{0, 1e-9, 0.3, 0.5, 0.8, 1 - 1e-9, 1} {
		want := make([]float64, 40)
		for s := range want {
			want[s] = rng.Float64()
		}
		sum := make([]float64, len(want)+1)
		for s, v := range want {
			sum[s] += v * (1 - p)
			sum[s+1] += v * p
		}
		got := make([]float64, len(want))
		without(sum, p, got)
		for s := range want {
			if math.Abs(got[s]-want[s]) > 1e-12 {
				t.Fatalf("p = %v, sum %d: %v, want %v", p, s, got[s], want[s])
			}
		}
	}
}

// Marginal reliability must be the squared correlation that the posterior means of
// simulated models have with the truth, nearly.
func TestMarginalReliabilityIsThatOfSimulatedModels(t *testing.T) {
	items := simulatedItems(40, TwoPL, 31)
	m, theta := simulate(items, 4000, 0, 32)
	opts := Options{}.withDefaults()
	p := newProblem(m, opts)
	p.step.run(items, true)
	var xy, xx, yy float64
	q := len(opts.Grid.Nodes)
	for i, at := range p.step.p.of {
		mean := 0.0
		for k := int(p.step.lo[at]); k < int(p.step.hi[at]); k++ {
			mean += opts.Grid.Nodes[k] * p.step.posterior[at*q+k] / p.step.p.weight[at]
		}
		xy, xx, yy = xy+mean*theta[i], xx+mean*mean, yy+theta[i]*theta[i]
	}
	if got, want := MarginalReliability(items, opts.Grid), xy*xy/(xx*yy); math.Abs(got-want) > 0.02 {
		t.Errorf("marginal reliability %.4f, squared correlation with the truth %.4f", got, want)
	}
}
