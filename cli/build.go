package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/analysis/split"
	"metabench/config"
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

The same answers, configuration and program give the same bytes in every result
table, for any number of workers.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if err := mustExist(cfg); err != nil {
				return err
			}
			err = a.withWarehouse(cmd.Context(), cfg, "build", func(w *warehouse.Warehouse) error {
				return a.build(cmd.Context(), cfg, w, benchmarks, stage)
			})
			if err != nil {
				return err
			}
			return a.readWarehouse(cmd.Context(), cfg, "build", func(w *warehouse.Warehouse) error {
				return a.printQuery(cmd.Context(), w, "FROM distillation")
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&benchmarks, "benchmark", nil, "benchmark to build, may be repeated (default all)")
	flags.StringVar(&stage, "stage", "", "compute this stage again even if its inputs have not changed")
	configFlag(flags, "seed", "build.seed", "seed of every random choice")
	configFlag(flags, "workers", "build.workers", "parallel workers")
	configFlag(flags, "items", "build.items", "items a form has; 0 lets the search decide")
	return cmd
}

// build analyses the benchmarks, or all that have answers, and stores their results
// under a run.
func (a *app) build(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, benchmarks []string, stage string) error {
	if len(benchmarks) == 0 {
		var err error
		if benchmarks, err = w.Benchmarks(ctx); err != nil {
			return err
		}
	}
	if len(benchmarks) == 0 {
		return errors.New("the warehouse has no answers yet; crawl or import some first")
	}
	progress := a.progress()
	for _, b := range benchmarks {
		if err := a.buildOne(ctx, cfg, w, b, stage, progress.Stage); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) buildOne(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, benchmark, stage string, report analysis.Reporter) error {
	data, err := readData(ctx, w, benchmark)
	if err != nil {
		return err
	}
	opts := buildOptions(cfg)
	opts.Rerun = stage
	hash, err := settingsHash(opts)
	if err != nil {
		return err
	}
	attempt, err := w.BeginRun(ctx, warehouse.Run{
		Command: "build --benchmark " + benchmark, ConfigHash: hash, CodeVersion: thisBuild().codeVersion(),
		Seed: opts.Seed, InputFingerprint: data.Fingerprint,
	})
	if err != nil {
		return err
	}
	distilled, err := analysis.Build(ctx, data, opts, w, report)
	if err == nil {
		err = w.StoreResults(ctx, attempt.RunID, *distilled.Set)
	}
	return errors.Join(err, finishRun(ctx, w, attempt, err))
}

// finishRun records how a run ended, also when ctx was cancelled.
func finishRun(ctx context.Context, w *warehouse.Warehouse, attempt warehouse.Attempt, err error) error {
	status := warehouse.RunDone
	switch {
	case errors.Is(err, context.Canceled):
		status = warehouse.RunCancelled
	case err != nil:
		status = warehouse.RunFailed
	}
	return w.FinishRun(context.WithoutCancel(ctx), attempt, status, nil)
}

// readData reads what a build needs of a benchmark.
func readData(ctx context.Context, w *warehouse.Warehouse, benchmark string) (*analysis.Data, error) {
	table, scores, err := w.Responses(ctx, benchmark, warehouse.Kept)
	if err != nil {
		return nil, err
	}
	fingerprint, err := w.Fingerprint(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	data := &analysis.Data{Table: table, Scores: scores, Fingerprint: fingerprint}
	for _, model := range table.Models {
		data.Origins = append(data.Origins, split.Origin{Name: model})
	}
	return data, nil
}

func buildOptions(cfg *config.Loaded) analysis.Options {
	b := cfg.Build
	return analysis.Options{
		Seed: b.Seed, Workers: b.Workers, ValidationShare: b.ValidationShare, TestShare: b.TestShare,
		Preselect: b.Preselect, Subsets: b.Subsets, Items: b.Items, Lambda: b.Lambda, Forms: b.Forms,
		MinModels: b.MinModels, MinObserved: b.MinObserved,
	}
}

// settingsHash identifies the settings that change results.
func settingsHash(opts analysis.Options) (string, error) {
	opts.Workers, opts.Rerun = 0, ""
	text, err := json.Marshal(opts)
	if err != nil {
		return "", fmt.Errorf("hash the settings: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
