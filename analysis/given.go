package analysis

import (
	"context"
	"fmt"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// Given are forms whose items somebody else has chosen, by name: the items' keys.
// Models that were evaluated on such a form are scored as well as its items allow.
type Given map[string][]string

// GivenItemsError says that a given form can't be used.
type GivenItemsError struct {
	Benchmark, Form string
	Given, Known    int
}

func (e *GivenItemsError) Error() string {
	return fmt.Sprintf("%s: of the %d items given for form %s, %d are among those that the filters leave, and at least 2 are needed: give items of this corpus, or loosen the filters",
		e.Benchmark, e.Given, e.Form, e.Known)
}

// given are the given items of a form that the table has, in the order given.
func (d *Data) given(name string) []int {
	at := make(map[string]int, len(d.Table.Items))
	for j, item := range d.Table.Items {
		at[item] = j
	}
	var columns []int
	for _, item := range d.Given[name] {
		if j, ok := at[item]; ok && !slices.Contains(columns, j) {
			columns = append(columns, j)
		}
	}
	return columns
}

// free are those of all columns that no given form has.
func (d *Data) free() []int {
	taken := map[int]bool{}
	for name := range d.Given {
		for _, j := range d.given(name) {
			taken[j] = true
		}
	}
	_, items := d.Table.Answers.Dims()
	var columns []int
	for j := range items {
		if !taken[j] {
			columns = append(columns, j)
		}
	}
	return columns
}

// give fits the reconstruction of a form whose items are given. Its abilities are
// the modes of the two-parameter model: nothing is searched.
func (b *builder) give(ctx context.Context, p parting, name string) (form, error) {
	f := form{Name: name, Columns: b.data.given(name), Kind: irt.TwoPL, Estimator: ability.MAP}
	if len(f.Columns) < 2 {
		return form{}, &GivenItemsError{b.data.Table.Benchmark, name, len(b.data.Given[name]), len(f.Columns)}
	}
	r, _, err := run(ctx, b.stages, "given "+name+" "+p.scheme, []any{p.print, f.Columns, b.opts.Seed}, func(func(int, int)) (reconstruction, error) {
		return fitItems(ctx, b.data, f.Columns, p.Split, p.groups, b.opts)
	})
	if err != nil {
		return form{}, err
	}
	b.reconstructionRows(p, f, r)
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
