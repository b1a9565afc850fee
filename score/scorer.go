package score

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"metabench/analysis/ability"
	"metabench/analysis/reconstruct"
	"metabench/corpus"
	"metabench/harness"
)

// level is the nominal probability of the intervals, which the fits have built in.
const level = 0.9

// Scorer scores models by a bundle. It may be used by several goroutines.
type Scorer struct {
	bundle     *Bundle
	checksum   string
	predictors []*reconstruct.Model
	abilities  []*ability.Scorer // one a benchmark
}

// NewScorer decodes a bundle's predictors and checks that they belong to its items.
func NewScorer(b *Bundle, checksum string) (*Scorer, error) {
	if err := b.check(); err != nil {
		return nil, bundleFormat.fail(corpus.KindFormat, "its content doesn't fit together", err, "Export it again")
	}
	s := &Scorer{bundle: b, checksum: checksum}
	for _, p := range b.Predictors {
		decoded, err := decode(p)
		if err == nil {
			err = b.agrees(decoded)
		}
		if err != nil {
			return nil, bundleFormat.fail(corpus.KindFormat, "a predictor can't be used", err, "Export the bundle again")
		}
		s.predictors = append(s.predictors, decoded)
	}
	for k := range b.Benchmarks {
		bench := &b.Benchmarks[k]
		a, err := ability.New(curves(bench.Items), ability.Options{Method: bench.Estimator, Workers: 1})
		if err != nil {
			return nil, bundleFormat.fail(corpus.KindFormat, "the items of "+bench.Name+" have no valid parameters", err, "Export the bundle again")
		}
		s.abilities = append(s.abilities, a)
	}
	return s, nil
}

func decode(p Predictor) (*reconstruct.Model, error) {
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
func (b *Bundle) agrees(p *reconstruct.Model) error {
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
	k := b.index(name)
	if k < 0 {
		return nil
	}
	return &b.Benchmarks[k]
}

// index is the position of a benchmark in the bundle, -1 if it isn't there.
func (b *Bundle) index(name string) int {
	return slices.IndexFunc(b.Benchmarks, func(b Benchmark) bool { return b.Name == name })
}

func (b *Benchmark) keys() []string { return keysOf(b.Items) }

// Score scores one run of a model. Missing items widen the intervals. A benchmark is refused
// if its metric or its questions are not the calibration's, or if less than a share of its
// items is answered, 0 to 1 and usually MinAnswered. Settings other than the leaderboard's
// are warned of. If no benchmark can be scored the error is a *NoAnswersError.
func (s *Scorer) Score(out *harness.Output, least float64) (*Report, error) {
	r := &Report{Version: reportVersion, Model: out.Model, Evaluation: out.Run, Form: s.bundle.Form, Release: s.bundle.Release, Run: s.bundle.Run.ID, Provenance: s.bundle.Provenance, Bundle: s.checksum, Level: level,
		MinAnswered: least, Unused: []string{}, Warnings: slices.Clone(out.Warnings)}
	if s.bundle.version == 1 {
		r.warn("the bundle is of version 1, which has neither the leaderboard's metrics nor the items of other forms: export it again")
	}
	tasks, refusals := s.choose(out, r)
	sheets := make([]*reconstruct.Sheet, len(s.bundle.Benchmarks))
	scored, answered, items := 0, 0, 0
	for k := range s.bundle.Benchmarks {
		b := newReport(&s.bundle.Benchmarks[k])
		if tasks[k] != nil {
			var err error
			if b, sheets[k], err = s.read(&s.bundle.Benchmarks[k], tasks[k], s.abilities[k], least); err != nil {
				return nil, err
			}
		} else if refusals[k] != nil {
			b.refuse(refusals[k])
		}
		items += b.Items
		if sheets[k] != nil {
			scored++
			answered += b.Answered
			r.Doubtful = r.Doubtful || b.doubtful
		}
		r.Benchmarks = append(r.Benchmarks, b)
	}
	if scored == 0 {
		return nil, r.noAnswers()
	}
	s.compareBuild(r, tasks, sheets)
	if err := s.predict(r, sheets); err != nil {
		return nil, err
	}
	switch missing := len(s.bundle.Benchmarks) - scored; {
	case float64(answered) < least*float64(items) && r.Mean != nil:
		r.Mean = nil
		r.warn("there is no mean: %d of the %d selected items of all benchmarks are used, less than the share of %.2g that a score needs", answered, items, least)
	case missing > 0 && r.Mean != nil:
		r.warn("%d of %d benchmarks %s no score; the mean rests on the others", missing, len(s.bundle.Benchmarks), have(missing))
	}
	if r.Mean != nil {
		r.MeanNote = r.meanNote()
	}
	if r.Warnings == nil {
		r.Warnings = []string{}
	}
	return r, nil
}

// noAnswers is the error of a report without a score.
func (r *Report) noAnswers() error {
	e := &NoAnswersError{Form: r.Form}
	for _, b := range r.Benchmarks {
		if b.Refusal != nil {
			e.Reasons = append(e.Reasons, b.Refusal)
		}
	}
	for _, reason := range slices.Concat(r.Unused, r.Warnings) {
		e.Reasons = append(e.Reasons, errors.New(reason))
	}
	return e
}

// compareBuild warns of tasks that were exported by another run than the calibration's.
// Both may have selected the same items: every night's build is a run of its own.
func (s *Scorer) compareBuild(r *Report, tasks []*harness.Task, sheets []*reconstruct.Sheet) {
	var others []string
	for k, t := range tasks {
		if sheets[k] == nil || t.Settings.Build == "" || t.Settings.Build == s.bundle.Run.ID || slices.Contains(others, t.Settings.Build) {
			continue
		}
		others = append(others, t.Settings.Build)
	}
	if len(others) > 0 {
		r.warn("the tasks were exported by run %s, the calibration is of run %s; their questions were compared one by one", strings.Join(others, ", "), s.bundle.Run.ID)
	}
}

func (r *Report) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// choose finds the task of each benchmark: of the bundle's form, plain rather than permuted.
// It warns of tasks that are not used, and says why a benchmark that was evaluated has
// none.
func (s *Scorer) choose(out *harness.Output, r *Report) (tasks []*harness.Task, refusals []error) {
	tasks, refusals = make([]*harness.Task, len(s.bundle.Benchmarks)), make([]error, len(s.bundle.Benchmarks))
	for k := range out.Tasks {
		t := &out.Tasks[k]
		at := s.bundle.index(t.Benchmark)
		switch {
		case at < 0:
			r.warn("not used: %s is of the benchmark %q, which the calibration doesn't have", t.File, t.Benchmark)
		case t.Form != "" && t.Form != s.bundle.Form:
			if refusals[at] == nil {
				refusals[at] = &corpus.DataError{Kind: corpus.KindUnfit, Benchmark: t.Benchmark, File: t.File, Reason: "the calibration is of form " + string(s.bundle.Form), Remedy: useForm(t.Form)}
			}
		case tasks[at] == nil:
			tasks[at] = t
		case tasks[at].Permuted == t.Permuted:
			r.warn("not used: %s is the second task of %s", t.File, t.Benchmark)
		default:
			permuted := t
			if tasks[at].Permuted {
				permuted, tasks[at] = tasks[at], t
			}
			r.warn("not used: %s has permuted options, and the plain task is there too", permuted.File)
		}
	}
	var others []string
	for k := range s.bundle.Benchmarks {
		var other *corpus.DataError
		if tasks[k] != nil && errors.As(refusals[k], &other) {
			others = append(others, other.File)
		}
	}
	if n := len(others); n > 0 {
		r.warn("not used: %d %s of another form than %s, such as %s", n, verb(n, "log", "logs"), s.bundle.Form, others[0])
	}
	for k := range out.Failed {
		t := &out.Failed[k]
		at := slices.IndexFunc(s.bundle.Benchmarks, func(b Benchmark) bool { return harness.PlainName(b.Name) == harness.PlainName(t.Benchmark) })
		if at >= 0 && tasks[at] == nil && refusals[at] == nil && (t.Form == "" || t.Form == s.bundle.Form) {
			refusals[at] = t.Failed
			continue
		}
		r.Unused = append(r.Unused, t.Failed.Error())
	}
	return tasks, refusals
}

// predict fills in the scores.
func (s *Scorer) predict(r *Report, sheets []*reconstruct.Sheet) error {
	for _, p := range s.predictors {
		var known []reconstruct.Sheet
		for _, name := range p.Benchmarks() {
			k := s.bundle.index(name)
			if sheets[k] != nil {
				known = append(known, *sheets[k])
			}
		}
		if len(known) == 0 {
			continue
		}
		predictions, err := p.Predict(known)
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
			k := s.bundle.index(y.Benchmark)
			if sheets[k] != nil && r.Benchmarks[k].Score == nil {
				r.Benchmarks[k].Score = newScore(y, s.bundle.Benchmarks[k].Scores)
				if m := y.TaskMean; m != nil {
					of := reconstruct.Prediction{Score: m.Score, Lower: m.Lower, Upper: m.Upper}
					r.Benchmarks[k].TaskMean = newScore(of, s.bundle.Benchmarks[k].TaskMeans)
				}
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
	if v := y.Verdict; v.Place != "" {
		s.Verdict = &Verdict{Place: string(v.Place), Reason: v.Reason, Distance: v.Distance, Share: v.Weight}
	}
	return s
}

// meanOf is the mean if no predictor has it: the mean of the scores, with an interval from
// the mean of the lower ends to the mean of the upper ends. It holds for errors that are
// perfectly correlated between benchmarks. They are less so, and the interval is wider than
// necessary.
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
