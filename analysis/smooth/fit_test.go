package smooth

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wavy makes n rows of two bent terms and noise.
func wavy(n int, seed uint64) (x [][]float64, y []float64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	x = [][]float64{make([]float64, n), make([]float64, n)}
	y = make([]float64, n)
	for i := range y {
		x[0][i], x[1][i] = rng.NormFloat64(), 10*rng.Float64()
		y[i] = 50 + 5*math.Sin(2*x[0][i]) + x[1][i]*x[1][i]/10 + rng.NormFloat64()
	}
	return x, y
}

func fitterOf(t *testing.T, smooths []Smooth, x [][]float64, y []float64) *fitter {
	t.Helper()
	bases := make([]Basis, len(x))
	for j, s := range smooths {
		b, err := basisFor(s, x[j], len(y))
		if err != nil {
			t.Fatal(err)
		}
		bases[j] = b
	}
	acc := newAccumulator(bases)
	for i, v := range y {
		for j := range bases {
			acc.setTerm(j, x[j][i])
		}
		acc.add(1, v-50, (v-50)*(v-50))
	}
	f := newFitter(smooths, acc)
	f.load()
	return f
}

func TestDerivativesOfGCVAgreeWithDifferences(t *testing.T) {
	x, y := wavy(200, 1)
	f := fitterOf(t, []Smooth{{Functions: 12, Penalties: 4}, {Functions: 10, Penalties: 1}}, x, y)
	p, count := f.problem, len(f.centre)
	p.gamma = 1.3
	rho := append([]float64(nil), f.centre...)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range rho {
		rho[i] += 2 * rng.NormFloat64()
	}
	gradient, hessian := make([]float64, count), make([]float64, count*count)
	at := func(rho []float64) []float64 {
		g, h := make([]float64, count), make([]float64, count*count)
		p.derivatives(rho, p.evaluate(rho), g, h)
		return g
	}
	p.derivatives(rho, p.evaluate(rho), gradient, hessian)
	const step = 1e-4
	for i := range rho {
		moved := append([]float64(nil), rho...)
		moved[i] += step
		up, gradUp := p.evaluate(moved).logGCV, at(moved)
		moved[i] -= 2 * step
		down, gradDown := p.evaluate(moved).logGCV, at(moved)
		if d := (up - down) / (2 * step); math.Abs(d-gradient[i]) > 1e-6 {
			t.Errorf("gradient[%d] = %v, differences give %v", i, gradient[i], d)
		}
		for j := range rho {
			if d := (gradUp[j] - gradDown[j]) / (2 * step); math.Abs(d-hessian[i*count+j]) > 1e-6 {
				t.Errorf("hessian[%d,%d] = %v, differences give %v", i, j, hessian[i*count+j], d)
			}
		}
	}
}

func TestSolutionMatchesDirectLeastSquares(t *testing.T) {
	// Residual sum and edf from the definition: A = X(X'X+S)⁻¹X', column by column.
	x, y := wavy(60, 2)
	m, err := Fit(context.Background(), []Smooth{{Functions: 8, Penalties: 1}}, x[:1], y, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	rss, sum := 0.0, 0.0
	for i := range y {
		r := y[i] - m.Predict([]float64{x[0][i]})
		rss += r * r
		sum += m.Terms[0].At(x[0][i])
	}
	if math.Abs(rss-m.RSS) > 1e-8*rss {
		t.Errorf("RSS = %v, residuals give %v", m.RSS, rss)
	}
	if math.Abs(sum) > 1e-8*float64(len(y)) {
		t.Errorf("the term sums to %v over the rows", sum)
	}
	edf := 0.0 // Σ ∂ŷ_i/∂y_i at fixed λ = Σ se_i² / scale
	for i := range y {
		_, se := m.PredictSE([]float64{x[0][i]})
		edf += se * se / m.Scale
	}
	if math.Abs(edf-m.EDF) > 1e-6 {
		t.Errorf("EDF = %v, the standard errors give %v", m.EDF, edf)
	}
	if math.Abs(1+m.Terms[0].EDF-m.EDF) > 1e-9 {
		t.Errorf("terms have %v effective degrees of freedom, the model %v", m.Terms[0].EDF, m.EDF)
	}
}

func TestStraightLinesAreReproduced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := rapid.IntRange(60, 300).Draw(t, "rows")
		slope := rapid.Float64Range(-100, 100).Draw(t, "slope")
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
			y[i] = 7 + slope*x[i] + 1e-3*rng.NormFloat64()
		}
		m, err := Fit(context.Background(), []Smooth{{}}, [][]float64{x}, y, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{-1, 0, 0.5} {
			if got := m.Predict([]float64{v}); math.Abs(got-7-slope*v) > 0.02 {
				t.Fatalf("at %v: %v, want %v", v, got, 7+slope*v)
			}
		}
	})
}

func TestFitSurvivesHardData(t *testing.T) {
	x, y := wavy(300, 3)
	twin := append([]float64(nil), x[0]...)
	outlier := append([]float64(nil), x[0]...)
	outlier[17] = 1e6
	coarse := make([]float64, len(y))
	for i := range coarse {
		coarse[i] = float64(i % 3)
	}
	flat := make([]float64, len(y))
	for i := range flat {
		flat[i] = 5
	}
	line := make([]float64, len(y))
	for i, v := range x[0] {
		line[i] = 3 - 2*v
	}
	cases := map[string]struct {
		x [][]float64
		y []float64
	}{
		"exact_straight_line":         {[][]float64{x[0]}, line},
		"exact_function_of_values":    {[][]float64{coarse}, coarse},
		"same_predictor_twice":        {[][]float64{x[0], twin}, y},
		"one_far_outlier":             {[][]float64{outlier}, y},
		"three_distinct_values":       {[][]float64{coarse}, y},
		"response_almost_constant":    {x, append(flat[1:len(flat):len(flat)], 5.001)},
		"more_coefficients_than_rows": {[][]float64{x[0][:30], x[1][:30]}, y[:30]},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			smooths := make([]Smooth, len(c.x))
			m, err := Fit(context.Background(), smooths, c.x, c.y, Settings{Starts: 2})
			if err != nil {
				t.Fatal(err)
			}
			row := make([]float64, len(c.x))
			for i := range c.y {
				for j := range c.x {
					row[j] = c.x[j][i]
				}
				got, se := m.PredictSE(row)
				if math.IsNaN(got) || math.IsInf(got, 0) || math.IsNaN(se) {
					t.Fatalf("row %d: %v ± %v", i, got, se)
				}
			}
			if math.IsNaN(m.GCV) || m.EDF > float64(m.N) {
				t.Fatalf("GCV %v, edf %v of %d rows", m.GCV, m.EDF, m.N)
			}
		})
	}
}

func TestFitRefusesWithTheReason(t *testing.T) {
	x, y := wavy(50, 4)
	hole := append([]float64(nil), x[0]...)
	hole[3] = math.NaN()
	cases := map[string]struct {
		smooth Smooth
		x, y   []float64
		says   string
	}{
		"constant_predictor": {Smooth{Name: "c"}, make([]float64, 50), y, "smooth of c: only one distinct value"},
		"missing_predictor":  {Smooth{Name: "h"}, hole, y, "row 4 is NaN"},
		"missing_response":   {Smooth{}, x[0], hole, "response of row 4 is NaN"},
		"constant_response":  {Smooth{}, x[0], make([]float64, 50), "response: only one distinct value"},
		"three_penalties":    {Smooth{Penalties: 3}, x[0], y, "1 or 4 to 38"},
		"too_small_basis":    {Smooth{Functions: 5}, x[0], y, "at least 6"},
		"hardly_any_rows":    {Smooth{}, x[0][:3], y[:3], "3 rows are too few"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Fit(context.Background(), []Smooth{c.smooth}, [][]float64{c.x}, c.y, Settings{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error = %v, want %q in it", err, c.says)
			}
		})
	}
	_, err := Fit(context.Background(), []Smooth{{}}, [][]float64{make([]float64, 50)}, y, Settings{})
	if !errors.Is(err, ErrConstant) {
		t.Fatalf("error = %v, want ErrConstant", err)
	}
}

func TestModelsSurviveStorage(t *testing.T) {
	x, y := wavy(80, 9)
	m, err := Fit(context.Background(), []Smooth{{Name: "a", Functions: 10}, {Name: "b", Functions: 12}}, x, y, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var kept bytes.Buffer
	if err := gob.NewEncoder(&kept).Encode(m); err != nil {
		t.Fatal(err)
	}
	var back Model
	if err := gob.NewDecoder(&kept).Decode(&back); err != nil {
		t.Fatal(err)
	}
	at := []float64{0.3, 4}
	a, seA := m.PredictSE(at)
	if b, seB := back.PredictSE(at); a != b || seA != seB || m.Predict(at) != a {
		t.Fatalf("%v ± %v before, %v ± %v after", a, seA, b, seB)
	}
}

func TestFitObeysItsContext(t *testing.T) {
	x, y := wavy(50, 5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fit(ctx, make([]Smooth, 2), x, y, Settings{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v", err)
	}
}

func TestDearerFreedomGivesSmootherCurves(t *testing.T) {
	x, y := wavy(120, 8)
	plain, err := Fit(context.Background(), make([]Smooth, 2), x, y, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	dear, err := Fit(context.Background(), make([]Smooth, 2), x, y, Settings{Gamma: 1.5})
	if err != nil {
		t.Fatal(err)
	}
	if dear.EDF >= plain.EDF {
		t.Fatalf("edf = %v with γ = 1.5, %v with γ = 1", dear.EDF, plain.EDF)
	}
}

func TestMoreStartsNeverRaiseGCV(t *testing.T) {
	x, y := wavy(300, 6)
	one, err := Fit(context.Background(), make([]Smooth, 2), x, y, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	many, err := Fit(context.Background(), make([]Smooth, 2), x, y, Settings{Starts: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if many.GCV > one.GCV {
		t.Fatalf("GCV = %v with four starts, %v with one", many.GCV, one.GCV)
	}
}
