package analysis

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/result"
	"metabench/analysis/smooth"
)

// PartBenchmark is the Part of a result.LeftOut that is a whole benchmark.
const PartBenchmark = "benchmark"

// Impossible reports whether an error says that the answers don't allow a benchmark, or a
// part of its results, so that a repetition with the same answers fails as well. Such a
// part is left out with its reason, and everything else is made.
func Impossible(err error) bool {
	var (
		models *TooFewModelsError
		items  *TooFewItemsError
		parts  *SplitError
		few    *reconstruct.TooFewModelsError
		single *TooFewBenchmarksError
		folds  *distill.TooFewModelsError
		filter *distill.TooFewItemsError
	)
	return errors.As(err, &models) || errors.As(err, &items) || errors.As(err, &parts) || errors.As(err, &few) ||
		errors.As(err, &single) || errors.As(err, &folds) || errors.As(err, &filter) || errors.Is(err, smooth.ErrConstant)
}

// TooFewModelsError says that a benchmark has too few models with a score.
type TooFewModelsError struct {
	Benchmark    string
	Models, Need int
}

func (e *TooFewModelsError) Error() string {
	return fmt.Sprintf("%s has %d models with a score on the whole benchmark, an analysis needs %d: import or crawl more, or lower build.min_models or build.min_observed (the share of items that a model must have answered)",
		e.Benchmark, e.Models, e.Need)
}

// TooFewItemsError says that the filters leave too few items of a benchmark.
type TooFewItemsError struct {
	Benchmark   string
	Items, Kept int
	Reasons     map[string]int // dropped items by reason
}

func (e *TooFewItemsError) Error() string {
	var why []string
	for _, reason := range slices.Sorted(maps.Keys(e.Reasons)) {
		why = append(why, fmt.Sprintf("%d: %s", e.Reasons[reason], reason))
	}
	return fmt.Sprintf("%s has %d of %d items left after filtering (%s), and at least 2 are needed: the view item_filter names them, and the settings filter.* are its limits",
		e.Benchmark, e.Kept, e.Items, strings.Join(why, "; "))
}

// SplitError says that a part of a split has too few models.
type SplitError struct {
	Benchmark, Scheme       string
	Train, Validation, Test int
	Families                int // of the models, in the family scheme
}

func (e *SplitError) Error() string {
	parts := fmt.Sprintf("%d training, %d validation and %d test models", e.Train, e.Validation, e.Test)
	if e.Scheme != schemeFamily {
		return fmt.Sprintf("%s: %s are too few, each part needs %d: add models or change build.validation_share and build.test_share",
			e.Benchmark, parts, leastPart)
	}
	families := "of one family"
	if e.Families != 1 {
		families = fmt.Sprintf("of %d families", e.Families)
	}
	return fmt.Sprintf("the models are %s, which leaves %s, and each part needs %d: to measure the error for models of new families, add models of others, or raise build.validation_share and build.test_share",
		families, parts, leastPart)
}

// leave records that a part is left out.
func (b *builder) leave(part, reason string) {
	b.set.LeftOut = append(b.set.LeftOut, result.LeftOut{Part: part, Reason: reason})
}

// attempt makes a part that no other part needs. Where the answers don't allow it, its
// results are removed and it is left out.
func (b *builder) attempt(part string, make func() error) error {
	before, forms := *b.set, b.forms
	err := make()
	if !Impossible(err) {
		return err
	}
	*b.set, b.forms = before, forms
	b.leave(part, err.Error())
	return nil
}
