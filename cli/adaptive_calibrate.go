package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/score"
	"metabench/table"
)

// adaptiveCalibrateFlags are the flags of adaptive calibrate.
type adaptiveCalibrateFlags struct {
	answersFlags
	model      string
	criteria   []string
	estimators []string
	among      int
	length     int
	seed       uint64
	workers    int
	out        string

	kind    irt.Kind
	options []adaptive.Options
}

func newAdaptiveCalibrateCommand(a *app) *cobra.Command {
	var f adaptiveCalibrateFlags
	cmd := &cobra.Command{
		Use:   "calibrate FILE|--benchmark B --out BANK",
		Short: "Write an item bank whose scores and intervals can be trusted",
		Long: `Fit the items of a response table (long or wide, Parquet or CSV), or of a benchmark
of the warehouse, and play adaptive tests with all of its models: what the tests
predicted of scores that are known says how to correct a prediction, and how wide an
interval has to be to hold 9 times in 10.

The bank is one self-contained file with a checksum: items, corrections, intervals,
and the fingerprint of the answers they come from. It is the --items of adaptive next
and serve. The same answers give the same bytes.

Corrections and intervals belong to a way of choosing items and estimating abilities;
they are fitted for every --criterion with every --estimator, the first being the
default of adaptive next. How well they hold for models that were not seen says
metabench adaptive simulate.`,
		Example: `  metabench adaptive calibrate mmlu_pro_math.parquet --out math.bank
  metabench adaptive calibrate --benchmark arc --model 3PL --criterion progressive --out arc.bank
  metabench adaptive next --items math.bank`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(args); err != nil {
				return err
			}
			b, notItems, err := a.itemBank(cmd.Context(), cmd, args, f)
			if err != nil {
				return fmt.Errorf("adaptive calibrate: %w", err)
			}
			return a.writeItemBank(f.out, b, notItems)
		},
	}
	f.answersFlags.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.model, "model", "2PL", "model to fit: 2PL, 3PL, 4PL")
	fl.StringSliceVar(&f.criteria, "criterion", []string{"information", "kl", "progressive", "proportional", "random"}, "ways of choosing items to calibrate for")
	fl.StringSliceVar(&f.estimators, "estimator", []string{"map"}, "abilities to calibrate for: map, eap, wle, ml")
	fl.IntVar(&f.among, "among", 1, "ask one of so many best items, at random")
	fl.IntVar(&f.length, "length", 100, "items over which progressive and proportional fade out chance, and up to which corrections are fitted; beyond, they shrink with the share not asked")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of all that is left to chance")
	fl.IntVar(&f.workers, "workers", 0, "processors to use, 0 for all; the result is the same")
	fl.StringVar(&f.out, "out", "", "file to write (required)")
	return cmd
}

func (f *adaptiveCalibrateFlags) check(args []string) (err error) {
	if f.kind, err = irt.ParseKind(f.model); err != nil {
		return usagef("--model: %w", err)
	}
	if f.options, err = designsOf(f.criteria, f.estimators, adaptive.Options{Among: f.among, Length: f.length, Seed: f.seed}); err != nil {
		return err
	}
	switch {
	case f.out == "":
		return usagef("--out BANK is needed: the file to write")
	case len(args)+len(f.benchmarks) != 1:
		return usagef("need one source of answers: a FILE, or --benchmark B for the warehouse's")
	case f.kept && len(f.benchmarks) == 0:
		return usagef("--kept is for --benchmark: a file has no filters")
	case f.among < 1 || f.length < 1:
		return usagef("--among %d, --length %d: need at least 1", f.among, f.length)
	case f.workers < 0:
		return usagef("--workers %d: need 0 for all or more", f.workers)
	}
	return nil
}

// designsOf combines criteria and estimators.
func designsOf(criteria, estimators []string, o adaptive.Options) ([]adaptive.Options, error) {
	var out []adaptive.Options
	for _, e := range estimators {
		var err error
		if o.Estimator, err = ability.ParseMethod(e); err != nil {
			return nil, usagef("--estimator: %w", err)
		}
		if o.Estimator == ability.EAPSum {
			return nil, usagef("--estimator %s needs all items at once; use map, eap, wle or ml", e)
		}
		for _, c := range criteria {
			if o.Criterion, err = adaptive.ParseCriterion(c); err != nil {
				return nil, usagef("--criterion: %w", err)
			}
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, usagef("--criterion and --estimator: need at least one each")
	}
	return out, nil
}

// itemBank fits and calibrates. It returns the columns of a file that were not taken for
// items too.
func (a *app) itemBank(ctx context.Context, cmd *cobra.Command, args []string, f adaptiveCalibrateFlags) (*score.ItemBank, []table.NotItem, error) {
	var answers sourcedAnswers
	var err error
	if len(args) > 0 {
		answers, err = a.fileAnswers(ctx, args[0], f.table)
	} else {
		answers, err = a.warehouseAnswers(ctx, cmd, f.benchmarks[0], f.kept)
	}
	if err != nil {
		return nil, nil, err
	}
	people := answered(answers.Table)
	fit, err := fitItems(ctx, people.Answers, f.kind, f.workers)
	if err != nil {
		return nil, nil, err
	}
	b := &score.ItemBank{
		Benchmark: answers.name, Metric: answers.Metric, Kind: f.kind, Fit: fit.Status.String(),
		Models: len(people.Models), Origin: answers.origin, Items: score.NewItems(people.Items, fit.Items),
	}
	if len(args) > 0 {
		b.Benchmark, _, _ = strings.Cut(filepath.Base(args[0]), ".")
	}
	b.Origin.CodeVersion, b.Origin.Seed = thisBuild().codeVersion(), f.seed
	bank, err := b.Bank()
	if err != nil {
		return nil, nil, err
	}
	show := a.progress()
	calibrator := adaptive.Calibrator{Bank: bank, Answers: f.length, Workers: f.workers}
	for k, o := range f.options {
		show.Stage("calibrations", k, len(f.options))
		c, err := calibrator.Run(ctx, o, people)
		if err != nil {
			return nil, nil, err
		}
		b.Calibrations = append(b.Calibrations, *c)
	}
	show.Stage("calibrations", len(f.options), len(f.options))
	return b, answers.notItems, nil
}

// writeItemBank writes the bank and says what is in it.
func (a *app) writeItemBank(path string, b *score.ItemBank, notItems []table.NotItem) error {
	if err := writeWhole(path, b.Write); err != nil {
		return fmt.Errorf("adaptive calibrate: %w", err)
	}
	if b.Fit != irt.Converged.String() {
		fmt.Fprintf(a.Err, "the fit of the items ended with: %s\n", b.Fit)
	}
	if a.json {
		return a.printJSON(struct {
			Out       string `json:"out"`
			Benchmark string `json:"benchmark"`
			Items     int    `json:"items"`
			Models    int    `json:"models"`
			Designs   int    `json:"calibrations"`

			NotItems []table.NotItem `json:"not_items"`
		}{path, b.Benchmark, len(b.Items), b.Models, len(b.Calibrations), append([]table.NotItem{}, notItems...)})
	}
	_, err := fmt.Fprintf(a.Out, "%s: %s, %d %s items, calibrated on %d models for %s\n",
		path, b.Benchmark, len(b.Items), b.Kind, b.Models, designs(b))
	return err
}
