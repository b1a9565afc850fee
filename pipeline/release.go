package pipeline

import (
	"context"

	"metabench/analysis"
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

// of are the released forms of a benchmark, with those of their items that are the same
// questions in the corpus.
func (rs releases) of(benchmark string) []analysis.Released {
	var forms []analysis.Released
	for _, r := range rs {
		for _, f := range r.Forms {
			if f.Benchmark != benchmark {
				continue
			}
			form := analysis.Released{Name: result.ReleasedForm(f.Form, r.Version), Selected: f.Items[0].Design == warehouse.DesignSelected}
			for _, it := range f.Items {
				if it.Present {
					form.Items = append(form.Items, it.Item)
				}
			}
			forms = append(forms, form)
		}
	}
	return forms
}
