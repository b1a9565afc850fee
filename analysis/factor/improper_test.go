package factor

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// contrasts returns k orthogonal columns of 16 values ±1 that sum to 0 (Walsh functions).
func contrasts(k int) [][]float64 {
	out := make([][]float64, k)
	for c := range out {
		for i := range uint(16) {
			out[c] = append(out[c], 1-2*float64(bits.OnesCount(i&uint(c+1))%2))
		}
	}
	return out
}

// Columns a_j·f + b_j·u_j of orthogonal f and u_j have exactly one factor in common. Their
// loadings are a/√(a²+b²), nothing is left over, and rounding may put the χ² of that on
// either side of 0.
func TestExactFactorsFitWithoutRest(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 1))
	for n := range 60 {
		p := 4 + n%4
		walsh := contrasts(p + 1)
		x, want := make([][]float64, p), make([]float64, p)
		for j := range x {
			a, b := float64(1+rng.IntN(4)), float64(1+rng.IntN(4))
			want[j] = a / math.Sqrt(a*a+b*b)
			for i := range 16 {
				x[j] = append(x[j], a*walsh[0][i]+b*walsh[j+1][i])
			}
		}
		s, err := Fit(context.Background(), []string{"a", "b", "c", "d", "e", "f", "g"}[:p], x, 1)
		if err != nil {
			t.Fatal(err)
		}
		for j := range x {
			if d := math.Abs(s.Loadings.At(j, 0) - want[j]); d > 1e-7 {
				t.Errorf("table %d: loading %d is off by %v", n, j, d)
			}
		}
		if f := s.Fit; !(f.ChiSquare >= 0 && f.ChiSquare < 1e-9) || f.PValue < 1-1e-9 || f.RMSEA != 0 || f.RMSEAUpper != 0 || f.CFI != 1 || len(s.Heywood) > 0 {
			t.Errorf("table %d: %+v, Heywood cases %v", n, f, s.Heywood)
		}
	}
}

// Three correlations have one factor with λ₁² = r₁₂r₁₃/r₂₃; here that is 1.28.
func TestHeywoodCaseIsMarked(t *testing.T) {
	r := mat.NewSymDense(3, []float64{1, 0.8, 0.8, 0.8, 1, 0.5, 0.8, 0.5, 1})
	var c mat.Cholesky
	if !c.Factorize(r) {
		t.Fatal("not positive definite")
	}
	var l mat.TriDense
	c.LTo(&l)
	walsh := contrasts(3)
	x := make([][]float64, 3)
	for j := range x {
		for i := range 16 {
			v := 0.0
			for k := range 3 {
				v += l.At(j, k) * walsh[k][i]
			}
			x[j] = append(x[j], v)
		}
	}
	s, err := Fit(context.Background(), []string{"a", "b", "c"}, x, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Heywood, []int{0}) || s.Communality[0] < 0.995 {
		t.Errorf("Heywood cases %v, communalities %v", s.Heywood, s.Communality)
	}
	// Of ordinary correlations none is: λ₁² = 0.3·0.3/0.3.
	for j := range x {
		x[j] = x[j][:0]
		for i := range 16 {
			x[j] = append(x[j], math.Sqrt(0.3)*walsh[0][i]+math.Sqrt(0.7)*contrasts(4)[j+1][i])
		}
	}
	if s, err = Fit(context.Background(), []string{"a", "b", "c"}, x, 1); err != nil || len(s.Heywood) > 0 || math.Abs(s.Communality[0]-0.3) > 1e-6 {
		t.Errorf("%v, %+v", err, s)
	}
}

// The second of two factors of columns that have one is rounding, whose scores would be
// rounding too.
func TestMoreFactorsThanThereAreIsRefused(t *testing.T) {
	walsh := contrasts(6)
	x := make([][]float64, 5)
	for j := range x {
		for i := range 16 {
			x[j] = append(x[j], float64(j+1)*walsh[0][i]+2*walsh[j+1][i])
		}
	}
	if _, err := Fit(context.Background(), []string{"a", "b", "c", "d", "e"}, x, 2); !errors.Is(err, ErrFewerFactors) {
		t.Errorf("error %v", err)
	}
}

// Correlations have no scale: columns near both ends of floating point have those of
// the same columns near 1, to the last bit.
func TestScaleOfColumnsIsOfNoImport(t *testing.T) {
	names, x := twoFactors(100)
	want, err := Fit(context.Background(), names, x, 2)
	if err != nil {
		t.Fatal(err)
	}
	scores := want.Score(make([]float64, 2), []float64{x[0][7], x[1][7], x[2][7], x[3][7], x[4][7], x[5][7]})
	scaled := make([][]float64, len(x))
	row := make([]float64, len(x))
	for j, exponent := range []int{1015, -1000, 0, 600, -600, 3} {
		for _, v := range x[j] {
			scaled[j] = append(scaled[j], math.Ldexp(v, exponent))
		}
		row[j] = scaled[j][7]
	}
	got, err := Fit(context.Background(), names, scaled, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !mat.Equal(got.Correlation, want.Correlation) || !mat.Equal(got.Loadings, want.Loadings) {
		t.Errorf("loadings %v and %v", mat.Formatted(got.Loadings), mat.Formatted(want.Loadings))
	}
	if s := got.Score(make([]float64, 2), row); !slices.Equal(s, scores) {
		t.Errorf("scores %v and %v", s, scores)
	}
}

func TestConstantColumnIsFoundWhateverItsValue(t *testing.T) {
	names, x := twoFactors(50)
	for i := range x[2] {
		x[2][i] = 0.1 // whose mean over 50 rows is not 0.1
	}
	if _, err := Fit(context.Background(), names, x, 1); err == nil || err.Error() != "factor analysis: column a3 has only one distinct value" {
		t.Errorf("error %v", err)
	}
}

// Far from 0 the interval of the non-centrality goes over into that of a normal
// distribution without a step.
func TestNoncentralityHasNoStep(t *testing.T) {
	for _, want := range []float64{0.05, 0.95} {
		below, above := noncentrality(1e5, 9, want), noncentrality(math.Nextafter(1e5, 2e5), 9, want)
		if math.Abs(above/below-1) > 2e-5 {
			t.Errorf("λ = %v below and %v above", below, above)
		}
	}
}
