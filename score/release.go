package score

import (
	"slices"

	"metabench/analysis/result"
	"metabench/harness"
)

// Release says which released form a bundle calibrates. Its items are the same in every
// build, so that the bundle of any build scores an evaluation of them.
type Release struct {
	Version  string   `json:"version"`
	Identity string   `json:"identity"`       // hash of the items of all of the release's forms
	Gone     []string `json:"gone,omitempty"` // released items that the corpus has no answers to any more, as benchmark/item
}

// ComposeRelease is Compose for a form of a release.
func ComposeRelease(release Release, form harness.Form, run Run, sources []Source, joint []byte, means []float64) (*Bundle, error) {
	return compose(&release, form, run, sources, joint, means)
}

// results is the bundle's form as results name it.
func (b *Bundle) results() string {
	if b.Release == nil {
		return string(b.Form)
	}
	return result.ReleasedForm(string(b.Form), b.Release.Version)
}

// Name says which form it is, for people: "form A", "form A of release 2026-11".
func (b *Bundle) Name() string { return formName(b.Form, b.Release) }

func formName(form harness.Form, release *Release) string {
	if release == nil {
		return "form " + string(form)
	}
	return "form " + string(form) + " of release " + release.Version
}

// compareRelease warns of a task of another release, unless both have the same items.
func (r *BenchmarkReport) compareRelease(release *Release, b *Benchmark, t *harness.Task) {
	got := t.Settings
	if got.Identity == "" || release != nil && release.Identity == got.Identity || sameItems(b.keys(), t.Items) {
		return
	}
	calibrated := "no release"
	if release != nil {
		calibrated = "release " + release.Version
	}
	r.warn("the task asked the items of release %s, and the calibration is of %s: metabench export bundle FILE --release %s writes the bundle for the task", got.Release, calibrated, got.Release)
}

// sameItems reports whether two lists without repetitions hold the same items.
func sameItems(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
