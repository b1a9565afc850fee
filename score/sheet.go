package score

import (
	"fmt"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/corpus"
	"metabench/harness"
)

// newReport is the report of a benchmark without answers.
func newReport(b *Benchmark) BenchmarkReport {
	r := BenchmarkReport{Benchmark: b.Name, Title: b.Title, Metric: b.Metric, Shown: b.Shown, Questions: b.Questions, Tasks: b.Tasks,
		Items: len(b.Items), RMSE: b.RMSE, Missing: b.keys(), Changed: []string{}, Warnings: []string{}}
	if r.Title == "" {
		r.Title = b.Name
	}
	r.Answers = make(map[string]*uint8, len(b.Items))
	for _, it := range b.Items {
		r.Answers[it.Key] = nil
	}
	return r
}

// read takes the answers to a benchmark's selected items out of a task. The sheet is
// nil where they are refused.
func (s *Scorer) read(b *Benchmark, t *harness.Task, scorer *ability.Scorer, least float64) (BenchmarkReport, *reconstruct.Sheet, error) {
	r := newReport(b)
	r.Permuted, r.Task, r.File, r.Settings = t.Permuted, t.Name, t.File, &t.Settings
	for _, w := range t.Warnings {
		r.warn("%s", w)
	}
	answers, metric, err := t.By(b.Metric)
	if err != nil {
		r.refuse(err)
		return r, nil, nil
	}
	r.Read = metric.String()
	questions := compareQuestions(b, t)
	if r.refuseOtherQuestions(s.bundle, t, questions); r.Refusal != nil {
		return r, nil, nil
	}
	sheet := r.fill(b, t, answers, questions)
	if r.refuseFew(b, t, least); r.Refusal != nil {
		return r, nil, nil
	}
	if n := len(r.Missing) - len(r.Changed); n > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d of %d selected items %s no answer; the interval is wider for it", n, r.Items, have(n)))
	}
	if r.whole(b, t, answers); r.foreign > 0 && r.Whole == nil && !(t.Table && len(r.Missing) == 0) {
		r.warn("%d of the items that were answered %s among the selected ones: another selection may have been evaluated", r.foreign, arent(r.foreign))
	}
	if n := len(r.Changed); n > 0 {
		r.warn("%d of %d questions %s otherwise than in the calibration", n, questions.compared, verb(n, "reads", "read"))
		if t.Exported {
			r.warn("their answers count as missing")
		}
	}
	r.compareSettings(t)
	r.compareRelease(s.bundle.Release, b, t)
	estimate, err := scorer.Pattern(sheet.Answers)
	if err != nil {
		return r, nil, fmt.Errorf("score %s: %w", b.Name, err)
	}
	r.Ability = &estimate
	return r, sheet, nil
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func have(n int) string  { return verb(n, "has", "have") }
func arent(n int) string { return verb(n, "isn't", "aren't") }

// comparison counts how many of a task's questions read as in the corpus, of those whose
// hash both have.
type comparison struct {
	shared   int // questions of the task that are among the selected ones, by their keys
	compared int // of these, those with a hash on both sides
	changed  []string
}

func compareQuestions(b *Benchmark, t *harness.Task) comparison {
	want := make(map[string]string, len(b.Items))
	for _, it := range b.Items {
		want[it.Key] = it.Hash
	}
	var c comparison
	for k, key := range t.Items {
		if _, ok := want[key]; ok {
			c.shared++
		}
		if want[key] == "" || t.OriginalHashes[k] == "" {
			continue
		}
		c.compared++
		if want[key] != t.OriginalHashes[k] {
			c.changed = append(c.changed, key)
		}
	}
	if !t.Exported && len(c.changed) == c.compared {
		return comparison{shared: c.shared} // published tasks hash another part of the question
	}
	return c
}

// fill puts answers in the order of the calibration's items. An answer to a question whose
// text has changed counts as missing.
func (r *BenchmarkReport) fill(b *Benchmark, t *harness.Task, answers []uint8, questions comparison) *reconstruct.Sheet {
	sheet := &reconstruct.Sheet{Benchmark: b.Name, Metric: b.Metric, Items: b.keys(), Answers: make([]response.Answer, len(b.Items))}
	at := make(map[string]int, len(b.Items))
	for k, it := range b.Items {
		at[it.Key] = k
		sheet.Answers[k] = response.Missing
	}
	changed := map[string]bool{}
	for _, key := range questions.changed {
		changed[key] = t.Exported
		r.Changed = append(r.Changed, key)
	}
	for k, key := range t.Items {
		j, ok := at[key]
		if !ok {
			r.foreign++
			continue
		}
		if changed[key] {
			continue
		}
		sheet.Answers[j] = response.Answer(answers[k])
		if sheet.Answers[j] == response.Correct {
			r.Right++
		}
	}
	r.Missing = []string{}
	for j, a := range sheet.Answers {
		if a == response.Missing {
			r.Missing = append(r.Missing, b.Items[j].Key)
			continue
		}
		r.Answered++
		said := uint8(a)
		r.Answers[b.Items[j].Key] = &said
	}
	return sheet
}

// whole takes the true score where all questions of the benchmark were answered.
func (r *BenchmarkReport) whole(b *Benchmark, t *harness.Task, answers []uint8) {
	if b.Questions == 0 || len(t.Items) != b.Questions || slices.Contains(answers, corpus.Missing) {
		return
	}
	right := 0
	for _, a := range answers {
		right += int(a)
	}
	score := 100 * float64(right) / float64(b.Questions)
	r.Whole = &score
}

// warn records why the intervals may hold less often than their nominal probability.
func (r *BenchmarkReport) warn(format string, args ...any) {
	r.doubtful = true
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// compareSettings warns of settings other than the leaderboard's, whose prompts the selected
// questions have.
func (r *BenchmarkReport) compareSettings(t *harness.Task) {
	if t.Table {
		return // its user knows how the answers came about
	}
	if t.Original {
		r.warn("asked by %s of lm-evaluation-harness, whose words and examples are its own; the calibration's are the leaderboard's", t.Name)
	} else if t.Form == "" {
		r.warn("the form of the task is unknown")
	}
	if t.Permuted {
		r.warn("the options are permuted; the calibration is for the leaderboard's order")
	}
	got := t.Settings
	if got.File == "" {
		r.warn("there is no results file beside the samples, so the run's settings can't be checked")
		return
	}
	if got.ChatTemplate {
		r.warn("evaluated with a chat template; the leaderboard used none")
	}
	if got.SystemInstruction {
		r.warn("evaluated with a system instruction; the leaderboard used none")
	}
	if got.Shots != nil && *got.Shots != 0 && !t.Original {
		r.warn("evaluated with %d examples added by the harness; the questions already contain examples", *got.Shots)
	}
	if got.Limit != "" {
		r.warn("evaluated with --limit %s", got.Limit)
	}
}
