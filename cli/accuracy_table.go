package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/pflag"

	"metabench/analysis/trial"
	"metabench/table"
)

// trialFlags are the flags of metabench accuracy that are for a table of answers.
type trialFlags struct {
	table   tableFlags
	rows    map[string]string
	splits  []string
	items   []int
	seeds   int
	workers int
}

func (t *trialFlags) register(f *pflag.FlagSet) {
	t.table.register(f)
	f.StringToStringVar(&t.rows, "rows", nil, "keep only rows with this value, such as benchmark=arc")
	f.StringSliceVar(&t.splits, "split", []string{"random"}, "which models to test: random, family, top=0.1, bottom=0.1, low-half, column:NAME; several with commas")
	f.IntSliceVar(&t.items, "items", []int{50}, "items of the distilled benchmark; several with commas")
}

// trial tries all methods on a table of answers.
func (a *app) trial(ctx context.Context, path string, f trialFlags) error {
	o := trial.Options{Items: f.items, Seeds: f.seeds, Workers: f.workers}
	for _, text := range f.splits {
		s, err := trial.ParseSplit(text)
		if err != nil {
			return usagef("--split: %w", err)
		}
		o.Splits = append(o.Splits, s)
	}
	answers, err := table.ReadResponses(ctx, path, f.table.options(f.rows))
	if err != nil {
		return columnError(err)
	}
	a.tell(answers.Notes())
	labels := map[string][]string{}
	for _, s := range o.Splits {
		if name := s.Column(); name != "" {
			if labels[name], err = answers.Labels(ctx, path, name); err != nil {
				return columnError(err)
			}
		}
	}
	progress := a.progress()
	o.Progress = func(done, total int) { progress.Stage("accuracy", done, total) }
	outcomes, err := trial.Run(ctx, trial.NewData(answers.Table, labels), o)
	var few *trial.TooFewError
	var many *trial.TooManyItemsError
	if errors.As(err, &few) || errors.As(err, &many) {
		return withCode(ExitUsage, fmt.Errorf("accuracy %s: %w", path, err))
	}
	if err != nil {
		return fmt.Errorf("accuracy %s: %w", path, err)
	}
	reports := make([]trial.Report, len(outcomes))
	for k, outcome := range outcomes {
		reports[k] = outcome.Report()
	}
	if a.json {
		return a.printJSON(reports)
	}
	return a.printTrial(reports)
}

// printTrial writes a table a split and number of items, and by score and distance for ours.
func (a *app) printTrial(reports []trial.Report) error {
	for from := 0; from < len(reports); {
		to := from
		for to < len(reports) && reports[to].Split == reports[from].Split && reports[to].Items == reports[from].Items {
			to++
		}
		if err := a.printTried(reports[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (a *app) printTried(reports []trial.Report) error {
	first := reports[0]
	if _, err := fmt.Fprintf(a.Out, "split %s, %d items, learned from %d models\n\n", first.Split, first.Items, first.Train); err != nil {
		return err
	}
	g := newGrid("method", "models", "RMSE", "MAE", "bias", "rank r", "coverage", "width", "flagged")
	row := func(name string, e trial.Errors) {
		g.row(name, strconv.Itoa(e.Models), figure(e.RMSE, 2), figure(e.MAE, 2), figure(e.Bias, 2), figure(e.Spearman, 3),
			figure(100*e.Coverage, 1), figure(e.Width, 2), figure(100*e.Flagged, 1))
	}
	for _, r := range reports {
		row(r.Method, r.Errors)
		if r.Method != first.Method {
			continue
		}
		for _, group := range append(r.Thirds, r.Distances...) {
			row("  "+group.Group, group.Errors)
		}
	}
	if err := g.print(a.Out); err != nil {
		return err
	}
	for _, r := range reports {
		if r.LeftOut != "" {
			if _, err := fmt.Fprintf(a.Out, "%s: %s\n", r.Method, r.LeftOut); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(a.Out)
	return err
}

// figure writes a number with so many decimals, a dash for none.
func figure(v trial.Number, decimals int) string {
	if math.IsNaN(float64(v)) {
		return dash
	}
	return strconv.FormatFloat(float64(v), 'f', decimals, 64)
}
