package reconstruct

import (
	"context"
	"errors"
	"fmt"
	"math"

	"metabench/analysis/response"
	"metabench/analysis/smooth"
)

// Recipe is the published reconstruction (Kipnis et al., metabench, ICLR 2025), kept
// for comparison. For each benchmark
//
//	l = β₀ + Σ_j β_j x_j   least squares on the benchmark's own items
//	s = 100 · Σ_j x_j / items   the sub-score
//	y = γ + Σ_b f_b(θ_b) + f_1(l̄) + f_2(l)
//
// with adaptive smooths f of the abilities θ of all benchmarks, of l and of its mean
// over the benchmarks l̄, as in the one published model of a benchmark whose
// formula is known. The mean of all scores is modelled on l̄ and s̄, and a single
// benchmark on l and s. The recipe needs all answers and all abilities of a model and
// has no intervals.
type Recipe struct {
	linear   []linear
	additive []*smooth.Model // one a benchmark, then the mean when there are several
}

// linear is a least-squares fit: intercept and one coefficient an item.
type linear []float64

func (l linear) at(answer func(j int) response.Answer) float64 {
	v := l[0]
	for j, b := range l[1:] {
		if answer(j) == response.Correct {
			v += b
		}
	}
	return v
}

// FitRecipe fits the published recipe. abilities is models × benchmarks, NaN where
// unknown; training models that lack an answer, an ability or a score are left
// out.
func FitRecipe(ctx context.Context, in *Input, abilities [][]float64, train response.TrainSet) (*Recipe, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	if len(abilities) != len(in.Models) {
		return nil, fmt.Errorf("fit recipe: abilities of %d models given, want %d", len(abilities), len(in.Models))
	}
	var rows []int
	for _, i := range train.Rows {
		if in.completeRow(i) && finite(abilities[i]) {
			rows = append(rows, i)
		}
	}
	if len(rows) < MinModels {
		return nil, &TooFewModelsError{Benchmark: in.Benchmarks[0].Name, Models: len(rows)}
	}
	r := &Recipe{}
	for _, b := range in.Benchmarks {
		l, err := fitLinear(b, rows)
		if err != nil {
			return nil, fmt.Errorf("fit recipe: %s: %w", b.Name, err)
		}
		r.linear = append(r.linear, l)
	}
	terms := make([]smooth.Smooth, len(in.Benchmarks)+2)
	for t := range terms {
		terms[t].Name = "linear"
		if t < len(in.Benchmarks) {
			terms[t].Name = "ability " + in.Benchmarks[t].Name
		}
	}
	terms[len(terms)-1].Name = "own linear or sub-score"
	for t := range r.targets() {
		x := make([][]float64, len(terms))
		var y []float64
		for _, i := range rows {
			for k, v := range r.predictors(in, abilities[i], i, t) {
				x[k] = append(x[k], v)
			}
			y = append(y, in.score(i, t))
		}
		m, err := smooth.Fit(ctx, terms, x, y, smooth.Settings{})
		if err != nil {
			return nil, fmt.Errorf("fit recipe: %w", err)
		}
		r.additive = append(r.additive, m)
	}
	return r, nil
}

func (r *Recipe) targets() int {
	if len(r.linear) == 1 {
		return 1
	}
	return len(r.linear) + 1
}

// predictors returns the terms of target t for one row: the abilities, the mean
// linear prediction, and the target's own one or the mean sub-score.
func (r *Recipe) predictors(in *Input, abilities []float64, row, t int) []float64 {
	x := append([]float64(nil), abilities...)
	n := float64(len(in.Benchmarks))
	own, l, sub := 0.0, 0.0, 0.0
	for g, b := range in.Benchmarks {
		v := r.linear[g].at(func(j int) response.Answer { return b.Answers.At(row, j) })
		right, _ := b.Answers.Counts(row)
		s := 100 * float64(right) / float64(len(b.Items))
		l, sub = l+v/n, sub+s/n
		if g == t {
			own = v
		}
	}
	if t == len(in.Benchmarks) || n == 1 {
		return append(x, l, sub)
	}
	return append(x, l, own)
}

// ErrIncomplete says that a model lacks an answer or an ability, which the published
// recipe requires.
var ErrIncomplete = errors.New("predict by the published recipe: an answer or ability is missing, and it requires all of them")

// PredictRow estimates the scores of one row, in the order of Model.Predict, or
// returns ErrIncomplete.
func (r *Recipe) PredictRow(in *Input, abilities []float64, row int) ([]Prediction, error) {
	if !in.completeRow(row) || !finite(abilities) {
		return nil, ErrIncomplete
	}
	var out []Prediction
	for t := range r.targets() {
		p := Prediction{Benchmark: Mean, Score: r.additive[t].Predict(r.predictors(in, abilities, row, t))}
		if t < len(in.Benchmarks) {
			p.Benchmark = in.Benchmarks[t].Name
		}
		out = append(out, p)
	}
	return out, nil
}

// score returns the score of a row on benchmark t, or the mean of all scores.
func (in *Input) score(row, t int) float64 {
	if t < len(in.Benchmarks) {
		return in.Benchmarks[t].Scores[row]
	}
	sum := 0.0
	for _, b := range in.Benchmarks {
		sum += b.Scores[row]
	}
	return sum / float64(len(in.Benchmarks))
}

// Truth returns the true scores of a row, in the order of predictions; NaN where
// unknown.
func (in *Input) Truth(row int) []float64 {
	var out []float64
	for t := range in.Benchmarks {
		out = append(out, in.score(row, t))
	}
	if len(in.Benchmarks) > 1 {
		out = append(out, in.score(row, len(in.Benchmarks)))
	}
	return out
}

// completeRow reports whether a row has every answer and every score.
func (in *Input) completeRow(row int) bool {
	for _, b := range in.Benchmarks {
		if _, seen := b.Answers.Counts(row); seen < len(b.Items) || math.IsNaN(b.Scores[row]) {
			return false
		}
	}
	return true
}

func finite(v []float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// fitLinear regresses the scores on the answers by ordinary least squares. A
// ridge of 1e-8 of the diagonal makes it possible where answers are collinear.
func fitLinear(b Benchmark, rows []int) (linear, error) { return ridge(b, rows, 0) }
