package analysis

import (
	"context"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// Released is a form whose items were chosen once and stay, whatever is selected now.
// It takes no items away from selection, and the filters take none away from it.
type Released struct {
	Name  string          // as results name it: result.ReleasedForm
	Table *response.Table // the models of the data's table × the form's items, in order
}

// leastReleased is the fewest items that a released form is still calibrated with.
const leastReleased = 2

// answered are the columns that at least one model has answered.
func answered(t *response.Table) []int {
	byItem := t.Answers.Transpose()
	var columns []int
	for j := range t.Items {
		if _, observed := byItem.Counts(j); observed > 0 {
			columns = append(columns, j)
		}
	}
	return columns
}

// of is the data as a released form sees it: its items in place of those that the
// filters leave, and the same models and scores.
func (d *Data) of(r Released) (*Data, error) {
	out := *d
	out.Table = r.Table.SelectItems(answered(r.Table))
	out.Given, out.Released = Given{r.Name: out.Table.Items}, nil
	var err error
	out.Fingerprint, err = fingerprintOf("released "+r.Name, []any{d.Fingerprint, out.Table.Items})
	return &out, err
}

// release fits the reconstruction of every released form on the splits and calibrates
// its items. Forms of which hardly an item is left are passed over.
func (b *builder) release(ctx context.Context, partings ...parting) error {
	for _, r := range b.data.Released {
		if !slices.Equal(r.Table.Models, b.data.Table.Models) {
			panic("analysis: a released form has other models than the data")
		}
		data, err := b.data.of(r)
		if err != nil {
			return err
		}
		if len(data.Table.Items) < leastReleased {
			continue
		}
		f := form{Name: r.Name, Columns: data.given(r.Name), Kind: irt.TwoPL, Estimator: ability.MAP}
		for _, p := range partings {
			fit, _, err := run(ctx, b.stages, "released "+r.Name+" "+p.scheme, []any{p.print, data.Fingerprint, b.opts.Seed},
				func(func(int, int)) (reconstruction, error) {
					return fitItems(ctx, data, f.Columns, p.Split, p.groups, b.opts)
				})
			if err != nil {
				return err
			}
			b.reconstructionRows(p, f, fit)
			if p.scheme != schemeRandom {
				continue
			}
			if err := b.scaleReleased(ctx, p, data, f); err != nil {
				return err
			}
		}
		b.released = append(b.released, &Distilled{Set: b.set, Data: data, Forms: []Form{{Name: r.Name, Columns: f.Columns}}})
	}
	return nil
}

// scaleReleased calibrates a released form's items by the two-parameter model, and
// writes the form and its calibration down.
func (b *builder) scaleReleased(ctx context.Context, p parting, data *Data, f form) error {
	own, _, err := run(ctx, b.stages, "released scale "+f.Name, []any{p.print, data.Fingerprint}, func(report func(int, int)) ([]fitted, error) {
		return calibration{table: data.Table, columns: f.Columns, train: p.Train, errors: true, richest: irt.TwoPL, workers: b.opts.Workers}.fitAll(ctx, report)
	})
	if err != nil {
		return err
	}
	f.locate(own)
	fitRows(b.set, "form "+f.Name, data.Table, f.Columns, own)
	b.set.Selected = append(b.set.Selected, f.rows(data.Table.Items)...)
	byItem := data.Table.Answers.Transpose()
	for k, it := range own[0].Items {
		right, observed := byItem.Counts(k)
		b.set.Calibrated = append(b.set.Calibrated, result.Calibrated{
			Form: f.Name, Item: data.Table.Items[k], Models: own[0].Persons, A: it.A, D: it.D,
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
