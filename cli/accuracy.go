package cli

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"metabench/internal/accuracy"
)

// accuracyFlags are the flags of metabench accuracy.
type accuracyFlags struct {
	study accuracy.Options
	trial trialFlags
	seeds int
}

func newAccuracyCommand(a *app) *cobra.Command {
	var o accuracyFlags
	cmd := &cobra.Command{
		Use:   "accuracy TABLE|DIR",
		Short: "Measure the errors of estimated scores on your own answers, beside those of other methods",
		Long: `Measure how well the scores of models that were not seen are estimated from few items of
the benchmark in TABLE: by metabench, and by each of its rivals with as many items. TABLE
is any table that import reads. --split says which models are not seen:

  random       a quarter, drawn at random
  family       a quarter, no relative of which is learned from
  top=0.1      the best tenth, all others learned from: next year's models
  bottom=0.1   the worst tenth
  low-half     the best 30 %, the lower half learned from
  column:NAME  those with "test" in a column of the table, "train" learned from; of other
               values a quarter, models with the same value together

Errors and widths are in points (0 to 100), coverage is that of the 90 % intervals. With
--json each object also has the errors by third of the score and by distance: the share
of answers in which a model differs from the nearest model learned from.

With DIR, the directory of the reference data (it holds metabench-r, oll1, oll2, benchpred
and leaderboard), it prints the tables of the accuracy study, each with the published
method or another peer beside ours. Sections: ` + strings.Join(accuracy.Sections(), ", ") + `.`,
		Example: `  metabench accuracy answers.parquet --split random,top=0.1 --items 50
  metabench accuracy answers.csv.gz --split column:year_group --seeds 5 --json
  metabench accuracy ../shared/data --only single,few --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("accuracy needs a table of answers, or the directory of the reference data: metabench accuracy TABLE|DIR")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := os.Stat(args[0])
			if err != nil {
				return withCode(ExitUsage, err)
			}
			set := cmd.Flags().Changed
			if set("seeds") && o.seeds < 1 {
				return usagef("--seeds must be at least 1")
			}
			if !info.IsDir() {
				if set("only") {
					return usagef("--only is for the directory of the reference data; %s is a file", args[0])
				}
				o.trial.seeds, o.trial.workers = o.seeds, o.study.Workers
				return a.trial(cmd.Context(), args[0], o.trial)
			}
			for _, name := range []string{"split", "items", "rows"} {
				if set(name) {
					return usagef("--%s is for a table of answers; %s is a directory", name, args[0])
				}
			}
			o.study.Seeds = o.seeds
			return a.accuracy(cmd.Context(), args[0], o.study)
		},
	}
	f := cmd.Flags()
	o.trial.register(f)
	f.IntVar(&o.seeds, "seeds", 0, "random splits and draws of items (default: 3 for a table, 5 for the study)")
	f.StringSliceVar(&o.study.Only, "only", nil, "measure only these sections of the study")
	f.IntVar(&o.study.Workers, "workers", 0, "goroutines; 0 means one a processor")
	return cmd
}

func (a *app) accuracy(ctx context.Context, dir string, opts accuracy.Options) error {
	for _, name := range opts.Only {
		if !slices.Contains(accuracy.Sections(), name) {
			return usagef("--only: there is no section %q, only %s", name, strings.Join(accuracy.Sections(), ", "))
		}
	}
	opts.Progress = a.progress().Stage
	started := time.Now()
	tables, err := accuracy.Run(ctx, dir, opts)
	var missing *accuracy.MissingError
	if errors.As(err, &missing) {
		return withCode(ExitUsage, err)
	}
	if err != nil {
		return err
	}
	return a.print(tables, func(p *page) {
		for k := range tables {
			p.accuracy(&tables[k])
		}
		p.line("%d tables in %.0f s.", len(tables), time.Since(started).Seconds())
	})
}

// accuracy adds one table with its title and notes.
func (p *page) accuracy(t *accuracy.Table) {
	p.line("%s\n", t.Title)
	var heads []string
	for _, c := range t.Columns {
		heads = append(heads, c.Head)
	}
	g := newGrid(heads...)
	for r := range t.Rows {
		var cells []string
		for c := range t.Columns {
			cells = append(cells, t.Text(r, c))
		}
		g.row(cells...)
	}
	p.table(g)
	for _, n := range t.Notes {
		p.line("%s", n)
	}
	p.line("")
}
