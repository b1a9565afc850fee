package analysis

import (
	"cmp"
	"math"
	"slices"

	"metabench/analysis/response"
	"metabench/analysis/split"
)

// Data is what a build reads of one benchmark.
type Data struct {
	Table       *response.Table    // models × items, those that the filters drop among them
	Scores      []float64          // points (0 to 100) on the whole benchmark, one a model; NaN where unknown
	TaskMeans   []float64          // the scores as the mean of the benchmark's tasks; NaN where unknown, nil where there is one task
	Fingerprint string             // changes whenever answers, items or filters do
	Suite       *Suite             // the models of all benchmarks it is analysed with
	Verdicts    map[string]Verdict // outcomes of the filters, by scheme of the split; see Suite.TestModels
	Pinned      Pinned             // forms whose items are not to be selected
	Released    []Released         // forms of releases in use

	dropped []string // Verdict.Dropped of the scheme, see as
	kept    []int    // columns that it keeps
}

// Verdict is the outcome of the variance filter and the outlier rule for a benchmark's
// items and models, without the test models of a split.
type Verdict struct {
	Dropped []string // reason for which the filter drops each item; empty for one that is kept
	Outlier []bool   // whether each model's score is too low for it to be used
}

// OfModels returns values by model in the order of models, NaN where there is none; nil
// where there are no values.
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
	MinPinned       float64 // share of the items pinned for a form that must have answers
	Rerun           string  // stage, or kind of stages, to compute again although the cache has it; empty for none
}

// shares are the shares that the models are split by.
func (o Options) shares() split.Shares {
	return split.Shares{Validation: o.ValidationShare, Test: o.TestShare}
}

// check validates shapes.
func (d *Data) check() error {
	if err := d.Table.Validate(); err != nil {
		return err
	}
	models, items := d.Table.Answers.Dims()
	if len(d.Scores) != models {
		panic("analysis: a score is needed for every model")
	}
	for _, v := range d.Verdicts {
		if len(v.Dropped) != items || len(v.Outlier) != models {
			panic("analysis: a verdict is needed for every item and model")
		}
	}
	return nil
}

// enough checks that the filters leave items to select from and models with a score.
func (d *Data) enough(opts Options) error {
	_, items := d.Table.Answers.Dims()
	if len(d.kept) < 2 && len(d.pinned("A")) < 2 && len(d.pinned("B")) < 2 {
		reasons := map[string]int{}
		for _, r := range d.dropped {
			if r != "" {
				reasons[r]++
			}
		}
		return &TooFewItemsError{Benchmark: d.Table.Benchmark, Items: items, Kept: len(d.kept), Reasons: reasons}
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

// ordered returns the data with the models in the order of their prints, so that no
// result depends on their names or their order in the table.
func (d *Data) ordered() *Data {
	prints := make(map[string]uint64, len(d.Suite.Origins))
	for i, o := range d.Suite.Origins {
		prints[o.Name] = d.Suite.Prints[i]
	}
	rows := make([]int, len(d.Table.Models))
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int {
		x, y := d.Table.Models[a], d.Table.Models[b]
		return cmp.Or(cmp.Compare(prints[x], prints[y]), cmp.Compare(x, y))
	})
	out := *d
	out.Table = d.Table.SelectModels(rows)
	out.Scores = pick(d.Scores, rows)
	if d.TaskMeans != nil {
		out.TaskMeans = pick(d.TaskMeans, rows)
	}
	out.Verdicts = map[string]Verdict{}
	for scheme, v := range d.Verdicts {
		out.Verdicts[scheme] = Verdict{v.Dropped, pick(v.Outlier, rows)}
	}
	return &out
}

func pick[T any](values []T, rows []int) []T {
	out := make([]T, len(rows))
	for k, i := range rows {
		out[k] = values[i]
	}
	return out
}

// as returns the data filtered for a scheme, without its test models. An outlier has no
// score there, nor has a model that answered less than a share minObserved of the kept
// items: its share of correct answers is not a score on the whole benchmark.
func (d *Data) as(scheme string, minObserved float64) *Data {
	models, items := d.Table.Answers.Dims()
	verdict, ok := d.Verdicts[scheme]
	if !ok {
		verdict = Verdict{make([]string, items), make([]bool, models)}
	}
	out := *d
	out.dropped, out.kept = verdict.Dropped, nil
	for j, reason := range verdict.Dropped {
		if reason == "" {
			out.kept = append(out.kept, j)
		}
	}
	kept := d.Table.Answers.SelectItems(out.kept)
	out.Scores, out.TaskMeans = make([]float64, models), slices.Clone(d.TaskMeans)
	for i, s := range d.Scores {
		if _, observed := kept.Counts(i); verdict.Outlier[i] || float64(observed) < minObserved*float64(len(out.kept)) {
			s = math.NaN()
			if d.TaskMeans != nil {
				out.TaskMeans[i] = s
			}
		}
		out.Scores[i] = s
	}
	return &out
}
