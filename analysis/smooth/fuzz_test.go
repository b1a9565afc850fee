package smooth

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"metabench/internal/fuzztable"
)

// FuzzFit gives Fit tables of any kind: whatever is in them, it ends with a finite model
// that belongs to them, or with an error.
func FuzzFit(f *testing.F) {
	for _, seed := range degenerate() {
		f.Add(seed.terms, seed.functions, seed.penalties, seed.cells)
	}
	f.Fuzz(func(t *testing.T, terms, functions, penalties uint8, cells []byte) {
		columns := fuzztable.Columns(2+int(terms%3), 100, cells)
		x, y := columns[1:], columns[0]
		var smooths []Smooth
		for range x {
			smooths = append(smooths, Smooth{Functions: 6 + int(functions%10), Penalties: []int{1, 4, 5, 0}[penalties%4]})
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		m, err := Fit(ctx, smooths, x, y, Settings{})
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				t.Fatal("no end within 20 s")
			}
			return
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatalf("%v: %+v", err, m)
		}
		if m.RSS < 0 || m.EDF < 1-1e-6 || m.EDF > float64(len(y)) || m.Status == "" {
			t.Errorf("RSS %v, %v degrees of freedom of %d rows, status %q", m.RSS, m.EDF, len(y), m.Status)
		}
		most := 0.0
		for _, v := range y {
			most = max(most, math.Abs(v))
		}
		row := make([]float64, len(x))
		for i := range y {
			for j := range x {
				row[j] = x[j][i]
			}
			v, se := m.PredictSE(row)
			if math.IsNaN(v) || math.IsInf(v, 0) || math.IsNaN(se) || math.IsInf(se, 0) || math.Abs(v) > 100*most {
				t.Fatalf("row %d is predicted as %v ± %v; responses reach %v", i, v, se, most)
			}
		}
	})
}

type table struct {
	terms, functions, penalties uint8
	cells                       []byte
}

// degenerate are tables at the edges: exact curves, constant, collinear and tied columns,
// few rows, scales near the ends of floating point.
func degenerate() []table {
	rows := func(terms uint8, n int, cell func(i, j int) (int8, uint8)) table {
		return table{terms: terms, functions: 4, cells: fuzztable.Cells(n, 2+int(terms), cell)}
	}
	noise, plain := fuzztable.Noise, fuzztable.Plain
	all := []table{
		{}, {terms: 1},
		rows(0, 1, plain(noise)),
		rows(0, 5, plain(noise)),
		rows(0, 40, plain(func(int, int) int8 { return 3 })),
		rows(0, 40, plain(func(i, j int) int8 { return int8((i % 2) * j) })),
		rows(0, 40, plain(func(i, _ int) int8 { return int8(i) })),
		rows(0, 40, plain(func(i, j int) int8 { return int8(i*(1-j) + i%2*j) })),
		rows(1, 40, plain(func(i, j int) int8 { return noise(i, 0) * int8(1+j) })),
		rows(1, 40, plain(noise)),
		rows(1, 8, plain(noise)),
		rows(2, 60, plain(func(i, j int) int8 { return noise(i, j/2) })),
	}
	for _, e := range []uint8{200, 205, 220, 235, 253} {
		all = append(all, rows(0, 40, func(i, j int) (int8, uint8) { return noise(i, j), e }),
			rows(1, 40, func(i, j int) (int8, uint8) { return noise(i, j), uint8(j%2) * e }),
			rows(1, 40, func(i, j int) (int8, uint8) { return noise(i, j), uint8((j+1)%2) * e }),
			rows(0, 40, func(i, j int) (int8, uint8) { return noise(i, j), uint8(i%2) * e }))
	}
	return all
}
