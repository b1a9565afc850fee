package pipeline

import (
	"context"
	"fmt"

	"metabench/analysis"
	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/warehouse"
)

// Release freezes forms as they are selected now under a version, and calibrates them
// by a build of all benchmarks that have results, so that their bundle is there. twins
// are other releases with the same items. A release is there also when the build after
// it fails; the next build makes up for that.
func (p *Pipeline) Release(ctx context.Context, o warehouse.ReleaseOptions) (r warehouse.Release, twins []string, err error) {
	o.Together = analysis.JointName
	if r, twins, err = p.w.CreateRelease(ctx, o); err != nil {
		return r, nil, err
	}
	all, err := p.w.Benchmarks(ctx)
	if err != nil {
		return r, twins, err
	}
	var built []string
	for _, b := range all {
		there, err := p.w.HasResults(ctx, b)
		if err != nil {
			return r, twins, err
		}
		if there {
			built = append(built, b)
		}
	}
	if _, err = p.Build(ctx, built, ""); err != nil {
		err = fmt.Errorf("release %s is made, but could not be calibrated: %w; run metabench build", r.Version, err)
	}
	return r, twins, err
}

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
	columnOf := make(map[string]int, len(all.Items))
	for j, item := range all.Items {
		columnOf[item] = j
	}
	var forms []analysis.Released
	for _, r := range rs {
		for _, f := range r.Forms {
			if f.Benchmark != table.Benchmark {
				continue
			}
			var columns []int
			for _, it := range f.Items {
				if j, ok := columnOf[it.Item]; ok && it.Present {
					columns = append(columns, j)
				}
			}
			forms = append(forms, analysis.Released{
				Name: result.ReleasedForm(f.Form, r.Version), Table: all.SelectModels(rows).SelectItems(columns),
			})
		}
	}
	return forms, nil
}
