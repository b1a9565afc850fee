package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"metabench/corpus"
	"metabench/evallog"
	"metabench/table"
	"metabench/warehouse"
)

func newImportCommand(a *app) *cobra.Command {
	var opts table.LongOptions
	var logs evallog.Options
	var columns columnFlags
	cmd := &cobra.Command{
		Use:   "import FILE|DIR... [--benchmark B]",
		Short: "Load answers from evaluation logs, or tables of model, item, correct",
		Long: `Load answers from evaluation logs, or from tables of model, item, correct, into the
warehouse. What a file is, its content says; directories are searched for logs.

Logs are those of lm-evaluation-harness, Every Eval Ever, Inspect, HELM, lighteval and
OpenCompass. Each task is a benchmark unless --benchmark names one for all. A log with several metrics, filters or
answers to an item is a question that --metric, --filter or --reducer answers, for all
tasks or as TASK=ANSWER for one; scores between right and wrong need --threshold.
docs/sources.md says for each tool what is read, trusted and refused.

Tables are Parquet, CSV or gzip CSV (recognised by content) with one row an answer:
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
			started := time.Now()
			opts.ReadAt = started.UTC()
			logs.Benchmark, logs.Catalogue, logs.ReadAt = opts.Benchmark, opts.Catalogue, opts.ReadAt
			in, err := readImport(cmd.Context(), files, opts, logs)
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
	flags.StringArrayVar(&logs.Metric, "metric", nil, "what makes an answer correct (default for tables: what the column is called, the catalogue's metric, or acc)")
	flags.StringArrayVar(&logs.Filter, "filter", nil, "logs: how the answer was taken out of the text, such as strict-match")
	flags.StringArrayVar(&logs.Reducer, "reducer", nil, "logs: what several answers to one item count as: "+strings.Join(evallog.Reducers(), ", "))
	flags.StringArrayVar(&logs.Threshold, "threshold", nil, "logs: the least score that is right")
	columns.register(flags)
	a.newWarehouseFlag(flags)
	return cmd
}

// readImport reads logs, or tables where no file is a log.
func readImport(ctx context.Context, files []string, tables table.LongOptions, logs evallog.Options) (*corpus.Import, error) {
	for _, file := range files {
		isLog, err := evallog.Is(file)
		if err != nil {
			return nil, err
		}
		if isLog {
			return evallog.Read(ctx, files, logs)
		}
	}
	if len(logs.Filter)+len(logs.Reducer)+len(logs.Threshold) > 0 || len(logs.Metric) > 1 {
		return nil, usagef("--filter, --reducer, --threshold and a second --metric are for evaluation logs, and none of the files is one")
	}
	if len(logs.Metric) == 1 {
		tables.Metric = logs.Metric[0]
	}
	return table.ReadLong(ctx, files, tables)
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
