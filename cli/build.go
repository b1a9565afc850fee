package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/analysis/result"
	"metabench/analysis/split"
	"metabench/config"
	"metabench/corpus"
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

// build analyses the benchmarks, or all that have answers, and stores their results
// under a run.
func (a *app) build(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, benchmarks []string, stage string) error {
	everything := len(benchmarks) == 0
	if everything {
		var err error
		if benchmarks, err = w.Benchmarks(ctx); err != nil {
			return err
		}
	}
	if len(benchmarks) == 0 {
		return errors.New("the warehouse has no answers yet; crawl or import some first")
	}
	known, err := a.catalogue(cfg)
	if err != nil {
		return err
	}
	given, err := givenItems(ctx, cfg)
	if err != nil {
		return err
	}
	opts := buildOptions(cfg)
	opts.Rerun = stage
	job := &buildJob{w: w, opts: opts, given: given, report: a.progress().Stage}
	var suite []*analysis.Distilled
	for _, b := range benchmarks {
		inSuite := slices.ContainsFunc(known, func(c corpus.Benchmark) bool { return c.Name == b })
		of := []string{b}
		if inSuite {
			of = nil
			for _, c := range known {
				of = append(of, c.Name)
			}
		}
		distilled, err := job.run(ctx, b, of)
		var few *analysis.TooFewModelsError
		if everything && errors.As(err, &few) {
			fmt.Fprintf(a.Err, "left out: %v\n", few)
			continue
		}
		if err != nil {
			return err
		}
		if inSuite {
			suite = append(suite, distilled)
		}
	}
	if len(suite) < 2 {
		return nil
	}
	return job.runJoint(ctx, suite)
}

// buildJob builds one benchmark after the other.
type buildJob struct {
	w      *warehouse.Warehouse
	opts   analysis.Options
	given  map[string]map[string][]string // items by benchmark and form
	report analysis.Reporter
}

// run analyses one benchmark, whose models are split by their means over the suite
// of benchmarks, and stores the results under a run.
func (j *buildJob) run(ctx context.Context, benchmark string, suite []string) (*analysis.Distilled, error) {
	data, err := j.read(ctx, benchmark, suite)
	if err != nil {
		return nil, err
	}
	var distilled *analysis.Distilled
	err = j.record(ctx, benchmark, []any{data.Suite.Fingerprint(), data.Given}, data.Fingerprint, func() (*result.Set, error) {
		distilled, err = analysis.Build(ctx, data, j.opts, j.w, j.report)
		if err != nil {
			return nil, err
		}
		return distilled.Set, nil
	})
	return distilled, err
}

// runJoint reconstructs the suite's scores together and stores the results under a
// run of their own.
func (j *buildJob) runJoint(ctx context.Context, suite []*analysis.Distilled) error {
	var inputs string
	settings := []any{suite[0].Data.Suite.Fingerprint()}
	for _, d := range suite {
		inputs += d.Data.Fingerprint
		settings = append(settings, d.Data.Given)
	}
	return j.record(ctx, analysis.JointName, settings, inputs, func() (*result.Set, error) {
		return analysis.Joint(ctx, suite, j.opts, j.w, j.report)
	})
}

// record runs a computation and stores its results, if any, under a run. The inputs
// are a benchmark's answers; how its models are split counts as a setting, and so do
// given items.
func (j *buildJob) record(ctx context.Context, name string, settings []any, inputs string, compute func() (*result.Set, error)) error {
	hash, err := settingsHash(j.opts, settings)
	if err != nil {
		return err
	}
	attempt, err := j.w.BeginRun(ctx, warehouse.Run{
		Command: "build --benchmark " + name, ConfigHash: hash, CodeVersion: thisBuild().codeVersion(),
		Seed: j.opts.Seed, InputFingerprint: inputs,
	})
	if err != nil {
		return err
	}
	set, err := compute()
	if err == nil && set != nil {
		err = j.w.StoreResults(ctx, attempt.RunID, *set)
	}
	return errors.Join(err, finishRun(ctx, j.w, attempt, err))
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

// read reads what a build needs of a benchmark.
func (j *buildJob) read(ctx context.Context, benchmark string, suite []string) (*analysis.Data, error) {
	table, scores, err := j.w.Responses(ctx, benchmark, warehouse.Kept)
	if err != nil {
		return nil, err
	}
	fingerprint, err := j.w.Fingerprint(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	means, err := j.w.MeanScores(ctx, suite, j.opts.MinObserved)
	if err != nil {
		return nil, err
	}
	s := &analysis.Suite{}
	for _, model := range slices.Sorted(maps.Keys(means)) {
		s.Origins = append(s.Origins, split.Origin{Name: model})
		s.Means = append(s.Means, means[model])
	}
	return &analysis.Data{Table: table, Scores: scores, Fingerprint: fingerprint, Suite: s, Given: j.given[benchmark]}, nil
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
func settingsHash(opts analysis.Options, others []any) (string, error) {
	opts.Workers, opts.Rerun = 0, ""
	text, err := json.Marshal([]any{opts, others})
	if err != nil {
		return "", fmt.Errorf("hash the settings: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
