package factor

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"metabench/internal/fuzztable"
)

// FuzzFit gives Fit tables of any kind: whatever is in them, it ends with a finite
// solution that belongs to the columns, or with an error.
func FuzzFit(f *testing.F) {
	for _, seed := range degenerate() {
		f.Add(seed.columns, seed.factors, seed.cells)
	}
	f.Fuzz(func(t *testing.T, columns, factors uint8, cells []byte) {
		p := 3 + int(columns%6)
		x := fuzztable.Columns(p, 200, cells)
		names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}[:p]
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		s, err := Fit(ctx, names, x, 1+int(factors%4))
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				t.Fatal("no end within 20 s")
			}
			return
		}
		check(t, s)
	})
}

// check holds what every solution promises.
func check(t *testing.T, s *Solution) {
	t.Helper()
	if !finite(s.Loadings) || !finite(s.Phi) || !finite(s.Weights) || !finite(s.Structure) {
		t.Fatalf("loadings %v, correlations %v, weights %v", s.Loadings, s.Phi, s.Weights)
	}
	for i, h := range s.Communality {
		marked := false
		for _, j := range s.Heywood {
			marked = marked || i == j
		}
		if h > 1 && !marked {
			t.Errorf("communality %v of column %d without a word", h, i)
		}
	}
	fit := s.Fit
	for name, v := range map[string]float64{"F": fit.Objective, "χ²": fit.ChiSquare, "RMSEA": fit.RMSEA, "lower": fit.RMSEALower, "upper": fit.RMSEAUpper} {
		if v < 0 || math.IsInf(v, 0) {
			t.Errorf("%s = %v", name, v)
		}
	}
	if fit.PValue < 0 || fit.PValue > 1 || fit.CFI > 1 || fit.RMSEALower > fit.RMSEAUpper+1e-9 {
		t.Errorf("indices %+v", fit)
	}
	if _, k := s.Loadings.Dims(); fit.RMSEALower > fit.RMSEA+1e-3 && k > 0 && s.Rows > 50 {
		t.Errorf("RMSEA %v below its interval from %v", fit.RMSEA, fit.RMSEALower)
	}
}

type table struct {
	columns, factors uint8
	cells            []byte
}

// degenerate are tables at the edges: exact factors, collinear and constant columns,
// ties, few rows, scales near the ends of floating point.
func degenerate() []table {
	rows := func(columns, factors uint8, n int, cell func(i, j int) (int8, uint8)) table {
		return table{columns: columns, factors: factors, cells: fuzztable.Cells(n, 3+int(columns), cell)}
	}
	noise, plain := fuzztable.Noise, fuzztable.Plain
	all := []table{
		{}, {columns: 3, factors: 2},
		rows(1, 0, 1, plain(noise)),
		rows(1, 0, 5, plain(noise)),
		rows(1, 0, 30, plain(func(int, int) int8 { return 3 })),
		rows(1, 0, 30, plain(func(i, _ int) int8 { return int8(i) })),
		rows(1, 1, 30, plain(noise)),
		rows(3, 2, 30, plain(noise)),
		rows(1, 0, 60, plain(func(i, j int) int8 { return noise(i, 0) + noise(i, j+1)/4 })),
		rows(1, 0, 60, plain(func(i, _ int) int8 { return int8(i % 2) })),
		rows(1, 0, 40, func(i, j int) (int8, uint8) { return noise(i, j), 253 }),
		rows(1, 0, 40, func(i, j int) (int8, uint8) { return noise(i, j), 200 }),
		rows(1, 0, 40, func(i, j int) (int8, uint8) { return noise(i, j), uint8(200 + 13*j) }),
		rows(1, 0, 40, func(int, int) (int8, uint8) { return 0, 255 }),
		rows(3, 1, 40, plain(func(i, j int) int8 { return noise(i, j/3) * int8(1+j%3) })),
	}
	// A factor that explains three columns exactly: 1 and two that are orthogonal but for it.
	exact := [][4]int8{{4, 3, 3, 4}, {0, -3, 1, -4}, {0, -1, 3, 4}, {-2, 1, 1, 0}}
	all = append(all, rows(1, 0, 32, plain(func(i, j int) int8 { return exact[i%4][j] * int8(1+i/16) })))
	return all
}
