package score

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"metabench/analysis/response"
	"metabench/corpus"
)

// KnownScores are models' scores on whole benchmarks.
type KnownScores struct {
	ByModel map[string]map[string]float64 // benchmark → model → points
	Metrics map[string]string             // benchmark → metric that they are by, as far as it is known
}

// MetricsError says that answers and scores are not by the same metric.
type MetricsError struct{ Benchmark, Answers, Scores string }

func (e *MetricsError) Error() string {
	return fmt.Sprintf("calibrate %s: the answers are by %s and the scores by %s: give the scores of the answers' metric, or name the metric of both with --metric", e.Benchmark, e.Answers, e.Scores)
}

// Answer joins answers with scores, benchmark by benchmark, in the catalogue's order and
// those of the user's own behind it. The metric is the one given (empty for none), else
// that of the scores, else that of the answers, else the catalogue's. A benchmark that
// has answers needs scores.
func Answer(tables []*response.Table, scores KnownScores, catalogue []corpus.Benchmark, metric string) ([]Answered, error) {
	var out []Answered
	for _, t := range tables {
		b := corpus.Benchmark{Name: t.Benchmark, Title: t.Benchmark, Tasks: []corpus.Task{{Name: t.Benchmark}}}
		at := slices.IndexFunc(catalogue, func(c corpus.Benchmark) bool { return c.Name == t.Benchmark })
		if at >= 0 {
			b = catalogue[at]
		}
		of := scores.ByModel[t.Benchmark]
		if len(of) == 0 {
			return nil, fmt.Errorf("calibrate %s: there are answers and no scores: add the models' scores on the whole benchmark", t.Benchmark)
		}
		said := scores.Metrics[t.Benchmark]
		if t.Metric != "" && said != "" && t.Metric != said {
			return nil, &MetricsError{t.Benchmark, t.Metric, said}
		}
		for _, m := range []string{metric, said, t.Metric} {
			if m != "" {
				b.Metric = m
				break
			}
		}
		if b.Metric == "" {
			return nil, fmt.Errorf("calibrate %s: nothing says what makes an answer correct: name it with --metric, such as acc", t.Benchmark)
		}
		table := *t
		table.Metric = b.Metric
		out = append(out, Answered{Benchmark: b, Table: &table, Scores: of})
	}
	slices.SortStableFunc(out, func(a, b Answered) int {
		place := func(name string) int {
			if at := slices.IndexFunc(catalogue, func(c corpus.Benchmark) bool { return c.Name == name }); at >= 0 {
				return at
			}
			return len(catalogue)
		}
		if x, y := place(a.Benchmark.Name), place(b.Benchmark.Name); x != y {
			return x - y
		}
		return strings.Compare(a.Benchmark.Name, b.Benchmark.Name)
	})
	for k := 1; k < len(out); k++ {
		if out[k].Benchmark.Name == out[k-1].Benchmark.Name {
			return nil, fmt.Errorf("calibrate: two tables answer %s: put them into one", out[k].Benchmark.Name)
		}
	}
	return out, nil
}

// Add takes in the scores of another table. Two scores of a model that differ are
// refused, and so are two metrics of a benchmark.
func (k *KnownScores) Add(byModel map[string]map[string]float64, metrics map[string]string) error {
	if k.ByModel == nil {
		k.ByModel, k.Metrics = map[string]map[string]float64{}, map[string]string{}
	}
	for _, b := range slices.Sorted(maps.Keys(byModel)) {
		if m, known := metrics[b], k.Metrics[b]; m != "" && known != "" && m != known {
			return &MetricsError{b, known, m}
		} else if m != "" {
			k.Metrics[b] = m
		}
		if k.ByModel[b] == nil {
			k.ByModel[b] = map[string]float64{}
		}
		for _, model := range slices.Sorted(maps.Keys(byModel[b])) {
			points := byModel[b][model]
			if known, ok := k.ByModel[b][model]; ok && known != points {
				return fmt.Errorf("%s has two scores on %s, %g and %g", model, b, known, points)
			}
			k.ByModel[b][model] = points
		}
	}
	return nil
}
