package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/warehouse"
)

func newBuildCommand(a *app) *cobra.Command {
	var benchmarks []string
	var stage string
	cmd := &cobra.Command{
		Use:   "build [--benchmark B]...",
		Short: "Distil benchmarks and reconstruct scores; results go into the warehouse",
		Long: `Run the analysis on every benchmark that has answers, or on those named: split the
models, calibrate item response models, select items, fit the reconstruction of the
full score, and measure its error on test models. Results replace the benchmark's
earlier ones; the tables are described in docs/warehouse.md. Stages whose inputs
have not changed are not computed again; --stage asks for one by name.

A form's items can be given instead of selected, for models that were evaluated on
somebody else's selection: --form-b-items results/ takes the items that the published
tasks of lm-evaluation-harness ask, where results/ is the output of any model.

The same answers, configuration and program give the same bytes in every result
table, for any number of workers.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if err := mustExist(cmd.Context(), cfg); err != nil {
				return err
			}
			err = a.withWarehouse(cmd.Context(), cfg, "build", func(w *warehouse.Warehouse) error {
				p, err := a.pipeline(cfg, w)
				if err != nil {
					return err
				}
				left, err := p.Build(cmd.Context(), benchmarks, stage)
				for _, few := range left {
					fmt.Fprintf(a.Err, "left out: %v\n", few)
				}
				return pipelineError(err)
			})
			if err != nil {
				return err
			}
			return a.readWarehouse(cmd.Context(), cfg, "build", func(w *warehouse.Warehouse) error {
				return a.printDistilled(cmd.Context(), w)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&benchmarks, "benchmark", nil, "benchmark to build, may be repeated (default all)")
	flags.StringVar(&stage, "stage", "", "compute this stage again even if its inputs have not changed")
	configFlag(flags, "seed", "build.seed", "seed of every random choice")
	configFlag(flags, "workers", "build.workers", "parallel workers")
	configFlag(flags, "items", "build.items", "items a form has; 0 lets the search decide")
	configFlag(flags, "form-a-items", "build.form_a_items", "harness output, or a table of benchmark and item, whose items form A has")
	configFlag(flags, "form-b-items", "build.form_b_items", "the same for form B")
	return cmd
}

// printDistilled prints what builds found out: each benchmark by itself, and all of
// them together where there are several.
func (a *app) printDistilled(ctx context.Context, w *warehouse.Warehouse) error {
	if err := a.printQuery(ctx, w, "FROM distillation"); err != nil || a.json {
		return err
	}
	together, err := w.HasResults(ctx, analysis.JointName)
	if err != nil || !together {
		return err
	}
	fmt.Fprintln(a.Out, "\nfrom the answers to all benchmarks together:")
	return a.printQuery(ctx, w, "FROM joint_reconstruction")
}
