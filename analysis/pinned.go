package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// Pinned are the item keys of forms whose items somebody else has chosen, by the name of
// the form.
type Pinned map[string][]string

// PinnedItemsError says that the corpus has answers to too few of the items pinned for a
// form.
type PinnedItemsError struct {
	Benchmark, Form string
	Pinned, Known   int
	Share           float64 // of the pinned items that must be known
}

func (e *PinnedItemsError) Error() string {
	return fmt.Sprintf("%s: of the %d items pinned for form %s, the corpus has answers to %d, and a share of %g and at least 2 are needed: pin items of this corpus, or lower build.min_given",
		e.Benchmark, e.Pinned, e.Form, e.Known, e.Share)
}

// pinned returns the columns of a form's pinned items that models of the corpus
// answered, in their order. Items that the filters drop are among them.
func (d *Data) pinned(name string) []int {
	columns, _ := d.match(name)
	return columns
}

// match is pinned, with the items that can't be used.
func (d *Data) match(name string) (columns []int, missing []result.LeftOut) {
	at := make(map[string]int, len(d.Table.Items))
	for j, item := range d.Table.Items {
		at[item] = j
	}
	seen := map[string]bool{}
	for _, item := range d.Pinned[name] {
		if seen[item] { // a list may name one twice
			continue
		}
		seen[item] = true
		j, known := at[item]
		switch {
		case !known:
			missing = append(missing, result.LeftOut{Part: "form " + name, Item: item, Reason: "pinned, but not in the corpus"})
		case !d.answered(j):
			missing = append(missing, result.LeftOut{Part: "form " + name, Item: item, Reason: "pinned, but no model has answered it"})
		default:
			columns = append(columns, j)
		}
	}
	return columns, missing
}

// answered reports whether any model with a score answered an item.
func (d *Data) answered(column int) bool {
	for i := range d.Table.Models {
		if !math.IsNaN(d.Scores[i]) && d.Table.Answers.At(i, column) != response.Missing {
			return true
		}
	}
	return false
}

// unpinned returns the kept columns that no form has pinned.
func (d *Data) unpinned() []int {
	taken := map[int]bool{}
	for name := range d.Pinned {
		for _, j := range d.pinned(name) {
			taken[j] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(d.kept), func(j int) bool { return taken[j] })
}

// pin fits the reconstruction of a form with pinned items. Its abilities are the modes
// (MAP) of the two-parameter model.
func (b *builder) pin(ctx context.Context, p dataSplit, name string) (form, error) {
	columns, missing := p.data.match(name)
	f := form{Name: name, Columns: columns, Kind: irt.TwoPL, Estimator: ability.MAP}
	if all := len(columns) + len(missing); len(columns) < 2 || float64(len(columns)) < b.opts.MinPinned*float64(all) {
		return form{}, &PinnedItemsError{b.data.Table.Benchmark, name, all, len(columns), b.opts.MinPinned}
	}
	r, _, err := run(ctx, b.stages, "pinned "+name+" "+p.scheme, []any{p.print, f.Columns, b.opts.Seed}, func(func(int, int)) (reconstruction, error) {
		return fitItems(ctx, p.data, f.Columns, p.Split, p.groups, b.opts)
	})
	if err != nil {
		return form{}, err
	}
	b.reconstructionRows(p, f, r)
	if p.scheme == schemeRandom {
		b.set.LeftOut = append(b.set.LeftOut, missing...)
	}
	return b.scale(ctx, p, f)
}

// fitItems fits the reconstruction of the columns to all but the test models, and
// predicts these. Groups are those of chooseItems.
func fitItems(ctx context.Context, data *Data, columns []int, s response.Split, groups []string, opts Options) (reconstruction, error) {
	in, train := data.input(columns), fitting(s)
	model, err := reconstruct.Fit(ctx, in, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, Groups: groups})
	if err != nil {
		return reconstruction{}, err
	}
	return reconstruction{Columns: columns, Fitted: len(train.Rows)}.finish(model, in, s)
}
