package irt

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"metabench/analysis/response"
)

// Two halves of a test that ask for different abilities must come apart.
func TestPlaneFindsTwoAbilities(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 1))
	items := make([]PlaneItem, 24)
	for j := range items {
		items[j] = PlaneItem{A1: 1.8, D: rng.NormFloat64()}
		if j%2 == 1 {
			items[j].A1, items[j].A2 = 0, 1.8
		}
	}
	m := response.New(1200, len(items))
	for i := range 1200 {
		x, y := rng.NormFloat64(), rng.NormFloat64()
		for j, it := range items {
			if rng.Float64() < it.Prob(x, y) {
				m.Set(i, j, response.Correct)
			} else {
				m.Set(i, j, response.Wrong)
			}
		}
	}
	r, err := FitPlane(context.Background(), m, PlaneOptions{Nodes: 15, Starts: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != Converged {
		t.Errorf("%v after %d iterations", r.Status, r.Iterations)
	}
	line, err := Fit(context.Background(), m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.LogLikelihood < line.LogLikelihood+500 {
		t.Errorf("log-likelihood %.1f in the plane, %.1f on the line", r.LogLikelihood, line.LogLikelihood)
	}
	if r.Items[r.Anchor].A2 != 0 {
		t.Errorf("the anchor has A2 = %v", r.Items[r.Anchor].A2)
	}
	// Angles between slopes don't depend on the axes: items of one half are
	// parallel, of different halves at right angles.
	angle := func(a, b PlaneItem) float64 {
		cos := (a.A1*b.A1 + a.A2*b.A2) / (math.Hypot(a.A1, a.A2) * math.Hypot(b.A1, b.A2))
		return math.Acos(max(-1, min(1, cos))) * 180 / math.Pi
	}
	for j, it := range r.Items[2:] {
		want := 90.0
		if j%2 == 0 {
			want = 0
		}
		if got := angle(r.Items[0], it); math.Abs(got-want) > 16 {
			t.Errorf("item %d is at %.0f° to item 0, want %.0f°", j+2, got, want)
		}
	}
	for _, it := range r.Principal() {
		if math.IsNaN(it.A1 + it.A2 + it.D) {
			t.Fatalf("principal axes: %+v", it)
		}
	}
}

func TestPlaneOfConstantAnswersIsDegenerate(t *testing.T) {
	r, err := FitPlane(context.Background(), matrix("11", "11"), PlaneOptions{Nodes: 5})
	if err != nil || r.Status != Degenerate {
		t.Fatalf("%+v, %v", r, err)
	}
}
