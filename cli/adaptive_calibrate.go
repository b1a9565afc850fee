package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/score"
	"metabench/statistics"
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
	designs []adaptive.Options
}

func newAdaptiveCalibrateCommand(a *app) *cobra.Command {
	var f adaptiveCalibrateFlags
	cmd := &cobra.Command{
		Use:   "calibrate FILE|--benchmark B --out BANK",
		Short: "Write an item bank whose scores and intervals are calibrated",
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
			if err := a.calibrate(cmd, args, f); err != nil {
				return fmt.Errorf("adaptive calibrate: %w", err)
			}
			return nil
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
	if f.designs, err = parseDesigns(f.criteria, f.estimators, adaptive.Options{Among: f.among, Length: f.length, Seed: f.seed}); err != nil {
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

func (a *app) calibrate(cmd *cobra.Command, args []string, f adaptiveCalibrateFlags) error {
	var answers *statistics.Answers
	var err error
	if len(args) > 0 {
		answers, err = a.fileAnswers(cmd.Context(), args[0], f.answersFlags)
	} else {
		answers, err = a.benchmarkAnswers(cmd, f.benchmarks[0], f.answersFlags)
	}
	if err != nil {
		return err
	}
	origin := answers.Origin
	origin.CodeVersion, origin.Seed = thisBuild().codeVersion(), f.seed
	b, err := score.CalibrateBank(cmd.Context(), answers.Table, score.BankOptions{
		Name: answers.Name, Origin: origin, Kind: f.kind, Designs: f.designs, Length: f.length, Workers: f.workers,
		Report: a.progress().named("calibrations"),
	})
	if err != nil {
		return err
	}
	if err := writeWhole(f.out, b.Write); err != nil {
		return err
	}
	a.noteFit(b.Fit)
	return a.printLine(struct {
		Out       string `json:"out"`
		Benchmark string `json:"benchmark"`
		Items     int    `json:"items"`
		Models    int    `json:"models"`
		Designs   int    `json:"calibrations"`

		NotItems []table.NotItem `json:"not_items"`
	}{f.out, b.Benchmark, len(b.Items), b.Models, len(b.Calibrations), append([]table.NotItem{}, answers.NotItems...)},
		"%s: %s, %d %s items, calibrated on %d models for %s", f.out, b.Benchmark, len(b.Items), b.Kind, b.Models, b.Designs())
}

// noteFit says how a fit of items ended, unless it is well or there was none.
func (a *app) noteFit(status string) {
	if status != "" && status != irt.Converged.String() {
		a.notef("the fit of the items ended with: %s", status)
	}
}
