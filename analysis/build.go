package analysis

import (
	"context"
	"fmt"
	"slices"

	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// The schemes of a split. What users get is selected and fitted in the random scheme;
// the family scheme repeats the whole distillation, to measure the error for models of
// families that are not in the calibration.
const (
	schemeRandom = string(result.SchemeRandom)
	schemeFamily = string(result.SchemeFamily)
)

// Build runs every stage on one benchmark and returns its results. Stages whose
// inputs have not changed are taken from the cache.
//
// Test models are used once, for the errors; neither the filters nor anything after them
// is chosen by test models. What the answers don't allow (a second form, a family split)
// is left out of the results with its reason; where they allow nothing at all, the error
// is Impossible.
func Build(ctx context.Context, data *Data, opts Options, cache Cache, report Reporter) (*Distilled, error) {
	if err := data.check(); err != nil {
		return nil, err
	}
	data = data.ordered()
	random := data.as(schemeRandom, opts.MinObserved)
	if err := random.enough(opts); err != nil {
		return nil, err
	}
	b := &builder{
		data: data, opts: opts, set: &result.Set{Benchmark: data.Table.Benchmark},
		stages: stages{benchmark: data.Table.Benchmark, cache: cache, report: report, rerun: opts.Rerun},
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	return &Distilled{Set: b.set, Data: random, Forms: b.forms, Released: b.released}, nil
}

// Distilled is a benchmark after its build.
type Distilled struct {
	Set   *result.Set
	Data  *Data // filtered without the test models of the random scheme
	Forms []Form

	Released   []*Distilled // one a released form: its data and itself
	candidates []int        // columns that such a form's items would be selected from; nil for others
}

// Form is a set of selected items: columns of the data's table.
type Form struct {
	Name    string
	Columns []int
	Share   float64 // of the columns that were chosen for models like those of the corpus
}

// form returns the form of that name, if the benchmark has one.
func (d *Distilled) form(name string) (Form, bool) {
	k := slices.IndexFunc(d.Forms, func(f Form) bool { return f.Name == name })
	if k < 0 {
		return Form{}, false
	}
	return d.Forms[k], true
}

// builder holds what the stages of one benchmark share.
type builder struct {
	data   *Data
	opts   Options
	set    *result.Set
	stages stages
	forms  []Form

	released []*Distilled
	draws    map[int][]reconstruct.Metrics // errors of random items, by their number
}

// dataSplit is the split of a benchmark's models by a scheme, with the data filtered for
// it.
type dataSplit struct {
	scheme string
	data   *Data // filtered without its test models
	response.Split
	print  string   // fingerprint
	groups []string // family of each model, in the family scheme
}

func (b *builder) run(ctx context.Context) error {
	random, err := b.split(ctx, schemeRandom)
	if err != nil {
		return err
	}
	primary, err := b.pair(ctx, random)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		make func() error
	}{
		{"random items", func() error { return b.chances(ctx, random) }},
		{"learning curve", func() error { return b.curve(ctx, random, primary) }},
		{"releases", func() error { return b.release(ctx, random) }},
		{"family split", func() error { return b.family(ctx, primary.Name) }},
	} {
		if err := b.attempt(part.name, part.make); err != nil {
			return err
		}
	}
	return nil
}

// pair makes the forms A and B, and returns the primary form: A where there is one. The
// number of random items, the learning curve and the family split follow it.
func (b *builder) pair(ctx context.Context, p dataSplit) (primary form, err error) {
	columns := p.data.unpinned()
	if b.data.Pinned["A"] == nil && b.data.Pinned["B"] != nil && len(columns) < leastColumns {
		b.leave("form A", fmt.Sprintf("%d kept items are left beside those pinned for form B, at least %d are needed", len(columns), leastColumns))
		return b.form(ctx, p, "B", nil)
	}
	if primary, err = b.form(ctx, p, "A", columns); err != nil {
		return form{}, err
	}
	if b.opts.Forms < 2 && b.data.Pinned["B"] == nil {
		return primary, nil
	}
	rest := slices.DeleteFunc(slices.Clone(columns), func(j int) bool { return slices.Contains(primary.Columns, j) })
	if b.data.Pinned["B"] == nil && len(rest) < len(primary.Columns) {
		b.leave("form B", fmt.Sprintf("%d kept items are left beside the %d of form A, as many are needed", len(rest), len(primary.Columns)))
		return primary, nil
	}
	return primary, b.attempt("form B", func() error {
		_, err := b.form(ctx, p, "B", rest)
		if err == nil {
			b.reliability("A", "B")
		}
		return err
	})
}

// family repeats a form, and those of releases, on the split by family.
func (b *builder) family(ctx context.Context, name string) error {
	p, err := b.split(ctx, schemeFamily)
	if err != nil {
		return err
	}
	if _, err = b.form(ctx, p, name, p.data.unpinned()); err != nil {
		return err
	}
	return b.release(ctx, p)
}

// leastColumns is how many items must be left beside a pinned form B for a form A to
// be selected from them; with fewer there is no form A.
const leastColumns = 20

// form makes a form of the items that are pinned for it, else of items selected from the
// columns.
func (b *builder) form(ctx context.Context, p dataSplit, name string, columns []int) (form, error) {
	if b.data.Pinned[name] != nil {
		return b.pin(ctx, p, name)
	}
	return b.distil(ctx, p, name, columns)
}

// split divides the models that have a score.
func (b *builder) split(ctx context.Context, scheme string) (dataSplit, error) {
	key := []any{b.data.Fingerprint, b.opts.MinObserved, b.opts.shares(), b.opts.Seed, b.data.Suite.key()}
	p, print, err := run(ctx, b.stages, "split "+scheme, key, func(func(int, int)) (suiteSplit, error) {
		return b.data.Suite.split(scheme, b.opts)
	})
	if err != nil {
		return dataSplit{}, err
	}
	out := dataSplit{scheme: scheme, data: b.data.as(scheme, b.opts.MinObserved), print: print}
	out.Split, err = p.of(scheme, b.data.Table.Benchmark, b.data.Table.Models, out.data.Scores)
	if err != nil {
		return dataSplit{}, err
	}
	b.splitRows(scheme, out.Split, p)
	if scheme == schemeFamily {
		for _, m := range b.data.Table.Models {
			out.groups = append(out.groups, p.Family[m])
		}
	}
	return out, nil
}

// distil selects a form from the columns and fits its reconstruction, all on one
// split. Of the family scheme, only errors are kept.
//
// The published method comes first: a random subset, the search of the information
// filter, abilities. It is kept beside ours.
func (b *builder) distil(ctx context.Context, p dataSplit, name string, columns []int) (form, error) {
	stage := func(s string) string { return s + " " + name + " " + p.scheme }
	bank, print, err := run(ctx, b.stages, stage("preselect"), []any{p.print, columns, b.opts.Preselect, b.opts.Subsets, b.opts.Seed},
		func(report func(int, int)) ([]int, error) {
			return preselect(ctx, p.data, columns, p.Split, b.opts, report)
		})
	if err != nil {
		return form{}, err
	}
	fits, print, err := run(ctx, b.stages, stage("calibrate"), print, func(report func(int, int)) ([]fitted, error) {
		return calibration{table: b.data.Table, columns: bank, train: p.Train, richest: irt.FourPL, workers: b.opts.Workers}.fitAll(ctx, report)
	})
	if err != nil {
		return form{}, err
	}
	published, _, err := run(ctx, b.stages, stage("filter"), []any{print, b.opts.Items, b.opts.Lambda},
		func(report func(int, int)) (form, error) {
			return filterItems(ctx, name+" information", p.data, bank, fits, p.Split, b.opts, report)
		})
	if err != nil {
		return form{}, err
	}
	if err := b.published(ctx, p, published); err != nil {
		return form{}, err
	}
	size, print, err := run(ctx, b.stages, stage("size"), []any{p.print, columns, b.opts.Items, b.opts.Lambda, b.opts.Seed}, func(report func(int, int)) (sizing, error) {
		return chooseSize(ctx, p.data, columns, p.Split, p.groups, b.opts, report)
	})
	if err != nil {
		return form{}, err
	}
	chosen, _, err := run(ctx, b.stages, stage("choose"), []any{print, size.Items}, func(func(int, int)) (reconstruction, error) {
		return chooseItems(ctx, p.data, columns, size.Items, p.Split, p.groups, b.opts)
	})
	if err != nil {
		return form{}, err
	}
	if reason := size.dear(len(b.data.Table.Items), b.opts.Lambda); reason != "" && p.scheme == schemeRandom {
		b.leave("short form "+name, reason)
	}
	f := form{Name: name, Columns: chosen.Columns, Share: chosen.Share, Inclusion: chosen.Inclusion, Kind: published.Kind, Estimator: published.Estimator}
	b.reconstructionRows(p, f, chosen)
	if p.scheme == schemeFamily {
		return f, nil
	}
	fitRows(b.set, "bank "+name, b.data.Table, bank, fits)
	b.set.Selected = append(b.set.Selected, published.rows(b.data.Table.Items)...)
	for _, s := range published.Searches {
		s.Form = name
		b.set.Searches = append(b.set.Searches, s)
	}
	return b.scale(ctx, p, f)
}

// scale calibrates a form's items on their own, with standard errors and fit, and adds
// the form to the results, except in the family scheme.
func (b *builder) scale(ctx context.Context, p dataSplit, f form) (form, error) {
	if p.scheme == schemeFamily {
		return f, nil
	}
	own, _, err := run(ctx, b.stages, "scale "+f.Name+" "+p.scheme, []any{p.print, f.Columns}, func(report func(int, int)) ([]fitted, error) {
		return calibration{table: b.data.Table, columns: f.Columns, train: p.Train, errors: true, richest: irt.FourPL, workers: b.opts.Workers}.fitAll(ctx, report)
	})
	if err != nil {
		return form{}, err
	}
	f.locate(own)
	fitRows(b.set, "form "+f.Name, b.data.Table, f.Columns, own)
	b.set.Selected = append(b.set.Selected, f.rows(b.data.Table.Items)...)
	b.forms = append(b.forms, Form{Name: f.Name, Columns: f.Columns, Share: f.Share})
	return f, nil
}

// published measures the error of the published method's single-benchmark form: a
// smooth of the ability, and the recipe with the linear model and the sub-score.
func (b *builder) published(ctx context.Context, p dataSplit, f form) error {
	out, _, err := run(ctx, b.stages, "published "+f.Name+" "+p.scheme, []any{p.print, f.Columns, f.Items, f.Estimator},
		func(func(int, int)) (publishedScores, error) {
			return publishedPredictions(ctx, p.data, f, p.Split, b.opts.Workers)
		})
	if err != nil {
		return err
	}
	for _, method := range []string{methodAbility, methodRecipe} {
		if rows, ok := out.Predictions[method]; ok {
			b.testRows(p, identity{b.data.Table.Benchmark, f.Name, method, p.scheme, len(f.Columns)}, rows)
		}
	}
	if out.NoRecipe != "" {
		b.leave(fmt.Sprintf("%s of form %s, %s split", methodRecipe, f.Name, p.scheme), out.NoRecipe)
	}
	return nil
}

// chances compares every form of the benchmark with random items.
func (b *builder) chances(ctx context.Context, p dataSplit) error {
	for _, f := range b.forms {
		if err := b.chance(ctx, p, f); err != nil {
			return err
		}
	}
	return nil
}

// chance measures the error from as many random items as a form has, or from all where
// there are fewer; once for forms of one size.
func (b *builder) chance(ctx context.Context, p dataSplit, f Form) error {
	n := min(len(f.Columns), len(p.data.kept))
	if n == 0 {
		return p.data.enough(b.opts)
	}
	draws, ok := b.draws[n]
	if !ok {
		var err error
		if draws, _, err = run(ctx, b.stages, "chance "+f.Name, []any{p.print, n, b.opts.Seed}, func(report func(int, int)) ([]reconstruct.Metrics, error) {
			return randomItems(ctx, p.data, n, p.Split, b.opts, report)
		}); err != nil {
			return err
		}
		if b.draws == nil {
			b.draws = map[int][]reconstruct.Metrics{}
		}
		b.draws[n] = draws
	}
	b.randomRows(f, n, draws)
	return nil
}
