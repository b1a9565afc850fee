package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/pipeline"
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
have not changed are not computed again; --stage asks for one by name, or for all
of a kind (choose, "choose A random").

What the answers don't allow, such as a second form of few items, a split by family
of one family's models, or a benchmark that all models solve, is left out with its
reason, here and in the table left_out; everything else is built. A benchmark that
fails for another reason does not keep the others from being built.

A form's items can be pinned instead of selected, for models that were evaluated on
somebody else's selection: --form-b-items results/ takes the items that the published
tasks of lm-evaluation-harness ask, where results/ is the output of any model. Such a
form has all items that the corpus has answers to, also those that the filters drop;
the others are listed, and if they are more than build.min_given allows it is refused.

The same answers, configuration and program give the same bytes in every result
table, for any number of workers.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.existing(cmd)
			if err != nil {
				return err
			}
			var did pipeline.Built
			err = a.withWarehouse(cmd.Context(), cfg, "build", func(w *warehouse.Warehouse) error {
				p, err := a.pipeline(cfg, w)
				if err != nil {
					return err
				}
				if did, err = p.Build(cmd.Context(), benchmarks, stage); err == nil && len(did.Benchmarks) == 0 {
					err = errors.New("nothing could be built of what the warehouse holds")
				}
				return pipelineError(err)
			})
			for _, line := range did.Lines() {
				a.notef("left out: %s", line)
			}
			if len(did.Benchmarks) == 0 && err != nil {
				return err
			}
			// What was built is shown although something else failed.
			printErr := a.readWarehouse(cmd.Context(), cfg, "build", func(w *warehouse.Warehouse) error {
				return a.printBuilt(cmd.Context(), w, did)
			})
			return cmp.Or(err, printErr)
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

// printBuilt prints the results of builds and, as JSON, what this one did and left out.
func (a *app) printBuilt(ctx context.Context, w *warehouse.Warehouse, did pipeline.Built) error {
	if !a.json {
		return a.printDistilled(ctx, w)
	}
	var rows bytes.Buffer
	if err := runQuery(ctx, w.QueryJSON, "FROM distillation", &rows, rowsAsJSON); err != nil {
		return err
	}
	return a.printJSON(struct {
		pipeline.Built
		Distillation json.RawMessage `json:"distillation"`
	}{did, rows.Bytes()})
}

// printDistilled prints the results of builds: each benchmark by itself, and all of them
// together where there are several.
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
