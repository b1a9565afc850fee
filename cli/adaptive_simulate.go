package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/statistics"
	"metabench/table"
)

// adaptiveSimulateFlags are the flags of adaptive simulate.
type adaptiveSimulateFlags struct {
	answersFlags
	items      string
	model      string
	criteria   []string
	estimators []string
	stop       string
	among      int
	form       int
	lengths    []int
	testShare  float64
	seed       uint64
	workers    int
	guarantee  bool
	split      string

	kind    irt.Kind
	designs []adaptive.Options
}

func newAdaptiveSimulateCommand(a *app) *cobra.Command {
	var f adaptiveSimulateFlags
	cmd := &cobra.Command{
		Use:   "simulate FILE...|--benchmark B...",
		Short: "Play adaptive tests on real answers, against a fixed form",
		Long: `Play adaptive tests with the models of a response table (long or wide, Parquet or
CSV), or of a benchmark of the warehouse, and compare the score that a test predicts
with the actual one, for each criterion and estimator, and with a fixed form of the
most informative items.

Items are fitted and predictions calibrated on the train models alone, as adaptive
calibrate does; the errors are those of the test models, which had no part in either,
in points from 0 to 100. "raw" is the p-IRT score: answers plus the model's
probabilities for what was not asked.

  items       asked on average           item model  coverage of the intervals that the
  reaches     items at which the error               item model alone predicts
              is the fixed form's        misfit      points that they lack
  coverage    of the 90 % intervals;     used        items of the bank asked at least once
              in the lowest and highest  most        share of the tests that ask the item
              fifth of the predictions               asked most
  width       of the intervals           overlap     of the items of two tests

With --guarantee it plays surveys instead: items are drawn with known probabilities, what
other models answered predicts the rest, and the 95 % interval holds for each model by the
draws alone, whatever the model is like. "worth" is how many random items one item is worth.
The models tested are those of --split, as for metabench accuracy.`,
		Example: `  metabench adaptive simulate mmlu_pro_math.parquet --criterion information,kl --stop items=60
  metabench adaptive simulate --benchmark arc --model 3PL --estimator map,eap,wle,ml
  metabench adaptive simulate answers.csv.gz --stop width=6,items=80 --json
  metabench adaptive simulate answers.csv.gz --guarantee --split top=0.1 --lengths 50,100`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.guarantee && cmd.Flags().Changed("test"):
				return usagef("--test is for tests without --guarantee; use --split")
			case !f.guarantee && cmd.Flags().Changed("split"):
				return usagef("--split is for --guarantee; use --test")
			}
			return a.adaptiveSimulate(cmd, args, f)
		},
	}
	f.answersFlags.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.items, "items", "", "item parameters (CSV) to use instead of fitting them on the train models; they should come from other models than those tested")
	fl.StringVar(&f.model, "model", "2PL", "model to fit: 2PL, 3PL, 4PL")
	fl.StringSliceVar(&f.criteria, "criterion", []string{"information", "kl", "progressive", "proportional", "random"}, "how to choose items")
	fl.StringSliceVar(&f.estimators, "estimator", []string{"map"}, "abilities: map, eap, wle, ml")
	fl.StringVar(&f.stop, "stop", "items=60", "when to stop; see adaptive next --help")
	fl.IntVar(&f.among, "among", 1, "ask one of so many best items, at random")
	fl.IntVar(&f.form, "form", 100, "items of the fixed form; 0 for none")
	fl.IntSliceVar(&f.lengths, "lengths", []int{10, 20, 30, 40, 50, 60, 80, 100}, "report the error after so many items")
	fl.BoolVar(&f.guarantee, "guarantee", false, "survey the models: intervals that hold for each by the draws alone")
	fl.StringVar(&f.split, "split", "random", "with --guarantee: models to test, random, family, top=0.1, bottom=0.1, low-half")
	fl.Float64Var(&f.testShare, "test", 0.2, "share of the models to test on")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of the split and of all that is left to chance")
	fl.IntVar(&f.workers, "workers", 0, "processors to use, 0 for all; the result is the same")
	return cmd
}

func (f *adaptiveSimulateFlags) check(files []string) error {
	var err error
	if f.kind, err = irt.ParseKind(f.model); err != nil {
		return usagef("--model: %w", err)
	}
	stop, err := adaptive.ParseRule(f.stop)
	if err != nil {
		return usagef("--stop: %w", err)
	}
	if f.designs, err = parseDesigns(f.criteria, f.estimators, adaptive.Options{Stop: stop, Among: f.among, Seed: f.seed}); err != nil {
		return err
	}
	slices.Sort(f.lengths)
	switch {
	case len(files)+len(f.benchmarks) == 0:
		return usagef("need answers: a FILE, or --benchmark B for the warehouse's")
	case f.kept && len(f.benchmarks) == 0:
		return usagef("--kept is for --benchmark: a file has no filters")
	case f.form < 0:
		return usagef("--form %d: need 0 or more", f.form)
	case len(f.lengths) > 0 && f.lengths[0] < 1:
		return usagef("--lengths %d: need at least 1", f.lengths[0])
	case !(f.testShare > 0 && f.testShare < 1):
		return usagef("--test %v: need a share between 0 and 1", f.testShare)
	case f.workers < 0:
		return usagef("--workers %d: need 0 for all or more", f.workers)
	}
	return nil
}

// adaptiveReport is what adaptive simulate --json prints for a table of answers.
type adaptiveReport struct {
	Source   string          `json:"source"` // file or benchmark
	Input    string          `json:"input"`  // fingerprint of the answers
	Items    int             `json:"items"`
	NotItems []table.NotItem `json:"not_items,omitempty"` // columns of a file that were not taken for items
	*adaptive.ComparisonReport
}

func (a *app) adaptiveSimulate(cmd *cobra.Command, files []string, f adaptiveSimulateFlags) error {
	if err := f.check(files); err != nil {
		return err
	}
	if f.guarantee {
		return a.adaptiveGuarantee(cmd, files, f)
	}
	var reports []*adaptiveReport
	study := func(name string, answers *statistics.Answers, err error) error {
		var r *adaptive.ComparisonReport
		if err == nil {
			r, err = a.compare(cmd.Context(), answers, f)
		}
		if err != nil {
			return fmt.Errorf("adaptive simulate %s: %w", name, err)
		}
		report := &adaptiveReport{answers.Source, answers.Origin.Input, r.Items, answers.NotItems, r}
		if reports = append(reports, report); a.json {
			return nil
		}
		a.noteFit(r.Status)
		return a.print(nil, func(p *page) { p.comparison(report) })
	}
	for _, file := range files {
		answers, err := a.fileAnswers(cmd.Context(), file, f.answersFlags)
		if err := study(file, answers, err); err != nil {
			return err
		}
	}
	for _, benchmark := range f.benchmarks {
		answers, err := a.benchmarkAnswers(cmd, benchmark, f.answersFlags)
		if err := study(benchmark, answers, err); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(reports)
	}
	return nil
}

// compare plays the tests with the models of a table.
func (a *app) compare(ctx context.Context, answers *statistics.Answers, f adaptiveSimulateFlags) (*adaptive.ComparisonReport, error) {
	c := adaptive.Comparison{
		Designs: f.designs, Kind: f.kind, Form: f.form, Lengths: f.lengths, TestShare: f.testShare, Seed: f.seed, Workers: f.workers,
		Report: a.progress().named("adaptive tests"),
	}
	if f.items != "" {
		var err error
		if c.Bank, err = statistics.ReadParameters(ctx, f.items); err != nil {
			return nil, err
		}
	}
	r, err := c.Run(ctx, answers.Table)
	var missing *adaptive.MissingItemError
	if errors.As(err, &missing) {
		err = usagef("--items: %w", err)
	}
	return r, err
}
