package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"metabench/corpus"
)

// maxCells bounds what ReadFrame and ReadResponses hold in memory: 4 or 8 bytes each.
const maxCells = 1 << 28

// Frame is a table in memory: named columns of the same number of rows, each of
// numbers or of text. A Frame is not changed after it was read.
type Frame struct {
	file    string
	names   []string
	whyNot  func(name string) *corpus.DataError // of a column that could not be read
	columns []column
	lines   []int64 // line of each row in a text file, else nil
	rowAt   []int64 // 0-based number of each row in its file; nil when all rows are kept
	rows    int
}

// column is a whole column; one of codes and floats is used.
type column struct {
	cells
	dict *dictionary
}

// ReadFrame reads a whole table, Parquet or CSV, gzipped or not.
func ReadFrame(ctx context.Context, path string) (*Frame, error) {
	src, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	f, err := readFrame(src, path)
	if closing := src.close(); err == nil && closing != nil {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func readFrame(src source, path string) (*Frame, error) {
	f := &Frame{file: path, names: src.columns(), whyNot: src.whyNot}
	all := make([]int, len(f.names))
	for k := range all {
		all[k] = k
	}
	src.choose(all)
	f.columns = make([]column, len(all))
	for k := range f.columns {
		f.columns[k].dict = src.dictionary(k)
	}
	var b batch
	for {
		err := src.next(&b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		f.rows += b.n
		if int64(f.rows)*int64(len(all)) > maxCells {
			return nil, &corpus.DataError{Kind: corpus.KindLimit, File: path,
				Reason: fmt.Sprintf("more than %d values", maxCells),
				Remedy: "Keep only the columns and rows needed"}
		}
		for k, c := range b.cells {
			f.columns[k].codes = append(f.columns[k].codes, c.codes...)
			f.columns[k].floats = append(f.columns[k].floats, c.floats...)
		}
		f.lines = append(f.lines, b.lines...)
	}
	if f.rows == 0 {
		return nil, &corpus.DataError{Kind: corpus.KindEmpty, File: path, Reason: "the table has a header but no rows"}
	}
	return f, nil
}

// Rows returns the number of rows.
func (f *Frame) Rows() int { return f.rows }

// Has reports whether the frame has a column of that name.
func (f *Frame) Has(name string) bool {
	_, err := f.find(name)
	return err == nil
}

func (f *Frame) find(name string) (int, error) {
	for k, n := range f.names {
		if n == name {
			return k, nil
		}
	}
	if e := f.whyNot(name); e != nil {
		return 0, e
	}
	return 0, missingColumn(f.file, name, f.names)
}

// Floats returns a column as numbers, NaN where the value is missing (empty, NA,
// NaN or null). Text that is no number, and a number that is infinite, is an error
// that names the row.
func (f *Frame) Floats(name string) ([]float64, error) {
	k, err := f.find(name)
	if err != nil {
		return nil, err
	}
	c := f.columns[k]
	if c.numeric() {
		for i, v := range c.floats {
			if math.IsInf(v, 0) {
				return nil, f.infinite(i, name)
			}
		}
		return append([]float64(nil), c.floats...), nil
	}
	values, bad := parseFloats(c.dict.values)
	out := make([]float64, f.rows)
	for i, code := range c.codes {
		switch {
		case code == missingCode:
			out[i] = math.NaN()
		case bad[code]:
			return nil, f.location(i).errorf(corpus.KindValue, name, "Give numbers, or leave the cell empty where there is none",
				"%q is not a number", corpus.Clip(c.dict.values[code], 40))
		case math.IsInf(values[code], 0):
			return nil, f.infinite(i, name)
		default:
			out[i] = values[code]
		}
	}
	return out, nil
}

// infinite is the error for an infinite number: neither a value for computations nor a
// missing one.
func (f *Frame) infinite(i int, name string) *corpus.DataError {
	return f.location(i).errorf(corpus.KindValue, name, "Give a finite number, or leave the cell empty where there is none", "the value is infinite")
}

// parseFloats parses the distinct values of a column and marks those that are no numbers.
func parseFloats(texts []string) (values []float64, bad []bool) {
	values, bad = make([]float64, len(texts)), make([]bool, len(texts))
	for k, text := range texts {
		text = strings.TrimSpace(text)
		switch text {
		case "true", "TRUE", "True":
			values[k] = 1
		case "false", "FALSE", "False":
		default:
			v, err := strconv.ParseFloat(text, 64)
			values[k], bad[k] = v, err != nil
		}
	}
	return values, bad
}

// Strings returns a column as text, "" where the value is missing.
func (f *Frame) Strings(name string) ([]string, error) {
	k, err := f.find(name)
	if err != nil {
		return nil, err
	}
	c := f.columns[k]
	out := make([]string, f.rows)
	for i := range out {
		out[i] = c.text(i)
	}
	return out, nil
}

// Filter returns the rows whose column has a certain text. If no row has it that is an
// error, since it is nearly always a mistake in the text.
func (f *Frame) Filter(name, value string) (*Frame, error) {
	k, err := f.find(name)
	if err != nil {
		return nil, err
	}
	var keep []int
	c := f.columns[k]
	for i := range f.rows {
		if c.text(i) == value {
			keep = append(keep, i)
		}
	}
	if len(keep) == 0 {
		return nil, noSuchValue(f.file, name, value, c.dict.values)
	}
	return f.pick(keep), nil
}

func noSuchValue(file, column, value string, have []string) *corpus.DataError {
	e := &corpus.DataError{Kind: corpus.KindValue, File: file, Column: column,
		Reason: fmt.Sprintf("no row has the value %q", corpus.Clip(value, 60))}
	if near, ok := nearest(value, have); ok {
		e.Remedy = fmt.Sprintf("Did you mean %q?", near)
	} else if len(have) > 0 {
		e.Remedy = "It holds " + list(have)
	}
	return e
}

func (f *Frame) pick(rows []int) *Frame {
	g := &Frame{file: f.file, names: f.names, whyNot: f.whyNot, rows: len(rows), columns: make([]column, len(f.columns))}
	for k, c := range f.columns {
		g.columns[k].dict = c.dict
		for _, i := range rows {
			if c.numeric() {
				g.columns[k].floats = append(g.columns[k].floats, c.floats[i])
			} else {
				g.columns[k].codes = append(g.columns[k].codes, c.codes[i])
			}
		}
	}
	for _, i := range rows {
		if len(f.lines) > 0 {
			g.lines = append(g.lines, f.lines[i])
		}
		at := int64(i)
		if f.rowAt != nil {
			at = f.rowAt[i]
		}
		g.rowAt = append(g.rowAt, at)
	}
	return g
}

// location says where in the file a row of the frame is.
func (f *Frame) location(i int) location {
	switch {
	case len(f.lines) > 0:
		return location{file: f.file, line: f.lines[i]}
	case f.rowAt != nil:
		return location{file: f.file, row: f.rowAt[i] + 1}
	}
	return location{file: f.file, row: int64(i) + 1}
}

func (c *cells) numeric() bool { return len(c.floats) > 0 }

// text returns the value of a row as text, "" where it is missing.
func (c *column) text(i int) string {
	if !c.numeric() {
		return c.dict.text(c.codes[i])
	}
	return numberText(c.floats[i])
}

// numberText writes a number by its digits, "" for NaN. A whole number is written like an
// integer, so that 1e6 is 1000000 in columns of both types.
func numberText(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
