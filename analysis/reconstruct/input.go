package reconstruct

import (
	"fmt"

	"metabench/analysis/response"
)

// Input is what a Fit learns from: a number of models (the rows), their answers
// to the selected items of each benchmark and their scores on the whole of it.
type Input struct {
	Models     []string // one a row, unique
	Benchmarks []Benchmark
}

// Benchmark is the part of an Input that belongs to one benchmark.
type Benchmark struct {
	Name   string
	Metric string   // what "correct" means: acc, acc_norm, mc1, exact_match
	Items  []string // keys of the selected items, one a column

	// Answers is models × items. A model that never saw the benchmark is a row
	// without observed answers.
	Answers *response.Matrix

	// Scores are points (0 to 100) on the whole benchmark, one a model; NaN where
	// unknown.
	Scores []float64

	// TaskMeans are the scores as the mean of the benchmark's tasks, points, one a model;
	// NaN where unknown. They are estimated beside the scores: every task weighs the same,
	// as in the scores that leaderboards publish. Nil where they are not wanted.
	TaskMeans []float64

	// Whole is the answers of all models to all items of the benchmark, models × items, and
	// Selected the columns of the Items in it. With them the estimate for models beyond the
	// range of the training models is better. Nil where they are unknown.
	Whole    *response.Matrix
	Selected []int
}

// Validate checks shapes, the uniqueness of names and the range of the scores.
func (in *Input) Validate() error {
	if len(in.Benchmarks) == 0 {
		return fmt.Errorf("reconstruct: no benchmark given")
	}
	if name, ok := repeated(in.Models); ok {
		return fmt.Errorf("reconstruct: model %q occurs twice", name)
	}
	seen := make(map[string]bool)
	for _, b := range in.Benchmarks {
		models, items := b.Answers.Dims()
		switch {
		case seen[b.Name]:
			return fmt.Errorf("reconstruct: benchmark %q occurs twice", b.Name)
		case models != len(in.Models) || len(b.Scores) != len(in.Models):
			return fmt.Errorf("reconstruct %s: %d rows of answers and %d scores for %d models",
				b.Name, models, len(b.Scores), len(in.Models))
		case items != len(b.Items):
			return fmt.Errorf("reconstruct %s: %d items named, answers have %d", b.Name, len(b.Items), items)
		case items == 0:
			return fmt.Errorf("reconstruct %s: no item selected", b.Name)
		}
		if b.Whole != nil {
			models, items := b.Whole.Dims()
			for _, j := range b.Selected {
				if j < 0 || j >= items {
					return fmt.Errorf("reconstruct %s: selected column %d of %d", b.Name, j, items)
				}
			}
			if models != len(in.Models) || len(b.Selected) != len(b.Items) {
				return fmt.Errorf("reconstruct %s: answers to all items of %d models with %d columns selected, want %d and %d",
					b.Name, models, len(b.Selected), len(in.Models), len(b.Items))
			}
		}
		if item, ok := repeated(b.Items); ok {
			return fmt.Errorf("reconstruct %s: item %q occurs twice", b.Name, item)
		}
		if b.TaskMeans != nil && len(b.TaskMeans) != len(in.Models) {
			return fmt.Errorf("reconstruct %s: %d means of tasks for %d models", b.Name, len(b.TaskMeans), len(in.Models))
		}
		for i, s := range b.TaskMeans {
			if s < 0 || s > 100 {
				return fmt.Errorf("reconstruct %s: mean of tasks %g of model %q is not in points (0 to 100)", b.Name, s, in.Models[i])
			}
		}
		for i, s := range b.Scores {
			if s < 0 || s > 100 {
				return fmt.Errorf("reconstruct %s: score %g of model %q is not in points (0 to 100)", b.Name, s, in.Models[i])
			}
		}
		seen[b.Name] = true
	}
	return nil
}

func repeated(names []string) (string, bool) {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return n, true
		}
		seen[n] = true
	}
	return "", false
}

// Sheet is the answers of one model to items of one benchmark, in any order and
// number.
type Sheet struct {
	Benchmark string
	Metric    string
	Items     []string
	Answers   []response.Answer // one an item
}

// Sheets returns the answers of one row as Predict takes them.
func (in *Input) Sheets(row int) []Sheet {
	sheets := make([]Sheet, len(in.Benchmarks))
	for k, b := range in.Benchmarks {
		s := Sheet{Benchmark: b.Name, Metric: b.Metric, Items: b.Items, Answers: make([]response.Answer, len(b.Items))}
		for j := range b.Items {
			s.Answers[j] = b.Answers.At(row, j)
		}
		sheets[k] = s
	}
	return sheets
}

// Mean is the name under which the mean of all benchmarks' scores is predicted.
const Mean = "mean"

// Prediction is the estimated score of one model on one benchmark, or on the Mean
// of all benchmarks of the fit.
type Prediction struct {
	Benchmark string
	Score     float64 // points, 0 to 100
	Interval  bool    // whether the method gives an interval; else the ends mean nothing
	Lower     float64 // ends of the interval that holds the true score with the
	Upper     float64 // fit's nominal probability
	Missing   int     // selected items without an answer (of all benchmarks for Mean)
	Verdict   Verdict // whether the training models tell about this one; none without intervals

	TaskMean *Estimate // of the benchmark's mean over its tasks; nil where the fit had none
}

// Estimate is an estimated score with its interval, as Prediction has them.
type Estimate struct{ Score, Lower, Upper float64 }

// MetricError says that answers were scored by another metric than the model was
// fitted on. Their estimates would be wrong without looking wrong.
type MetricError struct {
	Benchmark string
	Fitted    string
	Given     string
}

func (e *MetricError) Error() string {
	return fmt.Sprintf("predict %s: the answers are %s, the model was fitted on %s: supply %s answers",
		e.Benchmark, e.Given, e.Fitted, e.Fitted)
}

// UnknownError says that a benchmark or an item of a sheet is not in the fit.
type UnknownError struct {
	Benchmark string
	Item      string // empty when the benchmark itself is unknown
}

func (e *UnknownError) Error() string {
	if e.Item == "" {
		return fmt.Sprintf("predict: the model was not fitted on benchmark %q", e.Benchmark)
	}
	return fmt.Sprintf("predict %s: item %q is not among the selected items; was another selection answered?",
		e.Benchmark, e.Item)
}
