package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"metabench/config"
	"metabench/export"
	"metabench/harness"
	"metabench/score"
	"metabench/warehouse"
)

// formFlags say which form an export is of.
type formFlags struct {
	form, release string
	benchmarks    []string
}

func (f *formFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.release, "release", "", "release whose form it is, or none for the items that are selected now (default: the newest that has it)")
	fl.StringVar(&f.form, "form", string(harness.FormA), "A, or B for the disjoint second form")
	fl.StringArrayVar(&f.benchmarks, "benchmark", nil, "only this benchmark, may be repeated (default: the catalogue's that are built)")
}

// options is the export that flags and configuration ask for.
func (f *formFlags) options(a *app, cfg *config.Loaded) (export.Options, error) {
	if err := checkForm(f.form); err != nil {
		return export.Options{}, err
	}
	catalogue, err := a.catalogue(cfg)
	return export.Options{Form: harness.Form(f.form), Release: f.release, Benchmarks: f.benchmarks, Catalogue: catalogue,
		MinObserved: cfg.Build.MinObserved, Note: a.note}, err
}

// checkForm refuses a --form that there is none of.
func checkForm(form string) error {
	if form != string(harness.FormA) && form != string(harness.FormB) {
		return usagef("--form %q is none of A, B", form)
	}
	return nil
}

func newExportBundleCommand(a *app) *cobra.Command {
	var f formFlags
	var made score.Provenance
	cmd := &cobra.Command{
		Use:   "bundle FILE [--release VERSION] [--form A|B] [--benchmark B]...",
		Short: "Write the calibration that metabench score needs",
		Long: `Write a small self-contained file with all that metabench score needs: the selected
items, their parameters, the reconstruction models and the corpus's distribution of
scores, with the run they come from and a checksum. Whoever has it scores models
without warehouse and network.

The items are those of the newest release in use, calibrated on the present answers, or
of the release that --release names. Without a release, and with --release none, they
are those that the last build selected, which the next one may change.

The bundle says what it was made of, and metabench score prints it: how many models,
from where, evaluated when, simulated or real, under what licence.`,
		Example: `  metabench export bundle metabench.bundle
  metabench export bundle form-b.bundle --form B
  metabench export bundle old.bundle --release 2026-10`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var b *score.Bundle
			err := a.reading(cmd, func(cfg *config.Loaded, w *warehouse.Warehouse) error {
				o, err := f.options(a, cfg)
				if err != nil {
					return err
				}
				o.Made = made
				b, err = export.Bundle(cmd.Context(), w, o)
				return releaseError(err)
			})
			if err != nil {
				return err
			}
			if err := writeWhole(args[0], b.Write); err != nil {
				return fmt.Errorf("write the bundle: %w", err)
			}
			items := 0
			for _, of := range b.Benchmarks {
				items += len(of.Items)
			}
			_, err = fmt.Fprintf(a.Out, "%s: %s, %d benchmarks, %d items, run %s\n", args[0], b.Name(), len(b.Benchmarks), items, b.Run.ID)
			return err
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringVar(&made.Corpus, "corpus", "", "whose answers these are, in words (default: where they came from)")
	cmd.Flags().StringVar(&made.Licence, "licence", "", "under what the answers may be used")
	cmd.Flags().BoolVar(&made.Simulated, "simulated", false, "no model has given these answers")
	return cmd
}
