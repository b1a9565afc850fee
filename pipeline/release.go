package pipeline

import (
	"context"
	"fmt"

	"metabench/analysis"
	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/warehouse"
)

// releases are the releases that builds calibrate.
type releases []warehouse.Release

// readReleases reads those in use.
func readReleases(ctx context.Context, w *warehouse.Warehouse) (releases, error) {
	all, err := w.Releases(ctx)
	if err != nil {
		return nil, err
	}
	var used releases
	for _, r := range all {
		if r.RetiredAt == nil {
			used = append(used, r)
		}
	}
	return used, nil
}

// settings are what of the releases counts in a run of a benchmark: none of them, none
// of its settings.
func (rs releases) settings(benchmark string) []any {
	var settings []any
	for _, r := range rs {
		for _, f := range r.Forms {
			if f.Benchmark == benchmark || benchmark == analysis.JointName {
				settings = append(settings, []string{f.Benchmark, result.ReleasedForm(f.Form, r.Version), r.Identity})
			}
		}
	}
	return settings
}

// read reads the released forms of a benchmark: the answers of a table's models to
// their items, whatever the filters say of these.
func (rs releases) read(ctx context.Context, w *warehouse.Warehouse, table *response.Table) ([]analysis.Released, error) {
	if len(rs.settings(table.Benchmark)) == 0 {
		return nil, nil
	}
	all, _, err := w.Responses(ctx, table.Benchmark, warehouse.All)
	if err != nil {
		return nil, err
	}
	rowOf := make(map[string]int, len(all.Models))
	for i, model := range all.Models {
		rowOf[model] = i
	}
	rows := make([]int, len(table.Models))
	for i, model := range table.Models {
		row, ok := rowOf[model]
		if !ok {
			return nil, fmt.Errorf("read the released items of %s: %s has no answers any more", table.Benchmark, model)
		}
		rows[i] = row
	}
	all = all.SelectModels(rows)
	var forms []analysis.Released
	for _, r := range rs {
		for _, f := range r.Forms {
			if f.Benchmark != table.Benchmark {
				continue
			}
			form := analysis.Released{
				Name: result.ReleasedForm(f.Form, r.Version), Selected: f.Items[0].Design == warehouse.DesignSelected, Table: all,
			}
			for _, it := range f.Items {
				if it.Present {
					form.Items = append(form.Items, it.Item)
				}
			}
			forms = append(forms, form)
		}
	}
	return forms, nil
}
