package statistics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"metabench/analysis/response"
	"metabench/score"
	"metabench/table"
	"metabench/warehouse"
)

// Answers are the answers that items are fitted to, and where they are from.
type Answers struct {
	*response.Table
	Source   string          // path of a file, or benchmark of the warehouse
	Name     string          // of the benchmark, or of the file without its endings
	Origin   score.Origin    // without code version and seed
	NotItems []table.NotItem // columns of a file that were not taken for items
	Notes    []string        // what the reader of a file decided by itself
}

// ReadAnswers reads a response table.
//
// Errors: *OptionError, *corpus.DataError.
func ReadAnswers(ctx context.Context, path string, o table.ResponseOptions) (*Answers, error) {
	answers, err := table.ReadResponses(ctx, path, o)
	if err != nil {
		return nil, columnError(err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	_, err = io.Copy(h, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return &Answers{Table: answers.Table, Source: path, Name: name, NotItems: answers.NotItems, Notes: answers.Notes(),
		Origin: score.Origin{Source: filepath.Base(path), Input: hex.EncodeToString(h.Sum(nil))}}, nil
}

// BenchmarkAnswers reads the answers to a benchmark of the warehouse, with kept without the
// items and models that the filters drop.
func BenchmarkAnswers(ctx context.Context, w *warehouse.Warehouse, benchmark string, kept bool) (*Answers, error) {
	which := warehouse.All
	if kept {
		which = warehouse.Kept
	}
	t, _, err := w.Responses(ctx, benchmark, which)
	if err != nil {
		return nil, err
	}
	fingerprint, err := w.Fingerprint(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	if len(t.Models) == 0 || len(t.Items) == 0 {
		return nil, errors.New("the filters leave no answers; leave out --kept")
	}
	return &Answers{Table: t, Source: benchmark, Name: benchmark,
		Origin: score.Origin{Source: "warehouse", Input: fingerprint, Kept: kept}}, nil
}
