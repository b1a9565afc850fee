package split

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/analysis/response"
)

// answering is a matrix of models that each answer an item right with a probability, but
// for copies of the one before with some answers changed.
func answering(items int, share []float64, changed map[int]int) *response.Matrix {
	m := response.New(len(share), items)
	rng := rand.New(rand.NewPCG(1, 1))
	for i, p := range share {
		for j := range items {
			a := response.Wrong
			if rng.Float64() < p {
				a = response.Correct
			}
			if n, ok := changed[i]; ok {
				if a = m.At(i-1, j); j < n {
					a = 1 - a
				}
			}
			m.Set(i, j, a)
		}
	}
	return m
}

func TestAlikeFindsRelativesAndNobodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		share   []float64
		changed map[int]int
		want    [][2]int
	}{
		"a copy with few changes":                   {[]float64{0.5, 0, 0.5}, map[int]int{1: 10}, [][2]int{{0, 1}}},
		"more changes than a relative has":          {[]float64{0.5, 0, 0.5}, map[int]int{1: 11}, nil},
		"all nearly perfect, none related":          {[]float64{0.985, 0.985, 0.985}, nil, nil},
		"nearly nothing right, and a copy":          {[]float64{0.02, 0.02, 0}, map[int]int{2: 1}, [][2]int{{1, 2}}},
		"no answer right: nothing tells them apart": {[]float64{0, 0}, nil, [][2]int{{0, 1}}},
	} {
		if diff := cmp.Diff(c.want, Alike([]*response.Matrix{answering(200, c.share, c.changed)}, 2)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Models are compared by what both answered, over all benchmarks.
func TestAlikeAddsUpBenchmarks(t *testing.T) {
	a, b := answering(100, []float64{0.5, 0}, map[int]int{1: 0}), answering(100, []float64{0.5, 0.5}, nil)
	if got := Alike([]*response.Matrix{a, b}, 1); got != nil {
		t.Errorf("alike on one benchmark of two: %v", got)
	}
	for j := range 100 { // the second never saw the second benchmark
		b.Set(1, j, response.Missing)
	}
	if got := Alike([]*response.Matrix{a, b}, 1); len(got) != 1 {
		t.Errorf("alike on all that both answered: %v", got)
	}
	few := a.SelectItems([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	if got := Alike([]*response.Matrix{few}, 1); got != nil {
		t.Errorf("alike by ten answers: %v", got)
	}
}
