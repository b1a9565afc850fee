package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"metabench/corpus"
)

// longTable is a file with one row an answer, or one a prompt, while it is read. Columns
// are positions among the chosen ones.
type longTable struct {
	src  source
	path string
	batch

	columns []string // chosen, in the order of a batch's cells
	dicts   []*dictionary

	model   int // -1 in a file of prompts
	item    int
	value   int // the answer, or the prompt
	models  names
	items   names
	answers answers
}

// openLong chooses the columns to read. One that the file doesn't have is an error.
func openLong(src source, path string, columns []string, model, item, value int, missing missingCodes) (*longTable, error) {
	if err := chooseByName(src, path, columns); err != nil {
		return nil, err
	}
	t := &longTable{src: src, path: path, columns: columns, model: model, item: item, value: value}
	for k := range columns {
		t.dicts = append(t.dicts, src.dictionary(k))
	}
	if model >= 0 {
		t.models.dict = t.dicts[model]
	}
	t.items.dict = t.dicts[item]
	t.answers = answers{dict: t.dicts[value], missing: missing}
	return t, nil
}

// chooseByName chooses columns, explaining one that does not exist.
func chooseByName(src source, path string, wanted []string) error {
	have := src.columns()
	at := make([]int, len(wanted))
	for k, name := range wanted {
		if at[k] = slices.Index(have, name); at[k] < 0 {
			if e := src.whyNot(name); e != nil {
				return e
			}
			return missingColumn(path, name, have)
		}
	}
	src.choose(at)
	return nil
}

// eachRow reads the file to its end and calls f for every row, which the other methods
// know by its number in the batch.
func (t *longTable) eachRow(f func(i int) error) error {
	rows := 0
	for {
		err := t.src.next(&t.batch)
		switch {
		case errors.Is(err, io.EOF) && rows == 0:
			return &corpus.DataError{Kind: corpus.KindEmpty, File: t.path, Reason: "the table has a header but no rows"}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		rows += t.n
		for i := range t.n {
			if err := f(i); err != nil {
				return err
			}
		}
	}
}

// at says where in the file a row is.
func (t *longTable) at(i int) location { return t.location(t.path, i) }

// text is the text of a cell, "" where it is missing.
func (t *longTable) text(column, i int) string {
	return cellText(&t.cells[column], t.dicts[column], i)
}

// code is the code of a cell as text. The dictionary of a column of numbers has their
// digits.
func (t *longTable) code(column, i int) uint32 {
	if t.cells[column].numeric() {
		return t.dicts[column].code([]byte(t.text(column, i)))
	}
	return t.cells[column].codes[i]
}

// modelCode is the code of the model that a row names.
func (t *longTable) modelCode(i int) (uint32, error) {
	return t.models.of(&t.batch, t.model, i, t.path, t.columns[t.model])
}

// itemCode is the code of the item that a row names.
func (t *longTable) itemCode(i int) (uint32, error) {
	return t.items.of(&t.batch, t.item, i, t.path, t.columns[t.item])
}

// answer is the answer of a row to an item: 0, 1 or corpus.Missing. The metric, for the
// message of an error, may be empty.
func (t *longTable) answer(i int, model, item uint32, metric string) (uint8, error) {
	a := t.answers.of(&t.cells[t.value], i)
	if a == notBinary {
		e := wrongAnswer(t.at(i), t.columns[t.value], t.text(t.value, i), metric)
		e.Model, e.Item = t.models.dict.values[model], t.items.dict.values[item]
		return 0, e
	}
	return a, nil
}

// duplicate is the error of a row that repeats an earlier one in the given columns. It
// reads the file again to name that one, which keeps the row of every answer out of memory.
func (t *longTable) duplicate(ctx context.Context, i int, columns ...int) *corpus.DataError {
	e := t.at(i).errorf(corpus.KindDuplicate, "", "Keep one of the two rows", "the model answers this item a second time")
	e.Item = strings.TrimSpace(t.text(t.item, i))
	same := "the model already answers this item in %s"
	if t.model >= 0 {
		e.Model = strings.TrimSpace(t.text(t.model, i))
	} else {
		e.Reason, same = "the item has a second prompt", "the item's prompt is already in %s"
	}
	var names, values []string
	for _, k := range columns {
		names, values = append(names, t.columns[k]), append(values, t.text(k, i))
	}
	if first, ok := findRow(ctx, t.path, names, values); ok {
		e.Reason = fmt.Sprintf(same, first)
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
