package irt

import (
	"context"
	"testing"

	"metabench/analysis/response"
)

// mirtLogLik holds the log-likelihoods of the two published 2PL fits with a
// reference run.
var mirtLogLik = map[string]float64{"arc-B": -120279.173, "truthfulqa-B": -145426.626}

func TestTwoPLReachesMirt(t *testing.T) {
	for tag, want := range mirtLogLik {
		r, err := Fit(context.Background(), realResponses(t, tag), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != Converged || r.LogLikelihood < want {
			t.Errorf("%s: log-likelihood %.6f, %v; mirt has %.6f", tag, r.LogLikelihood, r.Status, want)
		}
	}
}

func TestRicherModelIsNeverBelow(t *testing.T) {
	m := realResponses(t, "hellaswag-B")
	last := 0.0
	for _, kind := range Kinds() {
		r, err := Fit(context.Background(), m, Options{Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != Converged {
			t.Errorf("%v: %v", kind, r.Status)
		}
		if kind != TwoPL && r.LogLikelihood < last {
			t.Errorf("%v ends at %v, the model nested in it at %v", kind, r.LogLikelihood, last)
		}
		last = r.LogLikelihood
	}
}

func TestEmptyMatrixIsAnError(t *testing.T) {
	for _, m := range []*response.Matrix{response.New(0, 3), response.New(3, 0)} {
		if _, err := Fit(context.Background(), m, Options{}); err == nil {
			t.Error("no error")
		}
	}
}

func TestAbilityRisesWithTheScore(t *testing.T) {
	m := realResponses(t, "hellaswag-B")
	r, err := Fit(context.Background(), m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	turned := append([]Item(nil), r.Items...)
	for j := range turned {
		turned[j].A = -turned[j].A
	}
	again, err := Fit(context.Background(), m, Options{Start: turned})
	if err != nil {
		t.Fatal(err)
	}
	for j, it := range again.Items {
		if it.A*r.Items[j].A < 0 {
			t.Fatalf("item %d: slope %v from the turned start, %v from the default", j, it.A, r.Items[j].A)
		}
	}
}
