package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/score"
	"metabench/table"
	"metabench/warehouse"
)

// answersFlags say which answers of the warehouse are meant, beside files.
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

// sourcedAnswers are answers and where they are from.
type sourcedAnswers struct {
	*response.Table
	name     string
	origin   score.Origin
	notItems []table.NotItem // of a file
}

// warehouseAnswers reads a benchmark's answers.
func (a *app) warehouseAnswers(ctx context.Context, cmd *cobra.Command, benchmark string, kept bool) (out sourcedAnswers, err error) {
	cfg, err := a.load(cmd)
	if err != nil {
		return out, err
	}
	which := warehouse.All
	if kept {
		which = warehouse.Kept
	}
	err = a.readWarehouse(ctx, cfg, cmd.CommandPath(), func(w *warehouse.Warehouse) error {
		table, _, err := w.Responses(ctx, benchmark, which)
		if err != nil {
			return err
		}
		fingerprint, err := w.Fingerprint(ctx, benchmark)
		out = sourcedAnswers{Table: table, name: benchmark, origin: score.Origin{Source: "warehouse", Input: fingerprint, Kept: kept}}
		return err
	})
	if err == nil && (len(out.Models) == 0 || len(out.Items) == 0) {
		err = errors.New("the filters leave no answers; leave out --kept")
	}
	return out, err
}

// fileAnswers reads a response table.
func (a *app) fileAnswers(ctx context.Context, path string, flags tableFlags) (out sourcedAnswers, err error) {
	answers, err := table.ReadResponses(ctx, path, flags.options(nil))
	if err != nil {
		return out, columnError(err)
	}
	a.tell(answers.Notes())
	file, err := os.Open(path)
	if err != nil {
		return out, err
	}
	h := sha256.New()
	_, err = io.Copy(h, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return out, fmt.Errorf("%s: %w", path, err)
	}
	return sourcedAnswers{Table: answers.Table, name: path, notItems: answers.NotItems,
		origin: score.Origin{Source: filepath.Base(path), Input: hex.EncodeToString(h.Sum(nil))}}, nil
}

// fitItems fits the items of a test.
func fitItems(ctx context.Context, m *response.Matrix, kind irt.Kind, workers int) (*irt.Result, error) {
	fit, err := irt.Fit(ctx, m, irt.Options{Kind: kind, Prior: irt.WeakPrior(), Workers: workers})
	if err != nil {
		return nil, err
	}
	return fit, ctx.Err()
}

// answered returns the table without the models that have no answer: they have no
// score.
func answered(t *response.Table) *response.Table {
	var rows []int
	for i := range t.Models {
		if _, observed := t.Answers.Counts(i); observed > 0 {
			rows = append(rows, i)
		}
	}
	if len(rows) == len(t.Models) {
		return t
	}
	return t.SelectModels(rows)
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
