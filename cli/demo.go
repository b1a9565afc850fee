package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"metabench/internal/demo"
	"metabench/warehouse"
)

func newDemoCommand(a *app) *cobra.Command {
	var dir string
	var models int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The whole flow on simulated models: crawl a local replica of the Hub, build, reconstruct",
		Long: `Run the whole flow without network or set-up: simulate a population of models on the
six benchmarks (each cut to a quarter of its questions), serve their evaluation files
by a replica of the Hub on loopback (some repositories odd or broken, as on the real
one), crawl it into a warehouse, build, and print what was distilled and with what
error. The warehouse stays in --dir, to be queried.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if models < demo.MinModels {
				return usagef("--models %d: a build needs at least %d", models, demo.MinModels)
			}
			return a.demo(cmd.Context(), dir, models)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "demo", "directory of the demo's warehouse")
	cmd.Flags().IntVar(&models, "models", 300, "number of simulated models")
	return cmd
}

func (a *app) demo(ctx context.Context, dir string, models int) error {
	err := demo.Run(ctx, demo.Options{
		Dir: dir, Models: models, CodeVersion: thisBuild().codeVersion(), Report: a.progress().Stage,
		Log: a.crawlLog(false), Watch: a.watchCrawl, Note: a.note,
	})
	if err != nil {
		return warehouseError(err)
	}
	cfg, err := demo.Config(dir)
	if err != nil {
		return err
	}
	logs := filepath.Join(dir, "harness")
	err = a.readWarehouse(ctx, cfg, "demo", func(w *warehouse.Warehouse) error {
		if err := a.printDistilled(ctx, w); err != nil {
			return err
		}
		return demo.WriteLogs(ctx, w, logs)
	})
	if err != nil {
		return err
	}
	a.notef("\nThe warehouse is %s. Try:\n  metabench --warehouse %[1]s status\n"+
		"  metabench --warehouse %[1]s query \"from reconstruction_metric\"\n"+
		"To score a model by the selected questions alone (%[2]s holds the answers of a\nsimulated one that nothing was fitted on, as lm-evaluation-harness logs them):\n"+
		"  metabench --warehouse %[1]s export bundle %[3]s --simulated\n  metabench score %[2]s --bundle %[3]s\n"+
		"To ask a model of your own the selected questions, as tasks of lm-evaluation-harness:\n"+
		"  metabench --warehouse %[1]s export harness %[4]s",
		cfg.Warehouse.Path, logs, filepath.Join(dir, "metabench.bundle"), filepath.Join(dir, "tasks"))
	return nil
}
