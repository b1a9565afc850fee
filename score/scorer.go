package score

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"metabench/analysis/ability"
	"metabench/analysis/reconstruct"
	"metabench/harness"
)

// level is the nominal probability of the intervals, which the fits have built in.
const level = 0.9

// Scorer scores models by a bundle. It may be used by several goroutines.
type Scorer struct {
	bundle     *Bundle
	checksum   string
	predictors []predictor
	abilities  []*ability.Scorer // one a benchmark
}

// predictor is what a Predictor decodes to.
type predictor interface {
	Benchmarks() []string
	Items(benchmark string) (items []string, metric string, err error)
	Predict(sheets []reconstruct.Sheet) ([]reconstruct.Prediction, error)
}

// NewScorer decodes a bundle's predictors and checks that they belong to its items.
func NewScorer(b *Bundle, checksum string) (*Scorer, error) {
	if err := b.check(); err != nil {
		return nil, bundleFormat.fail("its content doesn't fit together", err, "Export it again")
	}
	s := &Scorer{bundle: b, checksum: checksum}
	for _, p := range b.Predictors {
		decoded, err := decode(p)
		if err == nil {
			err = b.agrees(decoded)
		}
		if err != nil {
			return nil, bundleFormat.fail("a predictor can't be used", err, "Export the bundle again")
		}
		s.predictors = append(s.predictors, decoded)
	}
	for k := range b.Benchmarks {
		bench := &b.Benchmarks[k]
		a, err := ability.New(bench.irtItems(), ability.Options{Method: bench.Estimator, Workers: 1})
		if err != nil {
			return nil, bundleFormat.fail("the items of "+bench.Name+" have no valid parameters", err, "Export the bundle again")
		}
		s.abilities = append(s.abilities, a)
	}
	return s, nil
}

func decode(p Predictor) (predictor, error) {
	if p.Method != MethodProcess {
		return nil, fmt.Errorf("this program doesn't know the method %q", p.Method)
	}
	m := &reconstruct.Model{}
	if err := m.UnmarshalBinary(p.Data); err != nil {
		return nil, err
	}
	if !slices.Equal(m.Benchmarks(), p.Benchmarks) {
		return nil, fmt.Errorf("it predicts %s, not %s", strings.Join(m.Benchmarks(), ", "), strings.Join(p.Benchmarks, ", "))
	}
	return m, nil
}

// agrees checks that a predictor was fitted on the bundle's items and metrics.
func (b *Bundle) agrees(p predictor) error {
	for _, name := range p.Benchmarks() {
		bench := b.benchmark(name)
		items, metric, err := p.Items(name)
		if err != nil {
			return err
		}
		if metric != bench.Metric {
			return fmt.Errorf("it was fitted on %s of %s, the bundle says %s", metric, name, bench.Metric)
		}
		keys := bench.keys()
		slices.Sort(keys)
		slices.Sort(items)
		if !slices.Equal(items, keys) {
			return fmt.Errorf("it was fitted on other items of %s", name)
		}
	}
	return nil
}

func (b *Bundle) benchmark(name string) *Benchmark {
	for k := range b.Benchmarks {
		if b.Benchmarks[k].Name == name {
			return &b.Benchmarks[k]
		}
	}
	return nil
}

func (b *Benchmark) keys() []string {
	keys := make([]string, len(b.Items))
	for k, it := range b.Items {
		keys[k] = it.Key
	}
	return keys
}

// NoAnswersError says that nothing of an evaluation could be scored.
type NoAnswersError struct {
	Form    harness.Form // of the bundle
	Reasons []string
}

func (e *NoAnswersError) Error() string {
	s := fmt.Sprintf("score: no answers to the items of form %s", e.Form)
	if len(e.Reasons) > 0 {
		s += ": " + strings.Join(e.Reasons, "; ")
	}
	return s
}

// Score scores one model's evaluation. Missing items widen the intervals; a metric
// other than the calibration's is refused for its benchmark; settings other than the
// calibration's are warned of. If no benchmark can be scored the error is a
// *NoAnswersError.
func (s *Scorer) Score(out *harness.Output) (*Report, error) {
	r := &Report{Model: out.Model, Form: s.bundle.Form, Release: s.bundle.Release, Run: s.bundle.Run.ID, Bundle: s.checksum, Level: level,
		Warnings: slices.Clone(out.Warnings)}
	tasks, reasons := s.choose(out, r)
	sheets := make([]*reconstruct.Sheet, len(s.bundle.Benchmarks))
	scored := 0
	for k := range s.bundle.Benchmarks {
		b, sheet, err := s.read(&s.bundle.Benchmarks[k], tasks[k], s.abilities[k])
		if err != nil {
			return nil, err
		}
		r.Benchmarks = append(r.Benchmarks, b)
		switch {
		case b.Refused != "":
			reasons = append(reasons, b.Refused)
		case b.Answered > 0:
			sheets[k] = sheet
			scored++
		}
	}
	if scored == 0 {
		return nil, &NoAnswersError{Form: s.bundle.Form, Reasons: reasons}
	}
	if err := s.predict(r, sheets); err != nil {
		return nil, err
	}
	if scored < len(s.bundle.Benchmarks) {
		r.warn("%d of %d benchmarks have no answers; the mean rests on the others", len(s.bundle.Benchmarks)-scored, len(s.bundle.Benchmarks))
	}
	if r.Warnings == nil {
		r.Warnings = []string{}
	}
	return r, nil
}

func (r *Report) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// choose finds the task of each benchmark: of the bundle's form, plain rather than
// permuted. It tells what it passes over.
func (s *Scorer) choose(out *harness.Output, r *Report) (tasks []*harness.Task, reasons []string) {
	tasks = make([]*harness.Task, len(s.bundle.Benchmarks))
	for k := range out.Tasks {
		t := &out.Tasks[k]
		at := slices.IndexFunc(s.bundle.Benchmarks, func(b Benchmark) bool { return b.Name == t.Benchmark })
		switch {
		case at < 0:
			reasons = append(reasons, fmt.Sprintf("%s is of the benchmark %q, which the calibration doesn't know", t.File, t.Benchmark))
		case t.Form != "" && t.Form != s.bundle.Form:
			reasons = append(reasons, fmt.Sprintf("%s is of form %s", t.File, t.Form))
		case tasks[at] == nil:
			tasks[at] = t
		case tasks[at].Permuted == t.Permuted:
			reasons = append(reasons, fmt.Sprintf("%s is the second task of %s", t.File, t.Benchmark))
		default:
			passed := t
			if tasks[at].Permuted {
				passed, tasks[at] = tasks[at], t
			}
			reasons = append(reasons, fmt.Sprintf("%s has permuted options, and the plain task is there too", passed.File))
		}
	}
	for _, reason := range reasons {
		r.warn("not used: %s", reason)
	}
	return tasks, reasons
}

// predict fills in the scores.
func (s *Scorer) predict(r *Report, sheets []*reconstruct.Sheet) error {
	for _, p := range s.predictors {
		var given []reconstruct.Sheet
		for _, name := range p.Benchmarks() {
			k := slices.IndexFunc(s.bundle.Benchmarks, func(b Benchmark) bool { return b.Name == name })
			if sheets[k] != nil {
				given = append(given, *sheets[k])
			}
		}
		if len(given) == 0 {
			continue
		}
		predictions, err := p.Predict(given)
		if err != nil {
			return fmt.Errorf("score: %w", err)
		}
		for _, y := range predictions {
			if y.Benchmark == reconstruct.Mean {
				if r.Mean == nil && len(p.Benchmarks()) == len(s.bundle.Benchmarks) {
					r.Mean = newScore(y, s.bundle.Mean)
				}
				continue
			}
			k := slices.IndexFunc(s.bundle.Benchmarks, func(b Benchmark) bool { return b.Name == y.Benchmark })
			if sheets[k] != nil && r.Benchmarks[k].Score == nil {
				r.Benchmarks[k].Score = newScore(y, s.bundle.Benchmarks[k].Scores)
			}
		}
	}
	if r.Mean == nil {
		r.Mean = s.meanOf(r.Benchmarks)
	}
	return nil
}

func newScore(y reconstruct.Prediction, scale Scale) *Score {
	s := &Score{Value: y.Score, Lower: y.Lower, Upper: y.Upper}
	if p := scale.Percentile(y.Score); !math.IsNaN(p) {
		s.Percentile = &p
	}
	return s
}

// meanOf is the mean where no predictor tells it: the mean of the scores, between the
// means of the intervals' ends. That is the interval for errors that go together in
// all benchmarks; as they partly cancel, it is wider than it need be.
func (s *Scorer) meanOf(benchmarks []BenchmarkReport) *Score {
	if len(benchmarks) < 2 {
		return nil
	}
	var sum reconstruct.Prediction
	n := float64(len(benchmarks))
	for _, b := range benchmarks {
		if b.Score == nil {
			return nil
		}
		sum.Score += b.Score.Value / n
		sum.Lower += b.Score.Lower / n
		sum.Upper += b.Score.Upper / n
	}
	return newScore(sum, s.bundle.Mean)
}
