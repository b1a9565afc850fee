package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"metabench/analysis/result"
	"metabench/corpus"
	"metabench/harness"
	"metabench/score"
	"metabench/warehouse"
)

// NoRelease is the version that stands for the items that are selected now.
const NoRelease = "none"

// Options say which form of which benchmarks is exported.
type Options struct {
	Form       harness.Form
	Release    string   // version, or NoRelease; empty for the newest release in use that has the form
	Benchmarks []string // empty for those of the catalogue that have the form
	Catalogue  []corpus.Benchmark
	// MinObserved is the share of a benchmark's items that a model has answered to have a
	// score in the corpus's distribution of mean scores.
	MinObserved float64
	// Made says what only the user knows of the corpus: its name in words, the licence,
	// whether it is simulated. The rest is the warehouse's to say.
	Made score.Provenance
	// Note gets remarks for people: what is left out, and what may change. May be nil.
	Note func(text string)
}

// ReleasedFormError says that a release lacks a form, of a benchmark unless that is empty.
type ReleasedFormError struct {
	Version   string
	Form      harness.Form
	Benchmark string
}

func (e *ReleasedFormError) Error() string {
	of := ""
	if e.Benchmark != "" {
		of = " of " + e.Benchmark
	}
	return fmt.Sprintf("release %s has no form %s%s: metabench release show %s says what it has", e.Version, e.Form, of, e.Version)
}

// selection is what the options choose in a warehouse.
type selection struct {
	Options
	release    *warehouse.Release // nil for the items that are selected now
	benchmarks []string
}

// choose finds release and benchmarks.
//
// Errors: *ReleasedFormError, *warehouse.ReleaseError, *warehouse.NoFormError.
func choose(ctx context.Context, w *warehouse.Warehouse, o Options) (*selection, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	s := &selection{Options: o}
	s.Benchmarks = nil
	for _, b := range o.Benchmarks {
		if !slices.Contains(s.Benchmarks, b) {
			s.Benchmarks = append(s.Benchmarks, b)
		}
	}
	var err error
	if s.release, err = s.chooseRelease(ctx, w); err != nil {
		return nil, err
	}
	s.benchmarks, err = s.chooseBenchmarks(ctx, w)
	return s, err
}

// chooseRelease is the release of the options: the one they name, which must have the
// form, or the newest in use that has it.
func (s *selection) chooseRelease(ctx context.Context, w *warehouse.Warehouse) (*warehouse.Release, error) {
	switch s.Release {
	case NoRelease:
		return nil, nil
	case "":
		all, err := w.Releases(ctx)
		if err != nil {
			return nil, err
		}
		for k := range all {
			if r := &all[k]; r.RetiredAt == nil && s.hasForm(r) == nil {
				return r, nil
			}
		}
		s.Note(fmt.Sprintf("form %s is not released, and the next build may select other items; metabench release create VERSION keeps these", s.Form))
		return nil, nil
	}
	r, err := w.Release(ctx, s.Release)
	if err != nil {
		return nil, err
	}
	return &r, s.hasForm(&r)
}

// hasForm is an error where a release lacks the form.
func (s *selection) hasForm(r *warehouse.Release) error {
	if !r.Has(string(s.Form)) {
		return &ReleasedFormError{Version: r.Version, Form: s.Form}
	}
	for _, b := range s.Benchmarks {
		if _, ok := r.Of(b, string(s.Form)); !ok {
			return &ReleasedFormError{r.Version, s.Form, b}
		}
	}
	return nil
}

// known finds a benchmark in the catalogue.
func (s *selection) known(name string) (corpus.Benchmark, bool) {
	k := slices.IndexFunc(s.Catalogue, func(c corpus.Benchmark) bool { return c.Name == name })
	if k < 0 {
		return corpus.Benchmark{}, false
	}
	return s.Catalogue[k], true
}

// chooseBenchmarks are the benchmarks that the options name, else those that
// have the form and are in the catalogue; in a release of none of these, all it has.
func (s *selection) chooseBenchmarks(ctx context.Context, w *warehouse.Warehouse) ([]string, error) {
	unknown := func(b string) bool { _, ok := s.known(b); return !ok }
	if s.release != nil {
		if len(s.Benchmarks) > 0 {
			return s.Benchmarks, nil
		}
		var all []string
		for _, f := range s.release.Forms {
			if f.Form == string(s.Form) {
				all = append(all, f.Benchmark)
			}
		}
		if of := slices.DeleteFunc(slices.Clone(all), unknown); len(of) > 0 {
			return of, nil
		}
		return all, nil
	}
	if len(s.Benchmarks) > 0 {
		for _, b := range s.Benchmarks {
			if err := w.WantForm(ctx, b, string(s.Form)); err != nil {
				return nil, err
			}
		}
		return s.Benchmarks, nil
	}
	there, err := w.Benchmarks(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	var lacking []error
	for _, b := range slices.DeleteFunc(there, unknown) {
		var none *warehouse.NoFormError
		switch err := w.WantForm(ctx, b, string(s.Form)); {
		case errors.As(err, &none):
			lacking = append(lacking, err)
		case err != nil:
			return nil, err
		default:
			names = append(names, b)
		}
	}
	switch {
	case len(names) == 0 && len(lacking) == 0:
		return nil, errors.New("the warehouse has answers to no benchmark of the catalogue: name one of your own with --benchmark")
	case len(names) == 0:
		return nil, errors.Join(lacking...)
	}
	for _, err := range lacking {
		s.Note("left out: " + err.Error())
	}
	return names, nil
}

// results is the name that results have for the form.
func (s *selection) results() string {
	if s.release == nil {
		return string(s.Form)
	}
	return result.ReleasedForm(string(s.Form), s.release.Version)
}

// gone lists the released items of the benchmarks that have no answers any more, as
// benchmark/item, and notes them.
func (s *selection) gone(calibrated func(benchmark, item string) bool) []string {
	var gone []string
	for _, b := range s.benchmarks {
		of, _ := s.release.Of(b, string(s.Form))
		for _, it := range of.Items {
			if !calibrated(b, it.Item) {
				gone = append(gone, b+"/"+it.Item)
			}
		}
	}
	if len(gone) > 0 {
		s.Note(fmt.Sprintf("release %s is calibrated without %d of its items, which have no answers any more: %s",
			s.release.Version, len(gone), strings.Join(gone, ", ")))
	}
	return gone
}
