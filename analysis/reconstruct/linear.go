package reconstruct

import (
	"math"

	"metabench/analysis/response"
)

// Linear is a ridge regression of a benchmark's score on its own items, for comparison.
// It needs all answers and has no intervals.
type Linear struct{ coefficients linear }

// lambdas are the penalties tried by FitLinear, in answers.
var lambdas = []float64{0.1, 0.3, 1, 3, 10, 30, 100, 300}

// FitLinear fits the regression to the training models that have all answers and a
// score. The penalty is the one with the least error in five-fold cross
// validation.
func FitLinear(b Benchmark, train response.TrainSet, seed uint64) (*Linear, error) {
	var rows []int
	for _, i := range train.Rows {
		if _, seen := b.Answers.Counts(i); seen == len(b.Items) && !math.IsNaN(b.Scores[i]) {
			rows = append(rows, i)
		}
	}
	if len(rows) < MinModels {
		return nil, &TooFewModelsError{Benchmark: b.Name, Models: len(rows)}
	}
	parts := folds(response.TrainSet{Rows: rows}, Options{Seed: seed}.withDefaults())
	best, least := 0.0, math.Inf(1)
	for _, lambda := range lambdas {
		sum := 0.0
		for _, f := range parts {
			c, err := ridge(b, f.rest.Rows, lambda)
			if err != nil {
				return nil, err
			}
			for _, i := range f.held {
				e := (&Linear{c}).PredictRow(b, i).Score - b.Scores[i]
				sum += e * e
			}
		}
		if sum < least {
			best, least = lambda, sum
		}
	}
	c, err := ridge(b, rows, best)
	if err != nil {
		return nil, err
	}
	return &Linear{c}, nil
}

// PredictRow estimates the score of one row; a missing answer counts as wrong.
func (l *Linear) PredictRow(b Benchmark, row int) Prediction {
	v := l.coefficients.at(func(j int) response.Answer { return b.Answers.At(row, j) })
	return Prediction{Benchmark: b.Name, Score: v}
}
