package score

import (
	"fmt"

	"metabench/analysis/ability"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/corpus"
	"metabench/harness"
)

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
	r.compareRelease(s.bundle.Release, b, t)
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
