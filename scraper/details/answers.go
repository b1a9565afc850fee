package details

import (
	"fmt"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// Answers reads a binary metric, one value a row: 1 for a correct answer, 0 for a
// wrong one. It looks for the metric in the forms of the three generations of
// files, in this order:
//
//  1. a column of that name (2023)
//  2. a member of the struct "metrics", or a column "metrics.NAME" (2024)
//  3. a text column "metrics" with a Python dictionary (where the writer gave up)
//
// Cells may be numbers, booleans or their texts. Any other value than 0 and 1 makes the
// whole file unusable, because the other rows may be wrong too.
func (f *File) Answers(metric string) ([]uint8, error) {
	if column, ok := f.metric(metric); ok {
		return f.binary(column, metric, scalar)
	}
	if column, ok := f.leaf("metrics"); ok {
		return f.binary(column, metric, func(v parquet.Value) (float64, error) {
			if v.Kind() != parquet.ByteArray {
				return 0, fmt.Errorf("column metrics is %v, want a text", v.Kind())
			}
			value, ok, err := dictValue(string(v.ByteArray()), metric)
			if err == nil && !ok {
				err = fmt.Errorf("no %q in %.60q", metric, v.ByteArray())
			}
			return value, err
		})
	}
	return nil, faultf(FaultMetric, "no %s among %s", metric, strings.Join(f.Columns(), ", "))
}

func (f *File) metric(name string) (int, bool) {
	if column, ok := f.leaf(name); ok {
		return column, true
	}
	return f.leaf("metrics", name)
}

func (f *File) binary(column int, metric string, read func(parquet.Value) (float64, error)) ([]uint8, error) {
	values, err := f.values(column)
	if err != nil {
		return nil, err
	}
	answers := make([]uint8, len(values))
	for row, v := range values {
		if v.IsNull() {
			return nil, faultf(FaultValue, "%s of row %d is missing", metric, row)
		}
		x, err := read(v)
		if err != nil {
			return nil, &FileError{Fault: FaultValue, Detail: fmt.Sprintf("%s of row %d", metric, row), Err: err}
		}
		switch x {
		case 0:
		case 1:
			answers[row] = 1
		default:
			return nil, faultf(FaultValue, "%s of row %d is %v, want 0 or 1", metric, row, x)
		}
	}
	return answers, nil
}

func scalar(v parquet.Value) (float64, error) {
	switch v.Kind() {
	case parquet.Boolean:
		if v.Boolean() {
			return 1, nil
		}
		return 0, nil
	case parquet.Int32:
		return float64(v.Int32()), nil
	case parquet.Int64:
		return float64(v.Int64()), nil
	case parquet.Float:
		return float64(v.Float()), nil
	case parquet.Double:
		return v.Double(), nil
	case parquet.ByteArray:
		return number(strings.TrimSpace(string(v.ByteArray())))
	}
	return math.NaN(), fmt.Errorf("type %v", v.Kind())
}
