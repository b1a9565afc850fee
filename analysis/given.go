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

// Given are forms whose items somebody else has chosen, by name: the items' keys.
// Models that were evaluated on such a form are scored as well as its items allow.
type Given map[string][]string

// GivenItemsError says that too few of the items given for a form are in the corpus:
// the form would be another one.
type GivenItemsError struct {
	Benchmark, Form string
	Given, Known    int
	Share           float64 // that must be known
}

func (e *GivenItemsError) Error() string {
	return fmt.Sprintf("%s: of the %d items pinned for form %s, the corpus has answers to %d, and a share of %g and at least 2 are needed: pin items of this corpus, or lower build.min_given",
		e.Benchmark, e.Given, e.Form, e.Known, e.Share)
}

// given are the given items of a form that models of the corpus answered, in the order
// given. A form is what was given: items that the filters drop belong to it as well.
func (d *Data) given(name string) []int {
	columns, _ := d.match(name)
	return columns
}

// match is given, with the items that can't be used.
func (d *Data) match(name string) (columns []int, missing []result.LeftOut) {
	at := make(map[string]int, len(d.Table.Items))
	for j, item := range d.Table.Items {
		at[item] = j
	}
	seen := map[string]bool{}
	for _, item := range d.Given[name] {
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

// free are those of the kept columns that no given form has.
func (d *Data) free() []int {
	taken := map[int]bool{}
	for name := range d.Given {
		for _, j := range d.given(name) {
			taken[j] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(d.kept), func(j int) bool { return taken[j] })
}

// give fits the reconstruction of a form whose items are given. Its abilities are
// the modes of the two-parameter model: nothing is searched.
func (b *builder) give(ctx context.Context, p parting, name string) (form, error) {
	columns, missing := p.data.match(name)
	f := form{Name: name, Columns: columns, Kind: irt.TwoPL, Estimator: ability.MAP}
	if all := len(columns) + len(missing); len(columns) < 2 || float64(len(columns)) < b.opts.MinGiven*float64(all) {
		return form{}, &GivenItemsError{b.data.Table.Benchmark, name, all, len(columns), b.opts.MinGiven}
	}
	r, _, err := run(ctx, b.stages, "given "+name+" "+p.scheme, []any{p.print, f.Columns, b.opts.Seed}, func(func(int, int)) (reconstruction, error) {
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

// fitItems fits the reconstruction of the columns on all but the test models, and
// applies it to these. Groups are as chooseItems has them.
func fitItems(ctx context.Context, data *Data, columns []int, s response.Split, groups []string, opts Options) (reconstruction, error) {
	in, train := data.input(columns), fitting(s)
	model, err := reconstruct.Fit(ctx, in, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, Groups: groups})
	if err != nil {
		return reconstruction{}, err
	}
	return reconstruction{Columns: columns, Fitted: len(train.Rows)}.finish(model, in, s)
}
