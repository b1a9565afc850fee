package irt

import (
	"context"
	"math"
	"slices"
	"testing"

	"metabench/analysis/response"
)

// FuzzFit fits answers of any kind: it ends with finite items, says how, and a richer kind
// is not below a poorer one.
func FuzzFit(f *testing.F) {
	for _, rows := range [][]string{
		{"1"}, {"10", "01"}, {"....", "...."}, {"111", "111"}, {"0000", "1000", "1100", "1110", "1111"},
		{"110", "110", "110", "001"}, {"10.1", "01.0", "....", "11.0", "00.1"}, {"0001", "1001", "1101", "1110", "1110"},
		slices.Repeat([]string{"1100", "1010", "0111"}, 20),
	} {
		var answers []byte
		for _, row := range rows {
			for _, c := range []byte(row) {
				answers = append(answers, map[byte]byte{'0': 0, '1': 1, '.': 2}[c])
			}
		}
		for _, prior := range []bool{false, true} {
			f.Add(uint8(len(rows[0])-1), prior, answers)
		}
	}
	f.Fuzz(func(t *testing.T, columns uint8, prior bool, answers []byte) {
		items := 1 + int(columns%8)
		m := response.New(min(len(answers)/items, 80), items)
		models, _ := m.Dims()
		for i := range models {
			for j := range items {
				m.Set(i, j, []response.Answer{response.Wrong, response.Correct, response.Missing}[answers[i*items+j]%3])
			}
		}
		opts := Options{Kind: FourPL, Restarts: 1}
		if prior {
			opts.Prior = WeakPrior()
		}
		all, err := FitAll(context.Background(), m, opts)
		if models == 0 {
			if err == nil {
				t.Fatal("a fit of nothing")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for k, r := range all {
			numbers := []float64{r.LogLikelihood, r.Gradient, r.Gain}
			for _, it := range r.Items {
				numbers = append(numbers, it.A, it.D, it.G, it.U)
			}
			if se, err := ComputeStandardErrors(context.Background(), m, r, opts); err == nil {
				for _, it := range se.Items {
					numbers = append(numbers, it.A, it.D, it.G, it.U)
				}
			}
			for _, v := range numbers {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%v ends %v with %+v", r.Kind, r.Status, r)
				}
			}
			if r.Status == Unfinished || r.LogLikelihood > 1e-9 {
				t.Errorf("%v: %v at %v", r.Kind, r.Status, r.LogLikelihood)
			}
			if k > 0 && !prior && r.LogLikelihood < all[k-1].LogLikelihood-1e-6 {
				t.Errorf("%v ends at %v, %v at %v", r.Kind, r.LogLikelihood, all[k-1].Kind, all[k-1].LogLikelihood)
			}
			reliability, err := EmpiricalReliability(m, r, opts)
			if err != nil || reliability < 0 || reliability > 1 || math.IsNaN(reliability) != (r.Answered == 0) {
				t.Errorf("%v: reliability %v (%v) of %d models with answers", r.Kind, reliability, err, r.Answered)
			}
		}
	})
}
