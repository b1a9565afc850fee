package analysis

import (
	"fmt"
	"math"
	"slices"

	"metabench/analysis/response"
	"metabench/analysis/split"
)

// Data is what a build reads of one benchmark.
type Data struct {
	Table       *response.Table // models × items that the filters leave
	Scores      []float64       // points (0 to 100) on the whole benchmark, one a model; NaN where unknown
	TaskMeans   []float64       // the scores as the mean of the benchmark's tasks; NaN where unknown, nil where there is one task
	Fingerprint string          // changes whenever answers, items or filters do
	Suite       *Suite          // the models of all benchmarks it is analysed with
	Given       Given           // forms whose items are not to be selected
}

// OfModels puts values by model into the order of models, NaN where there is none; nil
// for no values at all.
func OfModels(models []string, values map[string]float64) []float64 {
	if len(values) == 0 {
		return nil
	}
	out := make([]float64, len(models))
	for i, m := range models {
		v, ok := values[m]
		if out[i] = v; !ok {
			out[i] = math.NaN()
		}
	}
	return out
}

// Options are the settings of a build. Workers does not change the results.
type Options struct {
	Seed            uint64
	Workers         int     // goroutines; 0 for one a processor
	ValidationShare float64 // of the models with a score
	TestShare       float64
	Preselect       int     // items kept by the random-subset search
	Subsets         int     // subsets it tries
	Items           int     // items a form has; 0 lets the search decide
	Lambda          float64 // points of RMSE that an item costs, in the search
	Forms           int     // disjoint forms, 1 or 2
	MinModels       int     // fewest models with a score
	MinObserved     float64 // share of the kept items that a model must have answered for its score to count
	Rerun           string  // stage to compute again whatever is kept; empty for none
}

// shares are the shares that the models are split by.
func (o Options) shares() split.Shares {
	return split.Shares{Validation: o.ValidationShare, Test: o.TestShare}
}

// TooFewModelsError says that a benchmark can't be analysed.
type TooFewModelsError struct {
	Benchmark    string
	Models, Need int
}

func (e *TooFewModelsError) Error() string {
	return fmt.Sprintf("%s has %d models with a score on the whole benchmark, an analysis needs %d: import or crawl more, or lower build.min_models or build.min_observed (the share of items that a model must have answered)",
		e.Benchmark, e.Models, e.Need)
}

// check validates shapes and counts the models with a score.
func (d *Data) check(opts Options) error {
	if err := d.Table.Validate(); err != nil {
		return err
	}
	models, items := d.Table.Answers.Dims()
	if len(d.Scores) != models {
		panic("analysis: a score is needed for every model")
	}
	if items < 2 {
		return fmt.Errorf("%s has %d items left after filtering; see item_filter for why the others were dropped", d.Table.Benchmark, items)
	}
	scored := 0
	for _, s := range d.Scores {
		if !math.IsNaN(s) {
			scored++
		}
	}
	if scored < opts.MinModels {
		return &TooFewModelsError{Benchmark: d.Table.Benchmark, Models: scored, Need: opts.MinModels}
	}
	return nil
}

// trusted returns the data with the scores of models that answered too little of
// the benchmark set to NaN: a share of correct answers over few items is not a
// score on the whole.
func (d *Data) trusted(minObserved float64) *Data {
	out := *d
	out.Scores, out.TaskMeans = make([]float64, len(d.Scores)), slices.Clone(d.TaskMeans)
	_, items := d.Table.Answers.Dims()
	for i, s := range d.Scores {
		if _, observed := d.Table.Answers.Counts(i); float64(observed) < minObserved*float64(items) {
			s = math.NaN()
			if d.TaskMeans != nil {
				out.TaskMeans[i] = s
			}
		}
		out.Scores[i] = s
	}
	return &out
}
