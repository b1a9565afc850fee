package cli

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
	"metabench/table"
)

// floatColumns reads columns as numbers.
func floatColumns(frame *table.Frame, names []string) ([][]float64, error) {
	out := make([][]float64, len(names))
	for k, name := range names {
		values, err := frame.Floats(name)
		if err != nil {
			return nil, columnError(err)
		}
		out[k] = values
	}
	return out, nil
}

// columnError makes a column that the user misnamed a usage error.
func columnError(err error) error {
	var bad *corpus.DataError
	if errors.As(err, &bad) && bad.Kind == corpus.KindColumn {
		return withCode(ExitUsage, err)
	}
	return err
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

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// formatFloat writes a number so that reading it gives the same bits; "" is NaN.
func formatFloat(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// pick returns the values at the given rows.
func pick(values []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = values[i]
	}
	return out
}

// pickRows returns the given rows of all columns.
func pickRows(columns [][]float64, rows []int) [][]float64 {
	out := make([][]float64, len(columns))
	for k, c := range columns {
		out[k] = pick(c, rows)
	}
	return out
}
