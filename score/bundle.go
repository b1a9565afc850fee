package score

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/result"
	"metabench/harness"
)

// Bundle is a calibration: the selected items of one form, their parameters, and the
// fitted maps from answers to scores.
type Bundle struct {
	Form       harness.Form `json:"form"`
	Release    *Release     `json:"release,omitempty"` // nil for items that change with every build
	Run        Run          `json:"run"`
	Provenance *Provenance  `json:"provenance,omitempty"` // nil in bundles of formats before 3
	Benchmarks []Benchmark  `json:"benchmarks"`

	// Predictors are tried in order: a benchmark's score comes from the first that
	// covers it, the mean of all from the first that predicts it.
	Predictors []Predictor `json:"predictors"`

	Mean Scale `json:"mean"` // of the corpus's mean scores; may be empty

	version int // of the file it was read from; 0 if from none
}

// Run identifies the build that a bundle came from.
type Run struct {
	ID          string `json:"id"`
	CodeVersion string `json:"code_version"`
	ConfigHash  string `json:"config_hash"`
	Seed        uint64 `json:"seed"`
	Input       string `json:"input"` // fingerprint of the answers
}

// Benchmark is one benchmark of a bundle.
type Benchmark struct {
	Name      string         `json:"name"`
	Title     string         `json:"title"`
	Metric    string         `json:"metric"`          // what makes an answer correct; nothing else is accepted
	Shown     string         `json:"shown,omitempty"` // metric of the leaderboard's score; empty where there is none
	Questions int            `json:"questions"`
	Tasks     int            `json:"tasks,omitempty"` // that the questions belong to
	Models    int            `json:"models"`          // of the corpus that the fit used
	Kind      irt.Kind       `json:"kind"`
	Estimator ability.Method `json:"estimator"`
	Items     []Item         `json:"items"`
	Scores    Scale          `json:"scores"` // of the corpus
	RMSE      *float64       `json:"rmse"`   // error on test models, points; null when unknown
	MAE       *float64       `json:"mae"`

	TaskMeans Scale `json:"task_means,omitempty"` // of the corpus's means of tasks; empty where there is one task

	// Others are the keys of the items of the build's other forms, by which an evaluation of
	// another form is recognised.
	Others map[harness.Form][]string `json:"others,omitempty"`
}

// Item is a selected item: P(θ) = g + (u - g) / (1 + exp(-(a θ + d))).
type Item struct {
	Key  string  `json:"key"`
	Hash string  `json:"hash,omitempty"` // corpus.QuestionHash
	A    float64 `json:"a"`
	D    float64 `json:"d"`
	G    float64 `json:"g"`
	U    float64 `json:"u"`
}

// Predictor is a fitted map from answers to scores, encoded.
type Predictor struct {
	Method     string   `json:"method"`
	Benchmarks []string `json:"benchmarks"` // that it predicts, in its own order
	Data       []byte   `json:"data"`
}

// MethodProcess is the only method of prediction: reconstruct.Model.
const MethodProcess = string(result.MethodProcess)

// NewPredictor makes a predictor of an encoded reconstruct.Model.
func NewPredictor(data []byte) (Predictor, error) {
	m := &reconstruct.Model{}
	if err := m.UnmarshalBinary(data); err != nil {
		return Predictor{}, err
	}
	return Predictor{Method: MethodProcess, Benchmarks: m.Benchmarks(), Data: data}, nil
}

// Scale is the distribution of the corpus's scores as percentiles 0, 1, …, 100, in
// points. An empty scale stands for an unknown distribution.
type Scale []float64

// percentiles are those that a Scale keeps.
const percentiles = 100

// NewScale summarises scores, leaving out NaN. The p-th percentile of n sorted scores
// lies at (n-1)p/100, interpolated (Hyndman and Fan 1996, type 7).
func NewScale(scores []float64) Scale {
	known := slices.DeleteFunc(slices.Clone(scores), math.IsNaN)
	if len(known) == 0 {
		return nil
	}
	sort.Float64s(known)
	s := make(Scale, percentiles+1)
	for p := range s {
		at := float64(len(known)-1) * float64(p) / percentiles
		k := int(at)
		s[p] = known[k]
		if k+1 < len(known) {
			s[p] += (at - float64(k)) * (known[k+1] - known[k])
		}
	}
	return s
}

// Percentile returns the share of the corpus, 0 to 100, that scores less, or NaN for
// an empty scale and for the score NaN. Of equal percentiles it takes the middle.
func (s Scale) Percentile(score float64) float64 {
	if len(s) != percentiles+1 || math.IsNaN(score) {
		return math.NaN()
	}
	lower := sort.SearchFloat64s(s, score)
	upper := lower
	for upper < len(s) && s[upper] == score {
		upper++
	}
	switch {
	case lower < upper:
		return float64(lower+upper-1) / 2
	case lower == 0:
		return 0
	case lower == len(s):
		return percentiles
	}
	return float64(lower-1) + (score-s[lower-1])/(s[lower]-s[lower-1])
}

// check returns an error that names what makes a bundle useless.
func (b *Bundle) check() error {
	if len(b.Benchmarks) == 0 {
		return fmt.Errorf("it has no benchmarks")
	}
	names := map[string]bool{}
	for k := range b.Benchmarks {
		bench := &b.Benchmarks[k]
		if names[bench.Name] {
			return fmt.Errorf("benchmark %q occurs twice", bench.Name)
		}
		names[bench.Name] = true
		if err := bench.check(); err != nil {
			return fmt.Errorf("benchmark %q: %w", bench.Name, err)
		}
	}
	covered := map[string]bool{}
	for _, p := range b.Predictors {
		for _, name := range p.Benchmarks {
			if !names[name] {
				return fmt.Errorf("a predictor covers %q, which isn't among the benchmarks", name)
			}
			covered[name] = true
		}
	}
	for _, bench := range b.Benchmarks {
		if !covered[bench.Name] {
			return fmt.Errorf("no predictor covers benchmark %q", bench.Name)
		}
	}
	if err := b.Provenance.check(); err != nil {
		return err
	}
	return b.Mean.check()
}

func (b *Benchmark) check() error {
	if b.Name == "" || b.Metric == "" || len(b.Items) == 0 {
		return fmt.Errorf("name, metric and items are needed")
	}
	seen := map[string]bool{}
	for _, it := range b.Items {
		if it.Key == "" || seen[it.Key] {
			return fmt.Errorf("item %q is empty or occurs twice", it.Key)
		}
		seen[it.Key] = true
	}
	if err := b.TaskMeans.check(); err != nil {
		return err
	}
	return b.Scores.check()
}

func (s Scale) check() error {
	if len(s) == 0 {
		return nil
	}
	if len(s) != percentiles+1 || !slices.IsSorted(s) {
		return fmt.Errorf("a scale needs %d ascending percentiles", percentiles+1)
	}
	return nil
}

// curves returns the parameters of items.
func curves(items []Item) []irt.Item {
	all := make([]irt.Item, len(items))
	for k, it := range items {
		all[k] = irt.Item{A: it.A, D: it.D, G: it.G, U: it.U}
	}
	return all
}

// keysOf returns the keys of items.
func keysOf(items []Item) []string {
	keys := make([]string, len(items))
	for k, it := range items {
		keys[k] = it.Key
	}
	return keys
}

// MarshalJSON writes a scale with two decimals, which is enough for percentiles of points.
func (s Scale) MarshalJSON() ([]byte, error) {
	rounded := make([]float64, len(s))
	for k, v := range s {
		rounded[k] = math.Round(v*100) / 100
	}
	return json.Marshal(rounded)
}
