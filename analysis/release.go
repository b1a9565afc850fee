package analysis

import (
	"context"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// Released is a form whose items were chosen once and stay, whatever is selected now.
// It takes no items away from selection, and the filters take none away from it.
type Released struct {
	Name     string          // as results name it: result.ReleasedForm
	Items    []string        // in order
	Selected bool            // by the answers of models, rather than given
	Table    *response.Table // the models of the data's table × all items of the benchmark
}

// leastReleased is the fewest items that a released form is still calibrated with.
const leastReleased = 2

// releasedData is the data as a released form sees them.
type releasedData struct {
	*Data         // the table has all items
	columns []int // of the form's items that somebody answered, in order
	pool    []int // that its items would be selected from; nil where they were given
}

// of looks at the data as a released form sees them.
func (d *Data) of(r Released) (releasedData, error) {
	out := releasedData{Data: &Data{}}
	*out.Data = *d
	out.Table, out.Released = r.Table, nil
	at := make(map[string]int, len(r.Table.Items))
	for j, item := range r.Table.Items {
		at[item] = j
	}
	byItem := r.Table.Answers.Transpose()
	for _, item := range r.Items {
		if j, ok := at[item]; ok {
			if _, observed := byItem.Counts(j); observed > 0 {
				out.columns = append(out.columns, j)
			}
		}
	}
	if r.Selected {
		taken := d.sibling(r)
		for _, j := range d.free() {
			if item := d.Table.Items[j]; !slices.Contains(taken, item) {
				out.pool = append(out.pool, at[item])
			}
		}
	}
	if out.Given = nil; len(out.pool) < len(out.columns) {
		out.pool, out.Given = nil, Given{r.Name: r.Items}
	}
	var err error
	out.Fingerprint, err = fingerprintOf("released "+r.Name, []any{d.Fingerprint, r.Items, out.pool})
	return out, err
}

// sibling are the items that a form B was not to have: those of its release's form A.
func (d *Data) sibling(r Released) []string {
	form, version := result.SplitForm(r.Name)
	for _, other := range d.Released {
		if form == "B" && other.Name == result.ReleasedForm("A", version) {
			return other.Items
		}
	}
	return nil
}

// fit fits the reconstruction of a released form. Where its items were selected by
// answers, most of the models that it is fitted on are those that selected them: they are
// predicted better than models that come later. So the selection of as many items is
// repeated on parts of the models, as for a form that is selected now, and intervals hold
// for it.
func (d releasedData) fit(ctx context.Context, s response.Split, groups []string, opts Options) (reconstruction, error) {
	if d.pool == nil {
		return fitItems(ctx, d.Data, d.columns, s, groups, opts)
	}
	train := fitting(s)
	choose := d.forward(d.pool, len(d.columns), opts)
	model, in, err := reconstruct.FitSelected(ctx, func(ctx context.Context, some response.TrainSet) (*reconstruct.Input, error) {
		if len(some.Rows) == len(train.Rows) {
			return d.input(d.columns), nil
		}
		chosen, err := choose(ctx, some)
		if err != nil {
			return nil, err
		}
		return d.input(chosen), nil
	}, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, Groups: groups})
	if err != nil {
		return reconstruction{}, err
	}
	return reconstruction{Columns: d.columns, Fitted: len(train.Rows)}.finish(model, in, s)
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
		if len(data.columns) < leastReleased {
			continue
		}
		f := form{Name: r.Name, Columns: data.columns, Kind: irt.TwoPL, Estimator: ability.MAP}
		for _, p := range partings {
			fit, _, err := run(ctx, b.stages, "released "+r.Name+" "+p.scheme, []any{p.print, data.Fingerprint, b.opts.Seed},
				func(func(int, int)) (reconstruction, error) { return data.fit(ctx, p.Split, p.groups, b.opts) })
			if err != nil {
				return err
			}
			b.reconstructionRows(p, f, fit)
			if p.scheme != schemeRandom {
				continue
			}
			if err := b.scaleReleased(ctx, p, data.Data, f); err != nil {
				return err
			}
		}
		b.released = append(b.released, &Distilled{Set: b.set, Data: data.Data, Forms: []Form{{r.Name, f.Columns}}, pool: data.pool})
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
	byItem := data.Table.Answers.SelectItems(f.Columns).Transpose()
	for k, it := range own[0].Items {
		right, observed := byItem.Counts(k)
		b.set.Calibrated = append(b.set.Calibrated, result.Calibrated{
			Form: f.Name, Item: data.Table.Items[f.Columns[k]], Models: own[0].Persons, A: it.A, D: it.D,
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
