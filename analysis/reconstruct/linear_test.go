package reconstruct

import (
	"context"
	"math"
	"testing"

	"metabench/analysis/response"
)

func TestRidgeWithoutPenaltyIsLeastSquares(t *testing.T) {
	in := population(41, 200, 6)
	b := in.Benchmarks[0]
	for i := range in.Models { // scores that are linear in the answers
		b.Scores[i] = 20
		for j := range 6 {
			if b.Answers.At(i, j) == response.Correct {
				b.Scores[i] += float64(j + 1)
			}
		}
	}
	rows := halves(in).Train.Rows
	l, err := ridge(b, rows, 0)
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range []float64{20, 1, 2, 3, 4, 5, 6} {
		if math.Abs(l[j]-want) > 1e-3 {
			t.Errorf("coefficient %d = %g, want %g", j, l[j], want)
		}
	}
}

func TestFitLinearBeatsTheMean(t *testing.T) {
	in := population(42, 300, 40)
	split := halves(in)
	b := in.Benchmarks[0]
	l, err := FitLinear(b, split.Train, 1)
	if err != nil {
		t.Fatal(err)
	}
	var truth []float64
	var p []Prediction
	for _, i := range split.Test.Rows {
		truth, p = append(truth, b.Scores[i]), append(p, l.PredictRow(b, i))
	}
	if m, _ := Evaluate(truth, p); m.Spearman < 0.9 {
		t.Errorf("rank correlation %.2f", m.Spearman)
	}
}

func TestRecipeNeedsAllAnswersAndAbilities(t *testing.T) {
	in := population(43, 200, 20, 20)
	split := halves(in)
	abilities := make([][]float64, len(in.Models))
	for i := range abilities {
		for _, b := range in.Benchmarks {
			right, _ := b.Answers.Counts(i)
			abilities[i] = append(abilities[i], float64(right)/10-1)
		}
	}
	r, err := FitRecipe(context.Background(), in, abilities, split.Train)
	if err != nil {
		t.Fatal(err)
	}
	var truth []float64
	var p []Prediction
	for _, i := range split.Test.Rows {
		out, err := r.PredictRow(in, abilities[i], i)
		if err != nil {
			t.Fatal(err)
		}
		truth, p = append(truth, in.Truth(i)[2]), append(p, out[2])
	}
	if m, _ := Evaluate(truth, p); m.Spearman < 0.9 {
		t.Errorf("rank correlation of the mean %.2f", m.Spearman)
	}
	row := split.Test.Rows[0]
	if _, err := r.PredictRow(in, []float64{1, math.NaN()}, row); err == nil {
		t.Error("an unknown ability is accepted")
	}
	in.Benchmarks[0].Answers.Set(row, 0, response.Missing)
	if _, err := r.PredictRow(in, abilities[row], row); err == nil {
		t.Error("a missing answer is accepted")
	}
}
