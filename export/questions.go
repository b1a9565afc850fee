package export

import (
	"context"
	"fmt"
	"slices"

	"metabench/analysis"
	"metabench/corpus"
	"metabench/harness"
	"metabench/warehouse"
)

// Form is the items of a form as a warehouse has them, and the texts that are there.
type Form struct {
	Run      string // that selected the items; of a release, the one that it was made of
	Release  string // version; empty for the items that are selected now
	Identity string // of the release

	benchmarks []corpus.Benchmark  // of the catalogue where that has them
	questions  [][]corpus.Question // by benchmark
}

// ReadForm reads which items a form has, and their texts.
//
// Errors: *ReleasedFormError, *warehouse.ReleaseError, *warehouse.NoFormError.
func ReadForm(ctx context.Context, w *warehouse.Warehouse, o Options) (*Form, error) {
	s, err := choose(ctx, w, o)
	if err != nil {
		return nil, err
	}
	f := &Form{}
	if s.release != nil {
		f.Run, f.Release, f.Identity = s.release.RunID, s.release.Version, s.release.Identity
	} else {
		of := analysis.JointName
		if len(s.benchmarks) == 1 {
			of = s.benchmarks[0]
		}
		run, err := w.ResultRun(ctx, of)
		if err != nil {
			return nil, err
		}
		f.Run = run.ID()
	}
	for _, name := range s.benchmarks {
		b, ok := s.known(name)
		if !ok {
			b = corpus.Benchmark{Name: name, Title: name, Asked: corpus.Continuation}
		}
		if b.Metric, err = w.Metric(ctx, name); err != nil {
			return nil, err
		}
		var questions []corpus.Question
		if s.release != nil {
			questions, err = w.ReleasedQuestions(ctx, f.Release, name, string(s.Form))
		} else {
			questions, err = w.SelectedQuestions(ctx, name, string(s.Form))
		}
		if err != nil {
			return nil, err
		}
		if len(questions) == 0 {
			return nil, fmt.Errorf("export harness: form %s of %s has no items; run metabench build, for form B with build.forms at 2", s.Form, name)
		}
		f.benchmarks, f.questions = append(f.benchmarks, b), append(f.questions, questions)
	}
	return f, nil
}

// Items are the items in order, without texts.
func (f *Form) Items() []harness.QuestionSet {
	sets := make([]harness.QuestionSet, len(f.benchmarks))
	for k, b := range f.benchmarks {
		sets[k] = harness.QuestionSet{Benchmark: b.Name, Title: b.Title, Metric: b.Metric}
		for _, q := range f.questions[k] {
			sets[k].Questions = append(sets[k].Questions, harness.Question{Key: q.Key, Hash: q.Hash})
		}
	}
	return sets
}

// Unread is the first benchmark with an item without a text; empty if all have one.
func (f *Form) Unread() string {
	for k, b := range f.benchmarks {
		if slices.ContainsFunc(f.questions[k], func(q corpus.Question) bool { return q.Prompt == "" }) {
			return b.Name
		}
	}
	return ""
}

// Questions are the texts, each ready to be asked in its benchmark's style. All items
// must have one.
func (f *Form) Questions() ([]harness.QuestionSet, error) {
	sets := make([]harness.QuestionSet, len(f.benchmarks))
	for k, b := range f.benchmarks {
		sets[k] = harness.QuestionSet{Benchmark: b.Name, Style: b.Asked}
		for _, q := range f.questions[k] {
			asked, err := harness.Ask(b, q)
			if err != nil {
				return nil, err
			}
			sets[k].Questions = append(sets[k].Questions, asked)
		}
	}
	return sets, nil
}
