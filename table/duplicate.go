package table

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"metabench/corpus"
)

// duplicateError is a second answer of a model to an item, before the first one
// has been looked up.
type duplicateError struct {
	at      location
	columns []string // columns that identify an answer
	values  []string // and their values
	prompt  bool     // it is an item's prompt, not a model's answer
}

func (e *duplicateError) Error() string {
	return fmt.Sprintf("%s, %s: a second answer for %s", e.at.file, e.at, strings.Join(e.values, ", "))
}

// locateDuplicate replaces a duplicateError by an Error that names both rows. It
// reads the file again, which keeps the row of every answer out of memory.
func locateDuplicate(ctx context.Context, path string, err error) error {
	var dup *duplicateError
	if !errors.As(err, &dup) {
		return err
	}
	e := dup.at.errorf(corpus.KindDuplicate, "", "Keep one of the two rows", "the model answers this item a second time")
	first, ok := findRow(ctx, path, dup.columns, dup.values)
	if ok {
		e.Reason = fmt.Sprintf("the model already answers this item in %s", first)
	}
	if dup.prompt {
		e.Item, e.Reason = dup.values[0], fmt.Sprintf("the item's prompt is already in %s", first)
	} else {
		e.Model, e.Item = dup.values[0], dup.values[1]
	}
	return e
}

// findRow returns the first row that has the given values in the given columns.
func findRow(ctx context.Context, path string, columns, values []string) (location, bool) {
	src, err := open(ctx, path)
	if err != nil {
		return location{}, false
	}
	defer func() { _ = src.close() }() // only read from
	if chooseByName(src, path, columns) != nil {
		return location{}, false
	}
	var b batch
	for src.next(&b) == nil {
	rows:
		for i := range b.n {
			for k, want := range values {
				if strings.TrimSpace(cellText(&b.cells[k], src.dictionary(k), i)) != strings.TrimSpace(want) {
					continue rows
				}
			}
			return b.location(path, i), true
		}
	}
	return location{}, false
}

// cellText is the text of a cell, "" where it is missing.
func cellText(c *cells, d *dictionary, i int) string {
	return (&column{cells: *c, dict: d}).text(i)
}
