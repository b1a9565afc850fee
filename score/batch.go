package score

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"metabench/analysis/response"
	"metabench/harness"
)

// Batch is the reports of several runs by one calibration. Its JSON form is a contract
// as that of a Report.
type Batch struct {
	Version int       `json:"version"`
	Reports []*Report `json:"reports"`
	Failed  []Failure `json:"failed"` // of which nothing could be scored
}

// Failure says why a run has no score.
type Failure struct {
	Model      string      `json:"model"`
	Evaluation harness.Run `json:"evaluation"`
	Reason     string      `json:"reason"`
	Err        error       `json:"-"`
}

// ScoreAll scores runs, in their order. A run of which nothing can be scored is a
// Failure; if that is so of all, the error is that of the first.
func (s *Scorer) ScoreAll(ctx context.Context, runs []*harness.Output, least float64) (*Batch, error) {
	reports, errs := make([]*Report, len(runs)), make([]error, len(runs))
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(len(runs), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for k := range next {
				reports[k], errs[k] = s.Score(runs[k], least)
			}
		})
	}
	for k := range runs {
		if ctx.Err() != nil {
			break
		}
		next <- k
	}
	close(next)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b := &Batch{Version: reportVersion, Reports: []*Report{}, Failed: []Failure{}}
	for k, out := range runs {
		var none *NoAnswersError
		switch err := errs[k]; {
		case errors.As(err, &none):
			b.Failed = append(b.Failed, Failure{out.Model, out.Run, err.Error(), err})
		case err != nil:
			return nil, err
		default:
			b.Reports = append(b.Reports, reports[k])
		}
	}
	if len(b.Reports) == 0 && len(b.Failed) > 0 {
		return nil, b.Failed[0].Err
	}
	return b, nil
}

// FromTables makes runs of tables of answers, one a model in order of the names. A table
// that doesn't say its metric has that of the calibration, and the note says so. file is
// where the tables come from.
func (s *Scorer) FromTables(file string, tables []*response.Table) (runs []*harness.Output, note string) {
	byModel := map[string]*harness.Output{}
	var assumed []string
	for _, t := range tables {
		metric := t.Metric
		if bench := s.bundle.benchmark(t.Benchmark); metric == "" && bench != nil {
			metric = bench.Metric
			assumed = append(assumed, t.Benchmark+" "+metric)
		}
		for i, m := range t.Models {
			out := byModel[m]
			if out == nil {
				out = &harness.Output{Model: m, Run: harness.Run{ID: m, Model: m, Arguments: []string{}, Known: true}}
				byModel[m] = out
				runs = append(runs, out)
			}
			task := harness.Task{Name: t.Benchmark, Benchmark: t.Benchmark, Form: s.bundle.Form, Model: m, File: file, Table: true}
			var answers []uint8
			for j, item := range t.Items {
				if a := t.Answers.At(i, j); a != response.Missing {
					task.Items, answers = append(task.Items, item), append(answers, uint8(a))
				}
			}
			if len(answers) == 0 {
				continue
			}
			task.PromptHashes, task.OriginalHashes = make([]string, len(answers)), make([]string, len(answers))
			task.Answers = map[harness.Metric][]uint8{{Name: metric}: answers}
			out.Tasks = append(out.Tasks, task)
		}
	}
	slices.SortFunc(runs, func(a, b *harness.Output) int { return strings.Compare(a.Model, b.Model) })
	if len(assumed) > 0 {
		note = "the table doesn't say what makes an answer correct, and is taken for the calibration's metric: " + strings.Join(assumed, ", ")
	}
	return runs, note
}

// Benchmarks are the names of the calibration's benchmarks.
func (s *Scorer) Benchmarks() []string {
	names := make([]string, len(s.bundle.Benchmarks))
	for k, b := range s.bundle.Benchmarks {
		names[k] = b.Name
	}
	return names
}

// Names tell the reports apart: by the model where that is enough, else by model and
// arguments.
func (b *Batch) Names() []string {
	runs := map[string]int{}
	for _, r := range b.Reports {
		runs[r.Model]++
	}
	names := make([]string, len(b.Reports))
	for k, r := range b.Reports {
		if names[k] = r.Model; runs[r.Model] > 1 {
			names[k] = r.Evaluation.String()
		}
	}
	return names
}

// AllWarnings are the warnings of the reports, each once with how many runs it is of.
func (b *Batch) AllWarnings() []string {
	names := b.Names()
	return b.each(func(k int) []string { return b.Reports[k].AllWarnings() }, names)
}

// Refusals are why answers that are there were not used, and why runs have no score.
func (b *Batch) Refusals() []string {
	out := b.each(func(k int) []string { return b.Reports[k].Refusals() }, b.Names())
	for _, f := range b.Failed {
		out = append(out, f.Evaluation.String()+": "+f.Reason)
	}
	return out
}

// each gathers texts of the reports, each once.
func (b *Batch) each(of func(k int) []string, names []string) []string {
	var texts []string
	runs := map[string][]int{}
	for k := range b.Reports {
		for _, text := range of(k) {
			if runs[text] == nil {
				texts = append(texts, text)
			}
			runs[text] = append(runs[text], k)
		}
	}
	if len(b.Reports) == 1 {
		return texts
	}
	for k, text := range texts {
		switch n := len(runs[text]); n {
		case len(b.Reports):
			texts[k] = fmt.Sprintf("all %d runs: %s", n, text)
		case 1:
			texts[k] = names[runs[text][0]] + ": " + text
		default:
			texts[k] = fmt.Sprintf("%d runs, such as %s: %s", n, names[runs[text][0]], text)
		}
	}
	return texts
}
