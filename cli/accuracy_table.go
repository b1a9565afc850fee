package cli

import (
	"context"
	"math"
	"strconv"

	"github.com/spf13/pflag"

	"metabench/analysis/trial"
	"metabench/statistics"
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
	o.Progress = a.progress().named("accuracy")
	reports, err := statistics.Trial(ctx, path, statistics.TrialOptions{Table: f.table.options(f.rows), Options: o, Note: a.note})
	if err != nil {
		return optionError(err)
	}
	return a.print(reports, func(p *page) {
		for from := 0; from < len(reports); {
			to := from
			for to < len(reports) && reports[to].Split == reports[from].Split && reports[to].Items == reports[from].Items {
				to++
			}
			p.trial(reports[from:to])
			from = to
		}
	})
}

// trial adds the table of a split and number of items, and by score and distance for ours.
func (p *page) trial(reports []trial.Report) {
	first := reports[0]
	p.line("split %s, %d items, learned from %d models\n", first.Split, first.Items, first.Train)
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
	p.table(g)
	for _, r := range reports {
		if r.LeftOut != "" {
			p.line("%s: %s", r.Method, r.LeftOut)
		}
	}
	p.line("")
}

// figure writes a number with so many decimals, a dash for none.
func figure(v trial.Number, decimals int) string {
	if math.IsNaN(float64(v)) {
		return dash
	}
	return fixed(float64(v), decimals)
}
