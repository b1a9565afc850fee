package pipeline

import (
	"context"
	"fmt"

	"metabench/analysis"
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

// of are the released forms of a benchmark, with those of their items that are the same
// questions in the corpus.
func (rs releases) of(benchmark string) []analysis.Released {
	var forms []analysis.Released
	for _, r := range rs {
		for _, f := range r.Forms {
			if f.Benchmark != benchmark {
				continue
			}
			form := analysis.Released{Name: result.ReleasedForm(f.Form, r.Version)}
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
