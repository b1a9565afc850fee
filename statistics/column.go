package statistics

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"

	"metabench/corpus"
	"metabench/table"
)

// OptionError says that an option asks for what a table does not have, or for what makes
// no sense.
type OptionError struct{ Err error }

func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *OptionError) Unwrap() error { return e.Err }

func optionErrorf(format string, args ...any) error {
	return &OptionError{fmt.Errorf(format, args...)}
}

// columnError makes a column that is misnamed an *OptionError.
func columnError(err error) error {
	var bad *corpus.DataError
	if errors.As(err, &bad) && bad.Kind == corpus.KindColumn {
		return &OptionError{err}
	}
	return err
}

// columns are columns of numbers, one slice a column. NaN stands for no value.
type columns [][]float64

// readColumns reads columns as numbers.
func readColumns(frame *table.Frame, names []string) (columns, error) {
	out := make(columns, len(names))
	for k, name := range names {
		values, err := frame.Floats(name)
		if err != nil {
			return nil, columnError(err)
		}
		out[k] = values
	}
	return out, nil
}

// complete reports whether row i has a value in every column.
func (c columns) complete(i int) bool {
	return !slices.ContainsFunc(c, func(column []float64) bool { return !isFinite(column[i]) })
}

// row writes row i into x.
func (c columns) row(i int, x []float64) []float64 {
	for j, column := range c {
		x[j] = column[i]
	}
	return x
}

// rows returns the given rows of all columns.
func (c columns) rows(rows []int) columns {
	out := make(columns, len(c))
	for k, column := range c {
		out[k] = make([]float64, len(rows))
		for r, i := range rows {
			out[k][r] = column[i]
		}
	}
	return out
}

// readTexts reads a column as text; nil for no name.
func readTexts(frame *table.Frame, name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	texts, err := frame.Strings(name)
	return texts, columnError(err)
}

// someValues lists the first few distinct values of a column.
func someValues(values []string) string {
	var seen []string
	for _, v := range values {
		if !slices.Contains(seen, strconv.Quote(v)) {
			seen = append(seen, strconv.Quote(v))
		}
		if len(seen) == 5 {
			return strings.Join(seen, ", ") + " …"
		}
	}
	return strings.Join(seen, ", ")
}

// uniqueNames trims names of columns and refuses one that occurs twice; option is where
// they are from.
func uniqueNames(option string, names []string) ([]string, error) {
	out := make([]string, len(names))
	for k, name := range names {
		out[k] = strings.TrimSpace(name)
		if slices.Contains(out[:k], out[k]) {
			return nil, optionErrorf("%s: %q is given twice", option, out[k])
		}
	}
	return out, nil
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// finiteOrNull is a number for JSON: nil for one that is not defined.
func finiteOrNull(v float64) *float64 {
	if !isFinite(v) {
		return nil
	}
	return &v
}

// number writes a number so that reading it gives the same bits; "" is NaN.
func number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// numberUnlessZero writes a number whose zero stands for "there is none".
func numberUnlessZero(v float64) string {
	if v == 0 {
		return ""
	}
	return number(v)
}

// writeRecords writes a CSV file whole or not at all.
func writeRecords(path string, records [][]string) error {
	var text bytes.Buffer
	err := csv.NewWriter(&text).WriteAll(records)
	if err == nil {
		err = renameio.WriteFile(path, text.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
