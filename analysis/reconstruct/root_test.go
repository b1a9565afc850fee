package reconstruct

import (
	"bytes"
	"encoding/gob"
	"errors"
	"math"
	"strings"
	"testing"

	"metabench/analysis/response"
)

func TestRootSolvesAPositiveDefiniteSystem(t *testing.T) {
	// A = LL' with L = (2 0 0; 1 3 0; -1 2 1), of which only the lower triangle is read.
	a := []float64{4, 99, 99, 2, 10, 99, -2, 5, 6}
	r, err := newRoot(a, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{2, 1, 3, -1, 2, 1} {
		at := []int{0, 3, 4, 6, 7, 8}[i]
		if math.Abs(a[at]-want) > 1e-14 {
			t.Errorf("L[%d] = %v, want %v", at, a[at], want)
		}
	}
	b := []float64{4*1 + 2*2 - 2*3, 2*1 + 10*2 + 5*3, -2*1 + 5*2 + 6*3} // A (1 2 3)'
	r.solve(b)
	for i, v := range b {
		if math.Abs(v-float64(i+1)) > 1e-13 {
			t.Errorf("x[%d] = %v, want %d", i, v, i+1)
		}
	}
}

// A matrix that has no root is an error, not another matrix that has one.
func TestMatrixWithoutARootIsAnError(t *testing.T) {
	for name, a := range map[string][]float64{
		"negative":       {-1, 0, 0, 1},
		"indefinite":     {1, 0, 2, 1},
		"singular":       {1, 0, 1, 1},
		"nearly_so":      {1, 0, 1, 1 + 1e-15},
		"not_a_number":   {math.NaN(), 0, 0, 1},
		"infinite_below": {1, 0, math.Inf(1), 1},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := newRoot(a, 2); !errors.Is(err, errNotPositive) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// What would leave a matrix without a root is refused when a model is read.
func TestModelWithoutNoiseIsRefused(t *testing.T) {
	in := population(4, 60, 12)
	split := halves(in)
	data, err := fit(t, in, split.Train, Options{Iterations: 2}).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(w *wire){
		"noise of the imputer": func(w *wire) { w.Imputer.Noise[3] = 0 },
		"mean or loading":      func(w *wire) { w.Imputer.Mean[0] = math.NaN() },
		"variance of -1":       func(w *wire) { w.Targets[0].Hyper.Noise = -1 },
		"variance of +Inf":     func(w *wire) { w.Targets[0].Hyper.Linear[0] = math.Inf(1) },
	} {
		t.Run(name, func(t *testing.T) {
			var w wire
			if err := gob.NewDecoder(bytes.NewReader(data[len(magic):])).Decode(&w); err != nil {
				t.Fatal(err)
			}
			spoil(&w)
			var b bytes.Buffer
			b.WriteString(magic)
			if err := gob.NewEncoder(&b).Encode(w); err != nil {
				t.Fatal(err)
			}
			var m Model
			if err := m.UnmarshalBinary(b.Bytes()); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestRidgeOfCollinearAnswersIsSolvedOrRefused(t *testing.T) {
	b := Benchmark{Items: []string{"a", "b"}, Answers: response.New(40, 2), Scores: make([]float64, 40)}
	rows := make([]int, 40)
	for i := range rows {
		rows[i] = i
		answer := response.Answer(i % 2)
		b.Answers.Set(i, 0, answer)
		b.Answers.Set(i, 1, answer)
		b.Scores[i] = 20 + 30*float64(answer)
	}
	l, err := ridge(b, rows, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The two share what one alone would explain.
	if math.Abs(l[1]-15) > 1e-3 || math.Abs(l[2]-15) > 1e-3 || math.Abs(l[0]-20) > 1e-3 {
		t.Errorf("weights %v", l)
	}
}
