package score

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"metabench/analysis/ability"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/corpus"
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
		return nil, &BundleError{Problem: "its content doesn't fit together", Err: err, Remedy: "Export it again"}
	}
	s := &Scorer{bundle: b, checksum: checksum}
	for _, p := range b.Predictors {
		decoded, err := decode(p)
		if err == nil {
			err = b.agrees(decoded)
		}
		if err != nil {
			return nil, &BundleError{Problem: "a predictor can't be used", Err: err, Remedy: "Export the bundle again"}
		}
		s.predictors = append(s.predictors, decoded)
	}
	for k := range b.Benchmarks {
		bench := &b.Benchmarks[k]
		a, err := ability.New(bench.irtItems(), ability.Options{Method: bench.Estimator, Workers: 1})
		if err != nil {
			return nil, &BundleError{Problem: "the items of " + bench.Name + " have no valid parameters", Err: err, Remedy: "Export the bundle again"}
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
	r := &Report{Model: out.Model, Form: s.bundle.Form, Run: s.bundle.Run.ID, Bundle: s.checksum, Level: level,
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

// read takes the answers to a benchmark's selected items out of a task, which may be
// nil.
func (s *Scorer) read(b *Benchmark, t *harness.Task, scorer *ability.Scorer) (BenchmarkReport, *reconstruct.Sheet, error) {
	r := BenchmarkReport{Benchmark: b.Name, Title: b.Title, Metric: b.Metric, Questions: b.Questions, Items: len(b.Items),
		RMSE: b.RMSE, Missing: []string{}, Warnings: []string{}}
	if r.Title == "" {
		r.Title = b.Name
	}
	if t == nil {
		r.Missing = b.keys()
		return r, nil, nil
	}
	r.Permuted, r.Task, r.File, r.Settings = t.Permuted, t.Name, t.File, &t.Settings
	r.Warnings = append(r.Warnings, t.Warnings...)
	answers, metric, err := t.By(b.Metric)
	if err != nil {
		r.Refused = err.Error()
		r.Missing = b.keys()
		return r, nil, nil
	}
	r.Read = metric.String()
	sheet := r.fill(b, t, answers)
	r.compareSettings(s.bundle.Calibrated, t)
	r.comparePrompts(b, t)
	if r.Answered == 0 {
		return r, nil, nil
	}
	estimate, err := scorer.Pattern(sheet.Answers)
	if err != nil {
		return r, nil, fmt.Errorf("score %s: %w", b.Name, err)
	}
	r.Ability = &estimate
	return r, sheet, nil
}

// fill arranges answers as the calibration's items are.
func (r *BenchmarkReport) fill(b *Benchmark, t *harness.Task, answers []uint8) *reconstruct.Sheet {
	sheet := &reconstruct.Sheet{Benchmark: b.Name, Metric: b.Metric, Items: b.keys(), Answers: make([]response.Answer, len(b.Items))}
	at := make(map[string]int, len(b.Items))
	for k, it := range b.Items {
		at[it.Key] = k
		sheet.Answers[k] = response.Missing
	}
	foreign := 0
	for k, key := range t.Items {
		j, ok := at[key]
		if !ok {
			foreign++
			continue
		}
		switch answers[k] {
		case 0:
			sheet.Answers[j] = response.Wrong
		case 1:
			sheet.Answers[j] = response.Correct
			r.Right++
		case corpus.Missing:
		}
	}
	for j, a := range sheet.Answers {
		if a == response.Missing {
			r.Missing = append(r.Missing, b.Items[j].Key)
		} else {
			r.Answered++
		}
	}
	if n := len(r.Missing); n > 0 {
		r.warn("%d of %d selected items have no answer; the interval is wider for it", n, len(b.Items))
	}
	if foreign > 0 {
		r.warn("%d items that were answered aren't among the selected ones: another selection may have been evaluated", foreign)
	}
	return sheet
}

func (r *BenchmarkReport) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// compareSettings warns of an evaluation unlike the corpus's.
func (r *BenchmarkReport) compareSettings(c Settings, t *harness.Task) {
	if t.Form == "" {
		r.warn("nothing says which form the task is of")
	}
	if t.Permuted {
		r.warn("the options are permuted; the calibration is of the leaderboard's order")
	}
	got := t.Settings
	if got.File == "" {
		r.warn("there is no results file beside the samples, so the run's settings can't be checked")
		return
	}
	if got.ChatTemplate != c.ChatTemplate {
		r.warn("evaluated %s a chat template, calibrated %s", with(got.ChatTemplate), with(c.ChatTemplate))
	}
	if got.SystemInstruction {
		r.warn("evaluated with a system instruction, calibrated without")
	}
	if got.Shots != nil && *got.Shots != c.Shots {
		r.warn("evaluated with %d examples added by the harness, calibrated with %d", *got.Shots, c.Shots)
	}
	if got.Limit != "" {
		r.warn("evaluated with --limit %s", got.Limit)
	}
}

func with(yes bool) string {
	if yes {
		return "with"
	}
	return "without"
}

// comparePrompts says how many questions read as they did on the leaderboard, where
// both sides know.
func (r *BenchmarkReport) comparePrompts(b *Benchmark, t *harness.Task) {
	want := make(map[string]string, len(b.Items))
	for _, it := range b.Items {
		want[it.Key] = it.Hash
	}
	same, compared := 0, 0
	for k, key := range t.Items {
		if want[key] == "" || t.OriginalHashes[k] == "" {
			continue
		}
		compared++
		if want[key] == t.OriginalHashes[k] {
			same++
		}
	}
	// Published tasks hash another part of the question, so none would match.
	if same > 0 && same < compared {
		r.warn("%d of %d questions read otherwise than in the calibration", compared-same, compared)
	}
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
