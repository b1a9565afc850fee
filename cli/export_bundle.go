package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/config"
	"metabench/corpus"
	"metabench/harness"
	"metabench/score"
	"metabench/warehouse"
)

func newExportBundleCommand(a *app) *cobra.Command {
	var form string
	var benchmarks []string
	cmd := &cobra.Command{
		Use:   "bundle FILE [--form A|B] [--benchmark B]...",
		Short: "Write the calibration that metabench score needs",
		Long: `Write a small self-contained file with all that metabench score needs: the selected
items, their parameters, the reconstruction models and the corpus's distribution of
scores, with the run they come from and a checksum. Whoever has it scores models
without warehouse and network.`,
		Example: `  metabench export bundle metabench.bundle
  metabench export bundle form-b.bundle --form B`,
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
				b, err = a.bundle(cmd.Context(), cfg, w, harness.Form(form), benchmarks)
				return err
			})
			if err != nil {
				return err
			}
			return a.writeBundle(args[0], b)
		},
	}
	cmd.Flags().StringVar(&form, "form", "A", "A, or B for the disjoint second form")
	cmd.Flags().StringArrayVar(&benchmarks, "benchmark", nil, "only this benchmark, may be repeated (default: the catalogue's that are built)")
	return cmd
}

// checkForm refuses a --form that there is none of.
func checkForm(form string) error {
	if form != string(harness.FormA) && form != string(harness.FormB) {
		return usagef("--form %q is none of A, B", form)
	}
	return nil
}

// exported is which benchmarks an export of a form is of: those named, else the
// catalogue's that have the form; and the catalogue. It says which are left out.
func (a *app) exported(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, form harness.Form, named []string) (known []corpus.Benchmark, names []string, err error) {
	if known, err = a.catalogue(cfg); err != nil || len(named) > 0 {
		return known, named, err
	}
	there, err := w.Benchmarks(ctx)
	if err != nil {
		return nil, nil, err
	}
	have, err := w.BenchmarksWithForm(ctx, string(form))
	if err != nil {
		return nil, nil, err
	}
	for _, b := range there {
		switch {
		case !slices.ContainsFunc(known, func(c corpus.Benchmark) bool { return c.Name == b }):
		case slices.Contains(have, b):
			names = append(names, b)
		default:
			fmt.Fprintf(a.Err, "left out: %s has no form %s\n", b, form)
		}
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("no benchmark of the catalogue has a form %s: run metabench build, or name a benchmark of your own with --benchmark", form)
	}
	return known, names, nil
}

// bundle composes the calibration of a form from what builds stored.
func (a *app) bundle(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, form harness.Form, benchmarks []string) (*score.Bundle, error) {
	known, benchmarks, err := a.exported(ctx, cfg, w, form, benchmarks)
	if err != nil {
		return nil, err
	}
	var sources []score.Source
	var run score.Run
	for _, name := range benchmarks {
		src, r, err := bundleSource(ctx, w, known, name, form)
		if err != nil {
			return nil, err
		}
		run = score.Run{ID: r.ID(), CodeVersion: r.CodeVersion, ConfigHash: r.ConfigHash, Seed: r.Seed, Input: r.InputFingerprint}
		sources = append(sources, src)
	}
	var joint []byte
	if len(sources) > 1 {
		set, r, err := w.Calibration(ctx, analysis.JointName)
		if err != nil {
			return nil, err
		}
		run = score.Run{ID: r.ID(), CodeVersion: r.CodeVersion, ConfigHash: r.ConfigHash, Seed: r.Seed, Input: r.InputFingerprint}
		for _, m := range set.Models {
			if m.Form == string(form) && m.Chosen {
				joint = m.Blob
			}
		}
	}
	means, err := w.MeanScores(ctx, benchmarks, cfg.Build.MinObserved)
	if err != nil {
		return nil, err
	}
	return score.Compose(form, run, sources, joint, slices.Sorted(maps.Values(means)))
}

// bundleSource reads what a bundle holds of one benchmark.
func bundleSource(ctx context.Context, w *warehouse.Warehouse, known []corpus.Benchmark, name string, form harness.Form) (score.Source, warehouse.Run, error) {
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
	models := 0
	for _, s := range set.Metrics {
		if s.Target == name && s.Form == string(form) && s.Part == "test" && s.Group == "all" {
			models = max(models, len(table.Models)-s.Models)
		}
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
	_, err := fmt.Fprintf(a.Out, "%s: form %s, %d benchmarks, %d items, run %s\n", path, b.Form, len(b.Benchmarks), items, b.Run.ID)
	return err
}
