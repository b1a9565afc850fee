package analysis

import (
	"context"
	"fmt"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// Released is a form of a release: its items never change. They remain candidates of the
// forms that are selected now, and the filters drop none of them.
type Released struct {
	Name     string   // as results name it: result.ReleasedForm
	Items    []string // in order
	Selected bool     // by the answers of models, rather than pinned
}

// leastReleased is the fewest items that a released form is still calibrated with.
const leastReleased = 2

// releasedData is the data of a released form.
type releasedData struct {
	*Data
	columns    []int            // of the form's items that somebody answered, in order
	missing    []result.LeftOut // the others
	candidates []int            // columns that its items would be selected from; nil where they were pinned
}

// of returns the data of a released form.
func (d *Data) of(r Released) (releasedData, error) {
	out := releasedData{Data: &Data{}}
	*out.Data = *d
	out.Pinned, out.Released = Pinned{r.Name: r.Items}, nil
	out.columns, out.missing = out.match(r.Name)
	if r.Selected {
		taken := d.sibling(r)
		out.candidates = slices.DeleteFunc(d.unpinned(), func(j int) bool { return slices.Contains(taken, d.Table.Items[j]) })
	}
	if len(out.candidates) < len(out.columns) {
		out.candidates = nil
	} else {
		out.Pinned = nil
	}
	var err error
	out.Fingerprint, err = fingerprintOf("released "+r.Name, []any{d.Fingerprint, r.Items, out.candidates})
	return out, err
}

// sibling returns the items that a form B may not have: those of form A of its release.
func (d *Data) sibling(r Released) []string {
	form, version := result.SplitForm(r.Name)
	for _, other := range d.Released {
		if form == "B" && other.Name == result.ReleasedForm("A", version) {
			return other.Items
		}
	}
	return nil
}

// fit fits the reconstruction of a released form. Most of the models that it is fitted to
// were also used to select its items, and are predicted better than later models. So, as
// for a form that is selected now, the selection of as many items is repeated on parts of
// the models, and the intervals are made from the residuals of the models left out.
func (d releasedData) fit(ctx context.Context, s response.Split, groups []string, opts Options) (reconstruction, error) {
	if d.candidates == nil {
		return fitItems(ctx, d.Data, d.columns, s, groups, opts)
	}
	train := fitting(s)
	share, err := d.decide(ctx, d.candidates, len(d.columns), train, opts)
	if err != nil {
		return reconstruction{}, err
	}
	choose := d.choice(d.candidates, len(d.columns), share, opts)
	model, in, err := reconstruct.FitSelected(ctx, func(ctx context.Context, some response.TrainSet) (*reconstruct.Input, error) {
		if len(some.Rows) == len(train.Rows) {
			return d.input(d.columns), nil
		}
		chosen, err := choose(ctx, some)
		if err != nil {
			return nil, err
		}
		return d.input(chosen.Items), nil
	}, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, Groups: groups})
	if err != nil {
		return reconstruction{}, err
	}
	return reconstruction{Columns: d.columns, Share: share, Fitted: len(train.Rows)}.finish(model, in, s)
}

// release fits the reconstruction of every released form on a split, and on the random
// split it also calibrates the items. A form that the answers don't allow is left out.
func (b *builder) release(ctx context.Context, p dataSplit) error {
	for _, r := range b.data.Released {
		err := b.attempt(fmt.Sprintf("form %s, %s split", r.Name, p.scheme), func() error { return b.releaseOn(ctx, p, r) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) releaseOn(ctx context.Context, p dataSplit, r Released) error {
	data, err := p.data.of(r)
	if err != nil {
		return err
	}
	if len(data.columns) < leastReleased {
		b.leave("form "+r.Name, fmt.Sprintf("%d of its %d items have answers, at least %d are needed", len(data.columns), len(r.Items), leastReleased))
		return nil
	}
	f := form{Name: r.Name, Columns: data.columns, Kind: irt.TwoPL, Estimator: ability.MAP}
	fit, _, err := run(ctx, b.stages, "released "+r.Name+" "+p.scheme, []any{p.print, data.Fingerprint, b.opts.Seed},
		func(func(int, int)) (reconstruction, error) { return data.fit(ctx, p.Split, p.groups, b.opts) })
	if err != nil {
		return err
	}
	b.reconstructionRows(p, f, fit)
	if p.scheme != schemeRandom {
		return nil
	}
	b.set.LeftOut = append(b.set.LeftOut, data.missing...)
	if err := b.scaleReleased(ctx, p, f); err != nil {
		return err
	}
	b.released = append(b.released, &Distilled{Set: b.set, Data: data.Data, Forms: []Form{{Name: r.Name, Columns: f.Columns, Share: fit.Share}}, candidates: data.candidates})
	return nil
}

// scaleReleased calibrates a released form's items by the two-parameter model, and adds
// the form and its calibration to the results.
func (b *builder) scaleReleased(ctx context.Context, p dataSplit, f form) error {
	own, _, err := run(ctx, b.stages, "released scale "+f.Name, []any{p.print, f.Columns}, func(report func(int, int)) ([]fitted, error) {
		return calibration{table: b.data.Table, columns: f.Columns, train: p.Train, errors: true, richest: irt.TwoPL, workers: b.opts.Workers}.fitAll(ctx, report)
	})
	if err != nil {
		return err
	}
	f.locate(own)
	fitRows(b.set, "form "+f.Name, b.data.Table, f.Columns, own)
	b.set.Selected = append(b.set.Selected, f.rows(b.data.Table.Items)...)
	byItem := b.data.Table.Answers.SelectItems(f.Columns).Transpose()
	for k, it := range own[0].Items {
		right, observed := byItem.Counts(k)
		b.set.Calibrated = append(b.set.Calibrated, result.Calibrated{
			Form: f.Name, Item: b.data.Table.Items[f.Columns[k]], Models: own[0].Persons, A: it.A, D: it.D,
			SEA: orNaN(own[0].Errors[k].A), SED: orNaN(own[0].Errors[k].D), ShareCorrect: float64(right) / float64(observed),
		})
	}
	return nil
}

// releasedForms are the names of the released forms of several benchmarks, sorted.
func releasedForms(all []*Distilled) []string {
	var names []string
	for _, d := range all {
		for _, r := range d.Released {
			names = append(names, r.Forms[0].Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
