package irt

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// drawItem makes a plausible item with a slope of either sign.
func drawItem(t *rapid.T) Item {
	it := Item{
		A: rapid.Float64Range(0.05, 8).Draw(t, "a"),
		D: rapid.Float64Range(-8, 8).Draw(t, "d"),
		G: rapid.Float64Range(0, 0.45).Draw(t, "g"),
		U: rapid.Float64Range(0.55, 1).Draw(t, "u"),
	}
	if rapid.Bool().Draw(t, "negative") {
		it.A = -it.A
	}
	switch rapid.IntRange(2, 4).Draw(t, "kind") {
	case 2:
		it.G, it.U = 0, 1
	case 3:
		it.U = 1
	}
	return it
}

func near(got, want, tol float64) bool {
	return math.Abs(got-want) <= tol*max(1, math.Abs(want))
}

func TestDifficultyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t)
		back := FromDifficulty(it.A, it.Difficulty(), it.G, it.U)
		if back.A != it.A || back.G != it.G || back.U != it.U || !near(back.D, it.D, 1e-14) {
			t.Fatalf("%v came back as %v", it, back)
		}
		if half := it.Prob(it.Difficulty()); !near(half, (it.G+it.U)/2, 1e-12) {
			t.Fatalf("P(b) = %v, want the middle of %v and %v", half, it.G, it.U)
		}
	})
}

func TestProbMatchesDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t)
		theta := rapid.Float64Range(-4, 4).Draw(t, "theta")
		want := it.G + (it.U-it.G)/(1+math.Exp(-(it.A*theta+it.D)))
		if got := it.Prob(theta); !near(got, want, 1e-15) {
			t.Fatalf("P = %v, want %v", got, want)
		}
		logP, logQ := it.LogProb(theta)
		if !near(logP, math.Log(want), 1e-12) {
			t.Fatalf("log P = %v, want %v", logP, math.Log(want))
		}
		if want < 0.999 && !near(logQ, math.Log1p(-want), 1e-12) {
			t.Fatalf("log Q = %v, want %v", logQ, math.Log1p(-want))
		}
	})
}

func TestDerivativesMatchDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t)
		theta := rapid.Float64Range(-4, 4).Draw(t, "theta")
		const h = 1e-5
		p, dp, d2p := it.Derivatives(theta)
		if p != it.Prob(theta) {
			t.Fatalf("P = %v, Prob = %v", p, it.Prob(theta))
		}
		if num := (it.Prob(theta+h) - it.Prob(theta-h)) / (2 * h); math.Abs(num-dp) > 1e-7 {
			t.Fatalf("P' = %v, by differences %v", dp, num)
		}
		_, up, _ := it.Derivatives(theta + h)
		_, down, _ := it.Derivatives(theta - h)
		if num := (up - down) / (2 * h); math.Abs(num-d2p) > 1e-5 {
			t.Fatalf("P'' = %v, by differences %v", d2p, num)
		}
	})
}

func TestInformationMatchesDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t)
		theta := rapid.Float64Range(-3, 3).Draw(t, "theta")
		p, dp, _ := it.Derivatives(theta)
		if p < 1e-8 || p > 1-1e-8 {
			t.Skip("the definition itself loses its digits here")
		}
		if got, want := it.Information(theta), dp*dp/(p*(1-p)); !near(got, want, 1e-7) {
			t.Fatalf("I = %v, want %v", got, want)
		}
	})
}

func TestExtremeAbilitiesStayFinite(t *testing.T) {
	for _, it := range []Item{
		{1, 0, 0, 1}, {-3, 2, 0, 1}, {8, -8, 0.2, 1}, {2, 1, 0, 0.9}, {2, 1, 0.1, 0.9}, {0, 3, 0, 1}, {1, 0, 0.5, 0.5},
	} {
		for _, theta := range []float64{-1e3, -400, -40, 40, 400, 1e3} {
			p := it.Prob(theta)
			logP, logQ := it.LogProb(theta)
			info := it.Information(theta)
			_, dp, d2p := it.Derivatives(theta)
			for name, v := range map[string]float64{"P": p, "log P": logP, "log Q": logQ, "I": info, "P'": dp, "P''": d2p} {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%+v at θ = %v: %s = %v", it, theta, name, v)
				}
			}
			if p < 0 || p > 1 || info < 0 {
				t.Errorf("%+v at θ = %v: P = %v, I = %v out of range", it, theta, p, info)
			}
		}
	}
}

func TestMaxInformationIsTheMaximum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t)
		at, most := it.MaxInformation()
		if !near(most, it.Information(at), 1e-12) {
			t.Fatalf("maximum %v is not the information %v at %v", most, it.Information(at), at)
		}
		for k := -200; k <= 200; k++ {
			theta := at + 0.02*float64(k)
			if info := it.Information(theta); info > most*(1+1e-9) {
				t.Fatalf("%+v: information %v at %v exceeds the maximum %v at %v", it, info, theta, most, at)
			}
		}
	})
}

func TestMaxInformationKnownForms(t *testing.T) {
	if at, most := (Item{2, 1, 0, 1}).MaxInformation(); !near(at, -0.5, 1e-14) || !near(most, 1, 1e-14) {
		t.Errorf("2PL: %v at %v, want a²/4 = 1 at b = -0.5", most, at)
	}
	it := Item{1.5, 0.3, 0.2, 1} // Birnbaum: θ = b + log((1+√(1+8g))/2)/a
	want := it.Difficulty() + math.Log((1+math.Sqrt(1+8*it.G))/2)/it.A
	if at, _ := it.MaxInformation(); !near(at, want, 1e-13) {
		t.Errorf("3PL: maximum at %v, want %v", at, want)
	}
	if at, most := (Item{0, 1, 0, 1}).MaxInformation(); at != 0 || most != 0 {
		t.Errorf("flat item: %v at %v, want 0 at 0", most, at)
	}
}

func TestParseKind(t *testing.T) {
	for _, k := range Kinds() {
		if got, err := ParseKind(k.String()); err != nil || got != k {
			t.Errorf("ParseKind(%q) = %v, %v", k.String(), got, err)
		}
	}
	if k, err := ParseKind("4pl"); err != nil || k != FourPL {
		t.Errorf("ParseKind(4pl) = %v, %v", k, err)
	}
	for _, bad := range []string{"", "PL", "1PL", "5PL", "2PL ", "two"} {
		if k, err := ParseKind(bad); err == nil {
			t.Errorf("ParseKind(%q) = %v, want an error", bad, k)
		}
	}
}
