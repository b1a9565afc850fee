package reconstruct

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/analysis/response"
)

// siblings is a population in which each second model answers as the one before it but for
// one answer in eight, and so scores nearly as well.
func siblings(models int) *Input {
	in := population(31, models, 40, 30)
	for g := range in.Benchmarks {
		b := &in.Benchmarks[g]
		for i := 1; i < models; i += 2 {
			for j := range b.Items {
				if (i/2+j)%8 != 0 {
					b.Answers.Set(i, j, b.Answers.At(i-1, j))
				}
			}
			b.Scores[i] = b.Scores[i-1] + (b.Scores[i]-b.Scores[i-1])/8
		}
	}
	return in
}

// The interval of a difference holds its nominal share of pairs, and that of relatives is
// narrower than two independent ones make it.
func TestDifferencesHoldTheirShareAndAreNarrowForRelatives(t *testing.T) {
	in := siblings(600)
	var s response.Split
	var families []string // so that left out ones have no sibling in the fit, as test models have none
	for i := range in.Models {
		families = append(families, fmt.Sprint(i/2))
		if i%4 < 2 {
			s.Train.Rows = append(s.Train.Rows, i)
		} else {
			s.Test.Rows = append(s.Test.Rows, i)
		}
	}
	m := fit(t, in, s.Train, Options{Iterations: 5, Groups: families})
	var sheets [][]Sheet
	for _, i := range s.Test.Rows {
		sheets = append(sheets, in.Sheets(i))
	}
	n := len(sheets)
	for name, apart := range map[string]int{"relatives": 1, "strangers": 7} {
		var pairs [][2]int
		for k := 0; k+apart < n; k += 2 {
			pairs = append(pairs, [2]int{k, k + apart})
		}
		differences, err := m.Compare(t.Context(), sheets, pairs)
		if err != nil {
			t.Fatal(err)
		}
		held, all, width, apartWidth := 0.0, 0.0, 0.0, 0.0
		for k, p := range pairs {
			a, b := s.Test.Rows[p[0]], s.Test.Rows[p[1]]
			first, second := predictRow(t, m, in, a), predictRow(t, m, in, b)
			for g, d := range differences[k] {
				truth := in.truth(g, a) - in.truth(g, b)
				if !d.Joint || d.Value != first[g].Score-second[g].Score {
					t.Fatalf("%+v, scores %g and %g", d, first[g].Score, second[g].Score)
				}
				all++
				if d.Lower <= truth && truth <= d.Upper {
					held++
				}
				width += d.Upper - d.Lower
				apartWidth += math.Hypot(first[g].Upper-first[g].Lower, second[g].Upper-second[g].Lower)
			}
		}
		t.Logf("%s: intervals hold %.3f of %g, width %.2f, %.2f of independent ones", name, held/all, all, width/all, width/apartWidth)
		if held/all < 0.84 || held/all > 0.96 {
			t.Errorf("%s: intervals of 90 %% hold %.1f %%", name, 100*held/all)
		}
		if name == "relatives" && width > 0.75*apartWidth {
			t.Errorf("intervals of relatives have %.2f of the width of independent ones", width/apartWidth)
		}
	}
}

func predictRow(t *testing.T, m *Model, in *Input, row int) []Prediction {
	t.Helper()
	p, err := m.PredictRow(in, row)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Swapping two models turns the difference round, and models with the same answers have none;
// an item that one of them lacks counts for neither.
func TestDifferencesAreOfThePair(t *testing.T) {
	in := siblings(240)
	m := fit(t, in, halves(in).Train, Options{Iterations: 3})
	a, b := in.Sheets(1), in.Sheets(3)
	lacking := in.Sheets(1)
	lacking[0].Answers[0], lacking[1].Answers[4] = response.Missing, response.Missing
	fewer := in.Sheets(3)
	fewer[0].Answers[0], fewer[1].Answers[4] = response.Missing, response.Missing
	got, err := m.Compare(t.Context(), [][]Sheet{a, b, lacking, fewer}, [][2]int{{0, 1}, {1, 0}, {0, 0}, {2, 1}, {2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	for g := range got[0] {
		ab, ba, aa := got[0][g], got[1][g], got[2][g]
		if ab.Value != -ba.Value || math.Abs(ab.Lower+ba.Upper) > 1e-9 || math.Abs(ab.Better+ba.Better-1) > 1e-9 || math.Abs(ab.Detectable-ba.Detectable) > 1e-9 {
			t.Errorf("%+v and turned round %+v", ab, ba)
		}
		if aa.Value != 0 || aa.Better != 0.5 || aa.Lower > 0 || aa.Upper < 0 {
			t.Errorf("a model and itself: %+v", aa)
		}
		if (ab.Better > 0.5) != (ab.Value > 0) || ab.Detectable <= (ab.Upper-ab.Lower)/2 {
			t.Errorf("%+v", ab)
		}
	}
	if m := MeanDifference(got[0][:2]); math.Abs(m.Value-got[0][2].Value) > 1e-9 || m.Upper-m.Lower < got[0][2].Upper-got[0][2].Lower || !m.Joint || m.Benchmark != Mean {
		t.Errorf("of the parts %+v, of the means %+v", m, got[0][2])
	}
	if diff := cmp.Diff(got[3], got[4], cmp.AllowUnexported(Difference{})); diff != "" {
		t.Errorf("an item that one lacks counts (-one +both lack it):\n%s", diff)
	}
}

// Models that were encoded before pairs were left out compare by independent errors.
func TestDifferencesWithoutPairsAreOfIndependentErrors(t *testing.T) {
	in := siblings(240)
	m := fit(t, in, halves(in).Train, Options{Iterations: 3})
	joint, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	w := m.wire()
	w.Pairs = nil
	before, err := w.encode(magic)
	if err != nil {
		t.Fatal(err)
	}
	var of [2][]Difference
	for k, data := range [][]byte{joint, before} {
		var decoded Model
		if err := decoded.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		d, err := decoded.Compare(t.Context(), [][]Sheet{in.Sheets(1), in.Sheets(3)}, [][2]int{{0, 1}})
		if err != nil {
			t.Fatal(err)
		}
		again, err := decoded.MarshalBinary()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatal("encoding the decoded model gives other bytes", err)
		}
		of[k] = d[0]
	}
	for g, d := range of[1] {
		if d.Joint || !of[0][g].Joint || d.Value != of[0][g].Value || !(d.Lower < d.Value && d.Value < d.Upper) {
			t.Errorf("%+v, with pairs %+v", d, of[0][g])
		}
	}
	if _, err := m.Compare(t.Context(), [][]Sheet{in.Sheets(1)}, [][2]int{{0, 1}}); err == nil {
		t.Error("a model that isn't there is compared")
	}
}
