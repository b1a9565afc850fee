package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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
		Use:   "simulate FILE...",
		Short: "Play adaptive tests on real answers, against a fixed form",
		Long: `Play adaptive tests with the models of a response table (long or wide, Parquet or
CSV) and compare the score that a test predicts with the actual one, for each
criterion and estimator, and with a fixed form of the most informative items.

Items are fitted and predictions calibrated on the train models alone; the errors are
those of the test models, in points from 0 to 100. "raw" is the p-IRT score: answers
plus the model's probabilities for what was not asked. "calibrated" is a smooth of
the actual on the raw score over the train models.

  items      asked on average            coverage  of the 90 % intervals, and with the
  reaches    items at which the error              estimated misfit added
             is the fixed form's          used      items of the bank asked at least once`,
		Example: `  metabench adaptive simulate mmlu_pro_math.parquet --criterion information,kl --stop items=60
  metabench adaptive simulate answers.csv.gz --model 3PL --stop se=0.15,items=80 --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.adaptiveSimulate(cmd.Context(), args, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.items, "items", "", "item parameters to use instead of fitting them on the train models")
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

func (f *adaptiveSimulateFlags) check() error {
	var err error
	if f.kind, err = irt.ParseKind(f.model); err != nil {
		return usagef("--model: %w", err)
	}
	stop, err := adaptive.ParseRule(f.stop)
	if err != nil {
		return usagef("--stop: %w", err)
	}
	for _, e := range f.estimators {
		estimator, err := ability.ParseMethod(e)
		if err != nil {
			return usagef("--estimator: %w", err)
		}
		for _, c := range f.criteria {
			criterion, err := adaptive.ParseCriterion(c)
			if err != nil {
				return usagef("--criterion: %w", err)
			}
			f.options = append(f.options, adaptive.Options{
				Criterion: criterion, Estimator: estimator, Stop: stop, Among: f.among, Seed: f.seed,
			})
		}
	}
	slices.Sort(f.lengths)
	switch {
	case len(f.options) == 0:
		return usagef("--criterion and --estimator: need at least one each")
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

// adaptiveReport is what `metabench adaptive simulate --json` prints for a file.
type adaptiveReport struct {
	File       string                 `json:"file"`
	Items      int                    `json:"items"`
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

func (a *app) adaptiveSimulate(ctx context.Context, files []string, f adaptiveSimulateFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	reports := make([]*adaptiveReport, len(files))
	for k, file := range files {
		var err error
		if reports[k], err = a.adaptiveFile(ctx, file, f); err != nil {
			return fmt.Errorf("adaptive simulate %s: %w", file, err)
		}
		if !a.json {
			if err := a.printAdaptive(reports[k]); err != nil {
				return err
			}
		}
	}
	if a.json {
		return a.printJSON(reports)
	}
	return nil
}

func (a *app) adaptiveFile(ctx context.Context, file string, f adaptiveSimulateFlags) (*adaptiveReport, error) {
	answers, err := table.ReadResponses(ctx, file, table.ResponseOptions{})
	if err != nil {
		return nil, columnError(err)
	}
	r := &adaptiveReport{File: file}
	ev := adaptive.Evaluation{Table: answers.Table, Form: f.form, Lengths: f.lengths, Workers: f.workers}
	parts, err := split.Stratified(scoresOf(answers.Answers), split.Shares{Test: f.testShare}, f.seed)
	if err != nil {
		return nil, err
	}
	ev.Train, ev.Test = parts.Train, parts.Test
	r.Train, r.Test = len(ev.Train.Rows), len(ev.Test.Rows)
	if r.Test == 0 {
		return nil, errors.New("no models to test on; raise --test")
	}
	if f.items != "" {
		if ev.Bank, err = readBank(ctx, f.items); err != nil {
			return nil, err
		}
		if ev.Table, err = columnsOf(answers.Table, ev.Bank); err != nil {
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
	fit, err := irt.Fit(ctx, ev.Table.Answers.SelectModels(ev.Train.Rows), irt.Options{
		Kind: f.kind, Prior: irt.WeakPrior(), Workers: f.workers,
	})
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
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

// scoresOf returns every model's share of correct answers, NaN for one without any.
func scoresOf(m *response.Matrix) []float64 {
	models, _ := m.Dims()
	scores := make([]float64, models)
	for i := range scores {
		correct, observed := m.Counts(i)
		if observed == 0 {
			scores[i] = math.NaN()
			continue
		}
		scores[i] = float64(correct) / float64(observed)
	}
	return scores
}

func (a *app) printAdaptive(r *adaptiveReport) error {
	if _, err := fmt.Fprintf(a.Out, "%s: %d items, %d train and %d test models\n\n", r.File, r.Items, r.Train, r.Test); err != nil {
		return err
	}
	if r.Status != "" && r.Status != irt.Converged.String() {
		fmt.Fprintf(a.Err, "the fit of the items ended with: %s\n", r.Status)
	}
	points := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	share := func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + "%" }
	g := newGrid("test", "items", "RMSE raw", "RMSE calibrated", "MAE calibrated", "coverage", "misfit", "with misfit", "reaches", "used", "overlap", "seconds")
	for _, form := range r.Fixed {
		g.row("fixed form "+form.Estimator.String(), strconv.Itoa(form.Items), points(form.Raw.RMSE),
			points(form.Calibrated.RMSE), points(form.Calibrated.MAE), share(form.Coverage), points(form.Misfit), share(form.Widened),
			"–", strconv.Itoa(form.Items), "–", "–")
	}
	for _, t := range r.Tests {
		reaches := "–"
		if t.Reaches > 0 {
			reaches = strconv.Itoa(t.Reaches)
		}
		g.row(t.Criterion.String()+" "+t.Estimator.String(), strconv.FormatFloat(t.TestReport.Items.Mean, 'f', 1, 64),
			points(t.Raw.RMSE), points(t.Calibrated.RMSE), points(t.Calibrated.MAE), share(t.Coverage), points(t.Misfit), share(t.Widened),
			reaches, strconv.Itoa(t.Exposure.Used), share(t.Exposure.Overlap), strconv.FormatFloat(t.Seconds, 'f', 2, 64))
	}
	if err := g.print(a.Out); err != nil {
		return err
	}
	if len(r.Tests) == 0 || len(r.Tests[0].Curve) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(a.Out, "\nRMSE calibrated, after so many items"); err != nil {
		return err
	}
	header := []string{"items"}
	for _, t := range r.Tests {
		header = append(header, t.Criterion.String()+" "+t.Estimator.String())
	}
	g = newGrid(header...)
	for k, at := range r.Tests[0].Curve {
		row := []string{strconv.Itoa(at.Items)}
		for _, t := range r.Tests {
			row = append(row, points(t.Curve[k].Calibrated.RMSE))
		}
		g.row(row...)
	}
	return g.print(a.Out)
}
