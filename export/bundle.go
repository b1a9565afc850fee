package export

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"metabench/analysis"
	"metabench/analysis/result"
	"metabench/corpus"
	"metabench/score"
	"metabench/warehouse"
)

// Bundle composes the calibration of a form from what builds stored. The run is that of
// the benchmarks together where there is one, else that of the last benchmark.
//
// Errors: *ReleasedFormError, *NotCalibratedError, *warehouse.ReleaseError,
// *warehouse.NoFormError.
func Bundle(ctx context.Context, w *warehouse.Warehouse, o Options) (*score.Bundle, error) {
	s, err := choose(ctx, w, o)
	if err != nil {
		return nil, err
	}
	var sources []score.Source
	var run warehouse.Run
	for _, b := range s.benchmarks {
		var src score.Source
		if src, run, err = s.source(ctx, w, b); err != nil {
			return nil, err
		}
		sources = append(sources, src)
	}
	var joint []byte
	if len(sources) > 1 {
		blob, jointRun, err := w.Together(ctx, analysis.JointName, s.results(), s.benchmarks)
		var none *warehouse.NoFormError
		switch {
		case errors.As(err, &none):
			s.Note("each score is reconstructed from its own benchmark's answers alone: " + none.Reason)
		case err != nil:
			return nil, err
		default:
			joint, run = blob, jointRun
		}
	}
	byModel, err := w.MeanScores(ctx, s.benchmarks, s.MinObserved)
	if err != nil {
		return nil, err
	}
	means := slices.Sorted(maps.Values(byModel))
	of := score.Run{ID: run.ID(), CodeVersion: run.CodeVersion, ConfigHash: run.ConfigHash, Seed: run.Seed, Input: run.InputFingerprint}
	made, err := s.provenance(ctx, w, len(means), sources)
	if err != nil {
		return nil, err
	}
	b, err := s.compose(of, sources, joint, means)
	if err != nil {
		return nil, err
	}
	b.Provenance = made
	return b, nil
}

// compose puts the bundle together.
func (s *selection) compose(of score.Run, sources []score.Source, joint []byte, means []float64) (*score.Bundle, error) {
	if s.release == nil {
		return score.Compose(s.Form, of, sources, joint, means)
	}
	release := score.Release{Version: s.release.Version, Identity: s.release.Identity, Gone: s.gone(func(benchmark, item string) bool {
		src := sources[slices.Index(s.benchmarks, benchmark)]
		return slices.ContainsFunc(src.Results.Selected, func(i result.SelectedItem) bool { return i.Form == s.results() && i.Item == item })
	})}
	return score.ComposeRelease(release, s.Form, of, sources, joint, means)
}

// provenance says what the answers are: the user's word, else where they came from.
func (s *selection) provenance(ctx context.Context, w *warehouse.Warehouse, models int, sources []score.Source) (*score.Provenance, error) {
	from, err := w.Sources(ctx, s.benchmarks)
	if err != nil {
		return nil, err
	}
	made := s.Made
	for _, src := range sources {
		made.Models = max(made.Models, src.Models)
	}
	if made.Models == 0 {
		made.Models = models
	}
	if made.Corpus == "" {
		var parts []string
		if n := from.Repositories; n > 0 {
			parts = append(parts, fmt.Sprintf("crawled from %d repositories", n))
		}
		if n := from.Tables; n > 0 {
			parts = append(parts, fmt.Sprintf("imported from %d files", n))
		}
		made.Corpus = strings.Join(append(parts, "benchmarks "+strings.Join(s.benchmarks, ", ")), ", ")
	}
	if !from.From.IsZero() {
		made.From, made.To = from.From.Format(time.DateOnly), from.To.Format(time.DateOnly)
	}
	return &made, nil
}

// NotCalibratedError says that builds have not calibrated a released form.
type NotCalibratedError struct {
	Version, Form, Benchmark string
	Retired                  bool // builds don't calibrate it any more
}

func (e *NotCalibratedError) Error() string {
	if e.Retired {
		return fmt.Sprintf("export bundle: release %s is retired, and builds don't calibrate it any more: metabench release retire %s --undo, then metabench build", e.Version, e.Version)
	}
	return fmt.Sprintf("export bundle: form %s of %s in release %s is not calibrated on the present answers: run metabench build; metabench check names items that are gone", e.Form, e.Benchmark, e.Version)
}

// source reads what a bundle holds of one benchmark.
func (s *selection) source(ctx context.Context, w *warehouse.Warehouse, name string) (src score.Source, run warehouse.Run, err error) {
	set, run, err := w.Calibration(ctx, name)
	if err != nil {
		return src, run, err
	}
	table, scores, err := w.Responses(ctx, name, warehouse.Kept)
	if err != nil {
		return src, run, err
	}
	src = score.Source{Results: &set, Scores: scores}
	if src.Hashes, err = w.PromptHashes(ctx, name); err != nil {
		return src, run, err
	}
	items, err := w.Questions(ctx, name)
	if err != nil {
		return src, run, err
	}
	// The catalogue lends the title and what the leaderboard shows: what was answered is the warehouse's to say.
	src.Benchmark = corpus.Benchmark{Name: name, Title: name, Metric: table.Metric, Tasks: []corpus.Task{{Name: name, Items: items}}}
	if b, ok := s.known(name); ok {
		src.Benchmark.Title, src.Benchmark.Shown = b.Title, b.Shown
	}
	if src.Models, err = w.FittedModels(ctx, name); err != nil {
		return src, run, err
	}
	byModel, tasks, err := w.TaskMeans(ctx, name)
	if err != nil {
		return src, run, err
	}
	src.TaskMeans, src.Tasks = analysis.OfModels(table.Models, byModel), tasks
	form := s.results()
	if s.release != nil && !slices.ContainsFunc(set.Models, func(m result.ReconstructionModel) bool { return m.Form == form }) {
		return src, run, &NotCalibratedError{s.release.Version, string(s.Form), name, s.release.RetiredAt != nil}
	}
	return src, run, nil
}
