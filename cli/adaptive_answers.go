package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"metabench/statistics"
	"metabench/warehouse"
)

// answersFlags say which answers are meant: those of files, or of the warehouse.
type answersFlags struct {
	benchmarks []string
	kept       bool
	table      tableFlags // how to read a file
}

func (f *answersFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	f.table.register(fl)
	fl.StringArrayVar(&f.benchmarks, "benchmark", nil, "take the answers to this benchmark from the warehouse, instead of a file")
	fl.BoolVar(&f.kept, "kept", false, "with --benchmark: without the items and models that the filters drop; scores are those over the items that stay")
}

// fileAnswers reads a response table.
func (a *app) fileAnswers(ctx context.Context, path string, f answersFlags) (*statistics.Answers, error) {
	answers, err := statistics.ReadAnswers(ctx, path, f.table.options(nil))
	if err == nil {
		a.notes(answers.Notes)
	}
	return answers, optionError(err)
}

// benchmarkAnswers reads a benchmark's answers from the warehouse.
func (a *app) benchmarkAnswers(cmd *cobra.Command, benchmark string, f answersFlags) (answers *statistics.Answers, err error) {
	cfg, err := a.load(cmd)
	if err != nil {
		return nil, err
	}
	err = a.readWarehouse(cmd.Context(), cfg, commandName(cmd), func(w *warehouse.Warehouse) error {
		answers, err = statistics.BenchmarkAnswers(cmd.Context(), w, benchmark, f.kept)
		return err
	})
	return answers, err
}

// optionError makes an option that a table does not have a usage error.
func optionError(err error) error {
	var option *statistics.OptionError
	if errors.As(err, &option) {
		return withCode(ExitUsage, err)
	}
	return err
}
