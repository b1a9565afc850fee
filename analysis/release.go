package analysis

import (
	"context"
	"fmt"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/result"
)

// Released is a form whose items were chosen once and stay, whatever is selected now.
// It takes no items away from selection, and the filters take none away from it.
type Released struct {
	Name  string   // as results name it: result.ReleasedForm
	Items []string // in order
}

// leastReleased is the fewest items that a released form is still calibrated with.
const leastReleased = 2

// of is the data as a released form sees them: its items are given, and nothing else is.
func (d *Data) of(r Released) (*Data, error) {
	out := *d
	out.Given, out.Released = Given{r.Name: r.Items}, nil
	var err error
	out.Fingerprint, err = fingerprintOf("released "+r.Name, []any{d.Fingerprint, r.Items})
	return &out, err
}

// release fits the reconstruction of every released form on a split, and of the random
// one also calibrates its items. A form that the answers don't allow is left out.
func (b *builder) release(ctx context.Context, p parting) error {
	for _, r := range b.data.Released {
		err := b.attempt(fmt.Sprintf("form %s, %s split", r.Name, p.scheme), func() error { return b.releaseOn(ctx, p, r) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) releaseOn(ctx context.Context, p parting, r Released) error {
	data, err := p.data.of(r)
	if err != nil {
		return err
	}
	columns, missing := data.match(r.Name)
	if len(columns) < leastReleased {
		b.leave("form "+r.Name, fmt.Sprintf("%d of its %d items have answers, at least %d are needed", len(columns), len(r.Items), leastReleased))
		return nil
	}
	f := form{Name: r.Name, Columns: columns, Kind: irt.TwoPL, Estimator: ability.MAP}
	fit, _, err := run(ctx, b.stages, "released "+r.Name+" "+p.scheme, []any{p.print, f.Columns, b.opts.Seed},
		func(func(int, int)) (reconstruction, error) {
			return fitItems(ctx, data, f.Columns, p.Split, p.groups, b.opts)
		})
	if err != nil {
		return err
	}
	b.reconstructionRows(p, f, fit)
	if p.scheme != schemeRandom {
		return nil
	}
	b.set.LeftOut = append(b.set.LeftOut, missing...)
	if err := b.scaleReleased(ctx, p, f); err != nil {
		return err
	}
	b.released = append(b.released, &Distilled{Set: b.set, Data: data, Forms: []Form{{Name: r.Name, Columns: f.Columns}}})
	return nil
}

// scaleReleased calibrates a released form's items by the two-parameter model, and
// writes the form and its calibration down.
func (b *builder) scaleReleased(ctx context.Context, p parting, f form) error {
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
