package statistics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/score"
	"metabench/table"
)

// parameterColumns are the columns of a table of item parameters besides item.
var parameterColumns = []struct {
	name    string
	of      func(*irt.Item) *float64
	missing float64 // where there is no such column; NaN for one that must be there
}{
	{"a1", func(it *irt.Item) *float64 { return &it.A }, math.NaN()},
	{"d", func(it *irt.Item) *float64 { return &it.D }, math.NaN()},
	{"g", func(it *irt.Item) *float64 { return &it.G }, 0},
	{"u", func(it *irt.Item) *float64 { return &it.U }, 1},
}

// ReadParameters reads a table of item parameters, as Fit writes them: columns item, a1,
// d and, if there, g (else 0) and u (else 1).
func ReadParameters(ctx context.Context, path string) (*adaptive.Bank, error) {
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	keys, err := frame.Strings("item")
	if err != nil {
		return nil, err
	}
	items := make([]irt.Item, len(keys))
	for _, c := range parameterColumns {
		if !math.IsNaN(c.missing) && !frame.Has(c.name) {
			for j := range items {
				*c.of(&items[j]) = c.missing
			}
			continue
		}
		values, err := frame.Floats(c.name)
		if err != nil {
			return nil, err
		}
		for j, v := range values {
			*c.of(&items[j]) = v
		}
	}
	bank, err := adaptive.NewBank(keys, items)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bank, nil
}

// readStart reads the parameters of the named items, all four of each.
func readStart(ctx context.Context, path string, names []string) ([]irt.Item, error) {
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	keys, err := frame.Strings("item")
	if err != nil {
		return nil, columnError(err)
	}
	var columnNames []string
	for _, c := range parameterColumns {
		columnNames = append(columnNames, c.name)
	}
	x, err := readColumns(frame, columnNames)
	if err != nil {
		return nil, err
	}
	row := make(map[string]int, len(keys))
	for i, key := range keys {
		row[key] = i
	}
	items := make([]irt.Item, len(names))
	for j, name := range names {
		i, ok := row[name]
		if !ok {
			return nil, optionErrorf("--start %s: no row for item %q", path, name)
		}
		for k, c := range parameterColumns {
			if !isFinite(x[k][i]) {
				return nil, optionErrorf("--start %s: item %q has no %s", path, name, c.name)
			}
			*c.of(&items[j]) = x[k][i]
		}
	}
	return items, nil
}

// ReadItems reads the items of an adaptive test, from an item bank or from a table of
// parameters, which are recognised by content: calibrated is nil for a table.
func ReadItems(ctx context.Context, path string) (bank *adaptive.Bank, calibrated *score.ItemBank, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	calibrated, err = readItemBank(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	if calibrated == nil {
		bank, err = ReadParameters(ctx, path)
		return bank, nil, err
	}
	if bank, err = calibrated.Bank(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return bank, calibrated, nil
}

// readItemBank reads an item bank; nil for anything else.
func readItemBank(file io.ReadSeeker) (*score.ItemBank, error) {
	if !score.Enveloped(file) {
		return nil, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b, _, err := score.ReadItemBank(file)
	return b, err
}
