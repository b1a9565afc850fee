package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/split"
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

	kind    irt.Kind
	options []adaptive.Options
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
  width       of the intervals           overlap     of the items of two tests`,
		Example: `  metabench adaptive simulate mmlu_pro_math.parquet --criterion information,kl --stop items=60
  metabench adaptive simulate --benchmark arc --model 3PL --estimator map,eap,wle,ml
  metabench adaptive simulate answers.csv.gz --stop width=6,items=80 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.adaptiveSimulate(cmd.Context(), cmd, args, f)
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
	if f.options, err = designsOf(f.criteria, f.estimators, adaptive.Options{Stop: stop, Among: f.among, Seed: f.seed}); err != nil {
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

// adaptiveReport is what `metabench adaptive simulate --json` prints for a table of answers.
type adaptiveReport struct {
	Source     string                 `json:"source"` // file or benchmark
	Input      string                 `json:"input"`  // fingerprint of the answers
	Items      int                    `json:"items"`
	NotItems   []table.NotItem        `json:"not_items,omitempty"` // columns of a file that were not taken for items
	Train      int                    `json:"train"`
	Test       int                    `json:"test"`
	Model      string                 `json:"model"` // of the items; empty where they were given
	Status     string                 `json:"status,omitempty"`
	FitSeconds float64                `json:"fit_seconds"`
	Fixed      []*adaptive.FormReport `json:"fixed_form"`
	Tests      []adaptiveTestReport   `json:"tests"`
}

type adaptiveTestReport struct {
	*adaptive.TestReport
	Seconds float64 `json:"seconds"` // for all models, train and test
}

func (a *app) adaptiveSimulate(ctx context.Context, cmd *cobra.Command, files []string, f adaptiveSimulateFlags) error {
	if err := f.check(files); err != nil {
		return err
	}
	var reports []*adaptiveReport
	study := func(name string, answers sourcedAnswers, err error) error {
		var r *adaptiveReport
		if err == nil {
			r, err = a.adaptiveStudy(ctx, answers, f)
		}
		if err != nil {
			return fmt.Errorf("adaptive simulate %s: %w", name, err)
		}
		reports = append(reports, r)
		if a.json {
			return nil
		}
		return a.printAdaptive(r)
	}
	for _, file := range files {
		answers, err := a.fileAnswers(ctx, file, f.table)
		if err := study(file, answers, err); err != nil {
			return err
		}
	}
	for _, benchmark := range f.benchmarks {
		answers, err := a.warehouseAnswers(ctx, cmd, benchmark, f.kept)
		if err := study(benchmark, answers, err); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(reports)
	}
	return nil
}

// adaptiveStudy splits the models, fits the items on the train models, and plays every
// test.
func (a *app) adaptiveStudy(ctx context.Context, answers sourcedAnswers, f adaptiveSimulateFlags) (*adaptiveReport, error) {
	people := answered(answers.Table)
	r := &adaptiveReport{Source: answers.name, Input: answers.origin.Input, NotItems: answers.notItems}
	ev := adaptive.Evaluation{Table: people, Form: f.form, Lengths: f.lengths, Workers: f.workers}
	parts, err := split.Stratified(scoresOf(people.Answers), split.Shares{Test: f.testShare}, f.seed)
	if err != nil {
		return nil, err
	}
	ev.Train, ev.Test = parts.Train, parts.Test
	r.Train, r.Test = len(ev.Train.Rows), len(ev.Test.Rows)
	if r.Test == 0 {
		return nil, errors.New("no models to test on; raise --test")
	}
	if f.items != "" {
		if ev.Bank, err = readParameters(ctx, f.items); err != nil {
			return nil, err
		}
		if ev.Table, err = columnsOf(people, ev.Bank); err != nil {
			return nil, err
		}
	} else if err := fitBank(ctx, &ev, r, f); err != nil {
		return nil, err
	}
	r.Items = len(ev.Bank.Items)
	show := a.progress()
	for k, o := range f.options {
		show.Stage("adaptive tests", k, len(f.options))
		var form *adaptive.FormReport
		if f.form > 0 {
			if form, err = r.form(ctx, ev, o.Estimator); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		report, err := ev.Adaptive(ctx, o, form)
		if err != nil {
			return nil, err
		}
		r.Tests = append(r.Tests, adaptiveTestReport{report, time.Since(began).Seconds()})
	}
	show.Stage("adaptive tests", len(f.options), len(f.options))
	return r, nil
}

// form returns the fixed form's report for an estimator, computed once.
func (r *adaptiveReport) form(ctx context.Context, ev adaptive.Evaluation, estimator ability.Method) (*adaptive.FormReport, error) {
	for _, form := range r.Fixed {
		if form.Estimator == estimator {
			return form, nil
		}
	}
	form, err := ev.FixedForm(ctx, estimator)
	if err != nil {
		return nil, err
	}
	r.Fixed = append(r.Fixed, form)
	return form, nil
}

// fitBank fits the items on the train models.
func fitBank(ctx context.Context, ev *adaptive.Evaluation, r *adaptiveReport, f adaptiveSimulateFlags) error {
	began := time.Now()
	fit, err := fitItems(ctx, ev.Table.Answers.SelectModels(ev.Train.Rows), f.kind, f.workers)
	if err != nil {
		return err
	}
	r.Model, r.Status, r.FitSeconds = fit.Kind.String(), fit.Status.String(), time.Since(began).Seconds()
	ev.Bank, err = adaptive.NewBank(ev.Table.Items, fit.Items)
	return err
}

// columnsOf returns the table's columns of the bank's items, in its order.
func columnsOf(t *response.Table, bank *adaptive.Bank) (*response.Table, error) {
	at := make(map[string]int, len(t.Items))
	for j, key := range t.Items {
		at[key] = j
	}
	columns := make([]int, len(bank.Keys))
	for k, key := range bank.Keys {
		j, ok := at[key]
		if !ok {
			return nil, usagef("--items: item %q is not in the response table", key)
		}
		columns[k] = j
	}
	return t.SelectItems(columns), nil
}
