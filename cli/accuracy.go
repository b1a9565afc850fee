package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis/accuracy"
)

func newAccuracyCommand(a *app) *cobra.Command {
	var opts accuracy.Options
	cmd := &cobra.Command{
		Use:   "accuracy DIR",
		Short: "Measure the errors of reconstruction on the reference data, beside those of others",
		Long: `Print one table after another of reconstruction errors on the reference data in DIR
(the directory that holds metabench-r, oll1, oll2, benchpred and leaderboard), each
with the published method or another peer beside ours.

Sections: ` + strings.Join(accuracy.Sections(), ", ") + `.`,
		Example: `  metabench accuracy ../shared/data
  metabench accuracy ../shared/data --only single,few --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("accuracy needs the directory of the reference data: metabench accuracy DIR")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.accuracy(cmd.Context(), args[0], opts) },
	}
	f := cmd.Flags()
	f.IntVar(&opts.Seeds, "seeds", 5, "random splits of the joint comparison")
	f.StringSliceVar(&opts.Only, "only", nil, "measure only these sections")
	f.IntVar(&opts.Workers, "workers", 0, "goroutines; 0 means one a processor")
	return cmd
}

func (a *app) accuracy(ctx context.Context, dir string, opts accuracy.Options) error {
	if opts.Seeds < 1 {
		return usagef("--seeds must be at least 1")
	}
	for _, name := range opts.Only {
		if !slices.Contains(accuracy.Sections(), name) {
			return usagef("--only: there is no section %q, only %s", name, strings.Join(accuracy.Sections(), ", "))
		}
	}
	progress := a.progress()
	opts.Progress = progress.Stage
	started := time.Now()
	tables, err := accuracy.Run(ctx, dir, opts)
	var missing *accuracy.MissingError
	if errors.As(err, &missing) {
		return withCode(ExitUsage, err)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(tables)
	}
	for k := range tables {
		if err := a.printAccuracy(&tables[k]); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.Out, "%d tables in %.0f s.\n", len(tables), time.Since(started).Seconds())
	return err
}

// printAccuracy writes one table with its title and notes.
func (a *app) printAccuracy(t *accuracy.Table) error {
	if _, err := fmt.Fprintf(a.Out, "%s\n\n", t.Title); err != nil {
		return err
	}
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
	if err := g.print(a.Out); err != nil {
		return err
	}
	for _, n := range t.Notes {
		if _, err := fmt.Fprintln(a.Out, n); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(a.Out)
	return err
}
