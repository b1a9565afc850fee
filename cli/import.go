package cli

import (
	"time"

	"github.com/spf13/cobra"

	"metabench/table"
	"metabench/warehouse"
)

func newImportCommand(a *app) *cobra.Command {
	var opts table.LongOptions
	var columns columnFlags
	cmd := &cobra.Command{
		Use:   "import FILE... [--benchmark B]",
		Short: "Load answers from tables of model, item, correct",
		Long: `Load answers from tables of model, item, correct into the warehouse.

Files are Parquet, CSV or gzip CSV (recognised by content) with one row an answer:
the columns model, item and correct (0 or 1; empty for missing, or a code that --missing
names), recognised by these names and others that are usual, and a column benchmark
unless --benchmark names it. For MMLU, subject and subject_item are used
where they are. The layout in which metabench's authors published their corpus is
read too: arc.csv or mmlu_anatomy.csv with source, item, correct, and
arc_prompts.csv with item, prompt.

A benchmark that the catalogue does not know is registered as it comes. Files add up
by model and item, in one call or in several, whatever their order: a table may come in
parts. A path replaces what it gave before, and only that; importing the same file again
changes nothing. Two files that answer an item differently for one model are refused.
Anything wrong in any file loads nothing.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if opts.Catalogue, err = a.catalogue(cfg); err != nil {
				return err
			}
			opts.Model, opts.Item, opts.Correct, opts.Missing = columns.model, columns.item, columns.correct, columns.missing
			opts.ReadAt = time.Now().UTC()
			started := time.Now()
			in, err := table.ReadLong(cmd.Context(), files, opts)
			if err != nil {
				return err
			}
			a.notes(in.Notes)
			return a.withWarehouse(cmd.Context(), cfg, "import", func(w *warehouse.Warehouse) error {
				result, err := w.Import(cmd.Context(), *in)
				if err != nil {
					return err
				}
				return a.printImport(result, time.Since(started))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Benchmark, "benchmark", "", "what the files are about")
	flags.StringVar(&opts.Metric, "metric", "", "what makes an answer correct (default: what the column is called, the catalogue's metric, or acc)")
	columns.register(flags)
	a.newWarehouseFlag(flags)
	return cmd
}

func (a *app) printImport(r warehouse.ImportResult, took time.Duration) error {
	return a.printLine(struct {
		Models    int     `json:"models"`
		Items     int     `json:"items"`
		Responses int     `json:"responses"`
		New       int     `json:"new"`
		Replaced  int     `json:"replaced"`
		Unchanged int     `json:"unchanged"`
		Removed   int     `json:"removed"`
		Extended  int     `json:"extended"`
		Seconds   float64 `json:"seconds"`
	}{r.Models, r.Items, r.Responses, r.New, r.Replaced, r.Unchanged, r.Removed, r.Extended, took.Seconds()},
		"%d models, %d items, %d responses: %d blocks new, %d replaced, %d unchanged, %d removed, %d extended (%.1f s)",
		r.Models, r.Items, r.Responses, r.New, r.Replaced, r.Unchanged, r.Removed, r.Extended, took.Seconds())
}
