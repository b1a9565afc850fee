package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/analysis/result"
	"metabench/config"
	"metabench/corpus"
	"metabench/harness"
	"metabench/score"
	"metabench/warehouse"
)

func newExportBundleCommand(a *app) *cobra.Command {
	var form, release string
	var benchmarks []string
	cmd := &cobra.Command{
		Use:   "bundle FILE [--release VERSION] [--form A|B] [--benchmark B]...",
		Short: "Write the calibration that metabench score needs",
		Long: `Write a small self-contained file with all that metabench score needs: the selected
items, their parameters, the reconstruction models and the corpus's distribution of
scores, with the run they come from and a checksum. Whoever has it scores models
without warehouse and network.

The items are those of the newest release in use, calibrated on the present answers, or
of the release that --release names. Without a release, and with --release none, they
are those that the last build selected, which the next one may change.`,
		Example: `  metabench export bundle metabench.bundle
  metabench export bundle form-b.bundle --form B
  metabench export bundle old.bundle --release 2026-10`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if err := checkForm(form); err != nil {
				return err
			}
			var b *score.Bundle
			err = a.readWarehouse(cmd.Context(), cfg, "export bundle", func(w *warehouse.Warehouse) (err error) {
				b, err = a.bundle(cmd.Context(), cfg, w, release, harness.Form(form), benchmarks)
				return err
			})
			if err != nil {
				return err
			}
			return a.writeBundle(args[0], b)
		},
	}
	cmd.Flags().StringVar(&release, "release", "", releaseUsage)
	cmd.Flags().StringVar(&form, "form", "A", "A, or B for the disjoint second form")
	cmd.Flags().StringArrayVar(&benchmarks, "benchmark", nil, "only this benchmark, may be repeated (default: the catalogue's that are built)")
	return cmd
}

// releaseUsage describes the flag --release of exports.
const releaseUsage = "release whose form it is, or none for the items that are selected now (default: the newest that has it)"

// checkForm refuses a --form that there is none of.
func checkForm(form string) error {
	if form != string(harness.FormA) && form != string(harness.FormB) {
		return usagef("--form %q is none of A, B", form)
	}
	return nil
}

// exported is which benchmarks an export of a form is of: those named, which must have
// the form, else the catalogue's that have it, in the release unless that is nil; and the
// catalogue. It says which are left out, and why.
func (a *app) exported(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, release *warehouse.Release, form harness.Form, named []string) (known []corpus.Benchmark, names []string, err error) {
	if known, err = a.catalogue(cfg); err != nil {
		return nil, nil, err
	}
	isKnown := func(b string) bool {
		return slices.ContainsFunc(known, func(c corpus.Benchmark) bool { return c.Name == b })
	}
	if release != nil {
		return known, releasedBenchmarks(release, form, isKnown, named), nil
	}
	for _, b := range named {
		if err := w.WantForm(ctx, b, string(form)); err != nil {
			return nil, nil, err
		}
		if !slices.Contains(names, b) {
			names = append(names, b)
		}
	}
	if len(named) > 0 {
		return known, names, nil
	}
	there, err := w.Benchmarks(ctx)
	if err != nil {
		return nil, nil, err
	}
	var lacking []error
	for _, b := range there {
		if !isKnown(b) {
			continue
		}
		var none *warehouse.NoFormError
		switch err := w.WantForm(ctx, b, string(form)); {
		case errors.As(err, &none):
			lacking = append(lacking, err)
		case err != nil:
			return nil, nil, err
		default:
			names = append(names, b)
		}
	}
	if len(names) == 0 && len(lacking) == 0 {
		return nil, nil, fmt.Errorf("the warehouse has answers to no benchmark of the catalogue: name one of your own with --benchmark")
	}
	if len(names) == 0 {
		return nil, nil, errors.Join(lacking...)
	}
	for _, err := range lacking {
		fmt.Fprintln(a.Err, "left out:", err)
	}
	return known, names, nil
}

// bundle composes the calibration of a form from what builds stored.
func (a *app) bundle(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, version string, form harness.Form, benchmarks []string) (*score.Bundle, error) {
	release, err := a.chooseRelease(ctx, w, version, form, benchmarks)
	if err != nil {
		return nil, err
	}
	known, benchmarks, err := a.exported(ctx, cfg, w, release, form, benchmarks)
	if err != nil {
		return nil, err
	}
	name := string(form) // in the results
	if release != nil {
		name = result.ReleasedForm(name, release.Version)
	}
	var sources []score.Source
	var run score.Run
	for _, b := range benchmarks {
		src, r, err := bundleSource(ctx, w, known, b)
		if err != nil {
			return nil, err
		}
		if release != nil && !slices.ContainsFunc(src.Results.Models, func(m result.ReconstructionModel) bool { return m.Form == name }) {
			return nil, errNotCalibrated(release, form, b)
		}
		run = runOf(r)
		sources = append(sources, src)
	}
	var joint []byte
	if len(sources) > 1 {
		blob, r, err := w.Together(ctx, analysis.JointName, name, benchmarks)
		var none *warehouse.NoFormError
		switch {
		case errors.As(err, &none):
			fmt.Fprintf(a.Err, "each score is reconstructed from its own benchmark's answers alone: %s\n", none.Reason)
		case err != nil:
			return nil, err
		default:
			joint, run = blob, runOf(r)
		}
	}
	means, err := w.MeanScores(ctx, benchmarks, cfg.Build.MinObserved)
	if err != nil {
		return nil, err
	}
	if release == nil {
		return score.Compose(form, run, sources, joint, slices.Sorted(maps.Values(means)))
	}
	return score.ComposeRelease(a.released(release, form, name, sources), form, run, sources, joint, slices.Sorted(maps.Values(means)))
}

func runOf(r warehouse.Run) score.Run {
	return score.Run{ID: r.ID(), CodeVersion: r.CodeVersion, ConfigHash: r.ConfigHash, Seed: r.Seed, Input: r.InputFingerprint}
}

// errNotCalibrated says why a released form has no calibration and what to do.
func errNotCalibrated(r *warehouse.Release, form harness.Form, benchmark string) error {
	if r.RetiredAt != nil {
		return fmt.Errorf("export bundle: release %s is retired, and builds don't calibrate it any more: metabench release retire %s --undo, then metabench build", r.Version, r.Version)
	}
	return fmt.Errorf("export bundle: form %s of %s in release %s is not calibrated on the present answers: run metabench build; metabench check names items that are gone", form, benchmark, r.Version)
}

// released describes a release for its bundle, and says which of its items are gone.
func (a *app) released(r *warehouse.Release, form harness.Form, name string, sources []score.Source) score.Release {
	out := score.Release{Version: r.Version, Identity: r.Identity}
	for _, src := range sources {
		of, _ := r.Of(src.Benchmark.Name, string(form))
		for _, it := range of.Items {
			if !slices.ContainsFunc(src.Results.Selected, func(s result.SelectedItem) bool { return s.Form == name && s.Item == it.Item }) {
				out.Gone = append(out.Gone, of.Benchmark+"/"+it.Item)
			}
		}
	}
	if n := len(out.Gone); n > 0 {
		fmt.Fprintf(a.Err, "release %s is calibrated without %d of its items, which have no answers any more: %s\n", r.Version, n, strings.Join(out.Gone, ", "))
	}
	return out
}

// bundleSource reads what a bundle holds of one benchmark.
func bundleSource(ctx context.Context, w *warehouse.Warehouse, known []corpus.Benchmark, name string) (score.Source, warehouse.Run, error) {
	set, run, err := w.Calibration(ctx, name)
	if err != nil {
		return score.Source{}, run, err
	}
	table, scores, err := w.Responses(ctx, name, warehouse.Kept)
	if err != nil {
		return score.Source{}, run, err
	}
	hashes, err := w.PromptHashes(ctx, name)
	if err != nil {
		return score.Source{}, run, err
	}
	questions, err := w.Questions(ctx, name)
	if err != nil {
		return score.Source{}, run, err
	}
	// The catalogue lends the title and what the leaderboard shows: what was answered is the warehouse's to say.
	b := corpus.Benchmark{Name: name, Title: name, Metric: table.Metric, Tasks: []corpus.Task{{Name: name, Items: questions}}}
	if k := slices.IndexFunc(known, func(c corpus.Benchmark) bool { return c.Name == name }); k >= 0 {
		b.Title, b.Shown = known[k].Title, known[k].Shown
	}
	models, err := w.FittedModels(ctx, name)
	if err != nil {
		return score.Source{}, run, err
	}
	byModel, tasks, err := w.TaskMeans(ctx, name)
	if err != nil {
		return score.Source{}, run, err
	}
	return score.Source{Benchmark: b, Results: &set, Hashes: hashes, Scores: scores, Models: models,
		TaskMeans: analysis.OfModels(table.Models, byModel), Tasks: tasks}, run, nil
}

// writeBundle writes the bundle and says what is in it.
func (a *app) writeBundle(path string, b *score.Bundle) error {
	if err := writeWhole(path, b.Write); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	items := 0
	for _, of := range b.Benchmarks {
		items += len(of.Items)
	}
	_, err := fmt.Fprintf(a.Out, "%s: %s, %d benchmarks, %d items, run %s\n", path, b.Name(), len(b.Benchmarks), items, b.Run.ID)
	return err
}
