package analysis

import (
	"context"
	"slices"

	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// The two ways in which models are split. Choices for users are made and predictions
// for new models fitted in the random scheme; the family scheme repeats the whole
// distillation to tell the error for models none of whose relatives were seen.
const (
	schemeRandom = "random"
	schemeFamily = "family"
)

// formRandom is the form of as many random items as form A has: what selection is
// worth.
const formRandom = "random"

// Build runs every stage on one benchmark and returns its results. Stages whose
// inputs have not changed are taken from the cache.
//
// Test models are used once, for the errors; nothing is chosen by them.
func Build(ctx context.Context, data *Data, opts Options, cache Cache, report Reporter) (*Distilled, error) {
	data = data.trusted(opts.MinObserved)
	if err := data.check(opts); err != nil {
		return nil, err
	}
	b := &builder{
		data: data, opts: opts, set: &result.Set{Benchmark: data.Table.Benchmark},
		stages: stages{benchmark: data.Table.Benchmark, cache: cache, report: report, rerun: opts.Rerun},
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	return &Distilled{Set: b.set, Data: data, Forms: b.forms, Released: b.released}, nil
}

// Distilled is a benchmark after its build.
type Distilled struct {
	Set   *result.Set
	Data  *Data
	Forms []Form

	Released []*Distilled // one a released form: its data and itself
	pool     []int        // columns that such a form's items would be selected from; nil for others
}

// Form is a set of selected items: columns of the data's table.
type Form struct {
	Name    string
	Columns []int
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
}

// parting is a split of the models with what it was made from.
type parting struct {
	scheme string
	response.Split
	print  string   // fingerprint
	groups []string // family of each model, in the family scheme
}

func (b *builder) run(ctx context.Context) error {
	random, err := b.split(ctx, schemeRandom)
	if err != nil {
		return err
	}
	columns := b.data.free()
	var lead form // the one that others are compared with
	if b.data.Given["A"] != nil || b.data.Given["B"] == nil || len(columns) >= leastColumns {
		if lead, err = b.form(ctx, random, "A", columns); err != nil {
			return err
		}
	}
	rest := slices.DeleteFunc(slices.Clone(columns), func(j int) bool { return slices.Contains(lead.Columns, j) })
	if b.opts.Forms > 1 && (len(rest) >= len(lead.Columns) || b.data.Given["B"] != nil) {
		second, err := b.form(ctx, random, "B", rest)
		if err != nil {
			return err
		}
		if lead.Name == "" {
			lead = second
		} else {
			b.reliability("A", "B")
		}
	}
	if err := b.chance(ctx, random, len(lead.Columns)); err != nil {
		return err
	}
	if err := b.curve(ctx, random, lead); err != nil {
		return err
	}
	family, err := b.split(ctx, schemeFamily)
	if err != nil {
		return err
	}
	if _, err = b.form(ctx, family, lead.Name, columns); err != nil {
		return err
	}
	return b.release(ctx, random, family)
}

// leastColumns is how many items must be left beside a given form B for a form A to
// be selected from them; with fewer there is no form A.
const leastColumns = 20

// form makes a form: of the items that are given for it, else of those selected from
// the columns.
func (b *builder) form(ctx context.Context, p parting, name string, columns []int) (form, error) {
	if b.data.Given[name] != nil {
		return b.give(ctx, p, name)
	}
	return b.distil(ctx, p, name, columns)
}

// split divides the models that have a score.
func (b *builder) split(ctx context.Context, scheme string) (parting, error) {
	key := []any{b.data.Fingerprint, b.opts.MinObserved, b.opts.shares(), b.opts.Seed, b.data.Suite.Origins, finite(b.data.Suite.Means)}
	p, print, err := run(ctx, b.stages, "split "+scheme, key, func(func(int, int)) (parted, error) {
		return b.data.Suite.split(scheme, b.opts)
	})
	if err != nil {
		return parting{}, err
	}
	s, err := p.of(b.data.Table.Benchmark, b.data.Table.Models, b.data.Scores)
	if err == nil {
		b.splitRows(scheme, s, p)
	}
	out := parting{scheme: scheme, Split: s, print: print}
	if scheme == schemeFamily {
		for _, m := range b.data.Table.Models {
			out.groups = append(out.groups, p.Family[m])
		}
	}
	return out, err
}

// distil selects a form from the columns and fits its reconstruction, all on one
// split. Of the family scheme, errors are kept and nothing else.
//
// The published method comes first: a random subset, the search of the information
// filter, abilities. It is kept beside ours and decides how many items a form has.
func (b *builder) distil(ctx context.Context, p parting, name string, columns []int) (form, error) {
	stage := func(s string) string { return s + " " + name + " " + p.scheme }
	bank, print, err := run(ctx, b.stages, stage("preselect"), []any{p.print, columns, b.opts.Preselect, b.opts.Subsets, b.opts.Seed},
		func(report func(int, int)) ([]int, error) {
			return preselect(ctx, b.data, columns, p.Split, b.opts, report)
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
	published, print, err := run(ctx, b.stages, stage("filter"), []any{print, b.opts.Items, b.opts.Lambda},
		func(report func(int, int)) (form, error) {
			return filterItems(ctx, name+" information", b.data, bank, fits, p.Split, b.opts, report)
		})
	if err != nil {
		return form{}, err
	}
	if err := b.published(ctx, p, published); err != nil {
		return form{}, err
	}
	chosen, _, err := run(ctx, b.stages, stage("choose"), []any{print, columns, b.opts.Seed}, func(func(int, int)) (reconstruction, error) {
		return chooseItems(ctx, b.data, columns, len(published.Columns), p.Split, p.groups, b.opts)
	})
	if err != nil {
		return form{}, err
	}
	f := form{Name: name, Columns: chosen.Columns, Kind: published.Kind, Estimator: published.Estimator}
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

// scale calibrates a form's items on their own, with standard errors and fit, and
// writes the form down. Of the family scheme, errors are kept and nothing else.
func (b *builder) scale(ctx context.Context, p parting, f form) (form, error) {
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
	b.forms = append(b.forms, Form{Name: f.Name, Columns: f.Columns})
	return f, nil
}

// published measures the error of the published method's single-benchmark form: a
// smooth of the ability, and the recipe with the linear model and the sub-score.
func (b *builder) published(ctx context.Context, p parting, f form) error {
	predictions, _, err := run(ctx, b.stages, "published "+f.Name+" "+p.scheme, []any{p.print, f.Columns, f.Items, f.Estimator},
		func(func(int, int)) (map[string][]reconstruct.Prediction, error) {
			return publishedPredictions(ctx, b.data, f, p.Split)
		})
	if err != nil {
		return err
	}
	for _, method := range []string{methodAbility, methodRecipe} {
		if rows, ok := predictions[method]; ok {
			b.testRows(identity{b.data.Table.Benchmark, f.Name, method, p.scheme, len(f.Columns)}, p.Test, rows)
		}
	}
	return nil
}

// chance measures the error from n random items.
func (b *builder) chance(ctx context.Context, p parting, n int) error {
	r, _, err := run(ctx, b.stages, "chance", []any{p.print, n, b.opts.Seed}, func(func(int, int)) (reconstruction, error) {
		return randomItems(ctx, b.data, n, p.Split, b.opts)
	})
	if err == nil {
		b.reconstructionRows(p, form{Name: formRandom, Columns: r.Columns}, r)
	}
	return err
}
