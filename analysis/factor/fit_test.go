package factor

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// twoFactors makes n rows of six columns: three load 0.8 on one factor, three on
// another, and the factors correlate 0.5.
func twoFactors(n int) (names []string, x [][]float64) {
	rng := rand.New(rand.NewPCG(1, 1))
	names = []string{"a1", "a2", "a3", "b1", "b2", "b3"}
	x = make([][]float64, 6)
	for range n {
		common := rng.NormFloat64()
		for j := range x {
			if j == 3 {
				common = 0.5*common + math.Sqrt(0.75)*rng.NormFloat64()
			}
			x[j] = append(x[j], 10+3*(0.8*common+0.6*rng.NormFloat64()))
		}
	}
	return names, x
}

func TestKnownFactorsAreFound(t *testing.T) {
	names, x := twoFactors(20000)
	s, err := Fit(context.Background(), names, x, 2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Extraction != Converged || s.Rotation != Converged {
		t.Fatalf("extraction %s, rotation %s", s.Extraction, s.Rotation)
	}
	if d := s.Phi.At(0, 1); math.Abs(d-0.5) > 0.03 {
		t.Errorf("factors correlate %v, want 0.5", d)
	}
	for i := range names {
		own := 0
		if math.Abs(s.Loadings.At(i, 1)) > math.Abs(s.Loadings.At(i, 0)) {
			own = 1
		}
		if first, last := s.Loadings.At(i, own), s.Loadings.At(i, 1-own); math.Abs(first-0.8) > 0.03 || math.Abs(last) > 0.03 {
			t.Errorf("%s loads %v and %v, want 0.8 and 0", names[i], first, last)
		}
	}
	if s.Fit.RMSEA > 0.02 || s.Fit.CFI < 0.99 || s.Fit.PValue < 1e-4 {
		t.Errorf("the true model fits badly: %+v", s.Fit)
	}
}

func TestMinresGradientAgreesWithDifferences(t *testing.T) {
	_, x := twoFactors(200)
	var s Solution
	s.Columns = make([]string, len(x))
	if err := s.correlate(x); err != nil {
		t.Fatal(err)
	}
	m := &residual{r: s.Correlation, k: 2}
	psi := []float64{0.3, 0.4, 0.5, 0.35, 0.6, 0.2}
	_, gradient := m.at(psi)
	const h = 1e-6
	for i := range psi {
		moved := append([]float64(nil), psi...)
		moved[i] += h
		up, _ := m.at(moved)
		moved[i] -= 2 * h
		down, _ := m.at(moved)
		if d := (up - down) / (2 * h); math.Abs(d-gradient[i]) > 1e-7 {
			t.Errorf("gradient[%d] = %v, differences give %v", i, gradient[i], d)
		}
	}
}

func TestRotationKeepsTheImpliedCorrelations(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	a := mat.NewDense(8, 3, nil)
	a.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() / 2 }, a)
	l, phi, status := oblimin(a)
	var before, half, after mat.Dense
	before.Mul(a, a.T())
	half.Mul(l, phi)
	after.Mul(&half, l.T())
	if !mat.EqualApprox(&before, &after, 1e-9) || status != Converged {
		t.Fatalf("rotation (%s) changed the implied correlations", status)
	}
	start, _ := quartimin(a)
	if end, _ := quartimin(l); end > start {
		t.Fatalf("criterion rose from %v to %v", start, end)
	}
}

func TestScoresHaveMeanZeroAndFollowTheFactor(t *testing.T) {
	names, x := twoFactors(500)
	s, err := Fit(context.Background(), names, x, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum, row := 0.0, make([]float64, len(x))
	for i := range x[0] {
		for j := range x {
			row[j] = x[j][i]
		}
		sum += s.Score(make([]float64, 1), row)[0]
	}
	if math.Abs(sum) > 1e-8 {
		t.Errorf("scores sum to %v", sum)
	}
	low, high := []float64{4, 4, 4, 4, 4, 4}, []float64{16, 16, 16, 16, 16, 16}
	if a, b := s.Score(make([]float64, 1), low)[0], s.Score(make([]float64, 1), high)[0]; a >= b {
		t.Errorf("low row scores %v, high row %v", a, b)
	}
}

func TestFitRefusesWithTheReason(t *testing.T) {
	names, x := twoFactors(50)
	twin := append([][]float64{}, x...)
	twin[5] = x[0]
	flat := append([][]float64{}, x...)
	flat[2] = make([]float64, 50)
	hole := append([][]float64{}, x...)
	hole[1] = append([]float64{math.NaN()}, x[1][1:]...)
	short := make([][]float64, len(x))
	for j := range x {
		short[j] = x[j][:6]
	}
	cases := map[string]struct {
		x       [][]float64
		factors int
		says    string
	}{
		"same_column_twice": {twin, 1, "singular"},
		"constant_column":   {flat, 1, "column a3 has only one distinct value"},
		"missing_value":     {hole, 1, "column a2, row 1 is NaN"},
		"too_many_factors":  {x, 4, "6 columns support 1 to 3 factors"},
		"no_factor":         {x, 0, "1 to 3"},
		"too_few_rows":      {short, 1, "more than 6 rows"},
		"two_columns":       {x[:2], 1, "at least 3 columns"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Fit(context.Background(), names[:len(c.x)], c.x, c.factors)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error = %v, want %q in it", err, c.says)
			}
		})
	}
	if _, err := Fit(context.Background(), names, twin, 1); !errors.Is(err, ErrSingular) {
		t.Fatalf("error = %v, want ErrSingular", err)
	}
}

func TestNoncentralDistribution(t *testing.T) {
	// Mean of the non-central χ² is dof + λ; far in the tails it is 0 and 1.
	for _, lambda := range []float64{0, 0.5, 20, 5000} {
		spread := math.Sqrt(2 * (4 + 2*lambda))
		if p := noncentralCDF(4+lambda+12*spread, 4, lambda); p < 0.999 {
			t.Errorf("λ = %v: %v far above the mean", lambda, p)
		}
		if p := noncentralCDF(max(4+lambda-9*spread, 0), 4, lambda); p > 0.001 {
			t.Errorf("λ = %v: %v far below the mean", lambda, p)
		}
	}
	if back := noncentralCDF(300, 4, noncentrality(300, 4, 0.05)); math.Abs(back-0.05) > 1e-9 {
		t.Errorf("probability at the bound = %v", back)
	}
}
