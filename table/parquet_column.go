package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"

	"metabench/internal/parquetfile"
)

// parquetColumn reads one column across the pages of a row group.
type parquetColumn struct {
	name    string
	index   int
	numeric bool // delivered as numbers
	typ     parquetType
	dict    *dictionary
	byInt   map[int64]uint32  // codes of integers that were met
	byBytes map[string]uint32 // codes of values that are not their own text

	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader // of a page without dictionary
	at     int                 // rows of the page already delivered
	dense  int                 // values (not null) of the page already delivered
	defs   []byte              // definition levels of the page: 1 where a value is, 0 where not

	pageDict parquet.Dictionary
	remap    []uint32  // page dictionary index → code
	numbers  []float64 // page dictionary index → number
}

func newParquetColumn(name string, index int, typ parquetType) *parquetColumn {
	return &parquetColumn{name: name, index: index, numeric: typ.number != nil, typ: typ,
		dict: newDictionary(), byInt: map[int64]uint32{}, byBytes: map[string]uint32{}}
}

func (c *parquetColumn) damaged(format string, args ...any) error {
	return &parquetfile.Error{Kind: parquetfile.Damaged, Err: fmt.Errorf("column %q: "+format, append([]any{c.name}, args...)...)}
}

func (c *parquetColumn) open(chunk parquet.ColumnChunk) {
	c.release()
	c.pages = chunk.Pages()
}

func (c *parquetColumn) release() {
	if c.page != nil {
		parquet.Release(c.page)
		c.page, c.values = nil, nil
	}
	if c.pages != nil {
		_ = c.pages.Close() // only read from
		c.pages = nil
	}
	c.pageDict = nil
}

// nextPage goes to the next page that has values.
func (c *parquetColumn) nextPage() error {
	for {
		if c.page != nil {
			parquet.Release(c.page)
			c.page = nil
		}
		p, err := c.pages.ReadPage()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return c.damaged("fewer values than the row group has rows")
			}
			return c.damaged("%w", err)
		}
		c.page, c.values, c.at, c.dense = p, nil, 0, 0
		if p.NumValues() == 0 {
			continue
		}
		c.defs = p.DefinitionLevels()
		if d := p.Dictionary(); d != nil && d != c.pageDict {
			c.intern(d)
		}
		return nil
	}
}

// read appends n rows of the column.
func (c *parquetColumn) read(dst *cells, n int, scratch []parquet.Value) error {
	for n > 0 {
		if c.page == nil || c.at >= int(c.page.NumValues()) {
			if err := c.nextPage(); err != nil {
				return err
			}
		}
		take := min(n, int(c.page.NumValues())-c.at)
		if err := c.copy(dst, take, scratch); err != nil {
			return err
		}
		c.at += take
		n -= take
	}
	return nil
}

// present counts how many of the next take rows have a value.
func (c *parquetColumn) present(take int) int {
	if len(c.defs) == 0 {
		return take
	}
	return bytes.Count(c.defs[c.at:c.at+take], []byte{1})
}

// copy appends the next rows of the current page.
func (c *parquetColumn) copy(dst *cells, take int, scratch []parquet.Value) error {
	if len(c.defs) > 0 && len(c.defs) < c.at+take {
		return c.damaged("fewer definition levels than values")
	}
	count := c.present(take)
	defer func() { c.dense += count }()
	switch {
	case c.page.Dictionary() != nil && c.numeric:
		return copyIndexed(c, &dst.floats, c.numbers, math.NaN(), take, count)
	case c.page.Dictionary() != nil:
		return copyIndexed(c, &dst.codes, c.remap, missingCode, take, count)
	}
	return c.copyPlain(dst, take, scratch)
}

// copyPlain appends rows of a page that is not stored by dictionary.
func (c *parquetColumn) copyPlain(dst *cells, take int, scratch []parquet.Value) error {
	if c.values == nil {
		c.values = c.page.Values()
	}
	for done := 0; done < take; {
		n, err := c.values.ReadValues(scratch[:min(len(scratch), take-done)])
		for _, v := range scratch[:n] {
			switch {
			case c.numeric && v.IsNull():
				dst.floats = append(dst.floats, math.NaN())
			case c.numeric:
				dst.floats = append(dst.floats, c.typ.number(v))
			case v.IsNull():
				dst.codes = append(dst.codes, missingCode)
			default:
				dst.codes = append(dst.codes, c.code(v))
			}
		}
		done += n
		if n == 0 || err != nil && !errors.Is(err, io.EOF) {
			return c.damaged("a page ends after %d of %d values: %v", done, take, err)
		}
	}
	return nil
}

// copyIndexed appends rows of a page that holds indexes into its dictionary. The
// indexes are checked against the values known, which hostile files exceed.
func copyIndexed[T uint32 | float64](c *parquetColumn, dst *[]T, values []T, null T, take, count int) error {
	data := c.page.Data()
	indexes := data.Int32()
	if len(indexes) < c.dense+count {
		return c.damaged("fewer indexes than values")
	}
	indexes = indexes[c.dense : c.dense+count]
	out := *dst
	if count == take {
		for _, k := range indexes {
			if uint(k) >= uint(len(values)) {
				return c.damaged("index %d in a dictionary of %d values", k, len(values))
			}
			out = append(out, values[k])
		}
		*dst = out
		return nil
	}
	at := 0
	for i := range take {
		if c.defs[c.at+i] != 1 {
			out = append(out, null)
			continue
		}
		k := indexes[at]
		if uint(k) >= uint(len(values)) {
			return c.damaged("index %d in a dictionary of %d values", k, len(values))
		}
		out = append(out, values[k])
		at++
	}
	*dst = out
	return nil
}

// intern takes over the values of a page dictionary.
func (c *parquetColumn) intern(d parquet.Dictionary) {
	c.remap, c.numbers = c.remap[:0], c.numbers[:0]
	for k := range d.Len() {
		v := d.Index(int32(k))
		if c.numeric {
			c.numbers = append(c.numbers, c.typ.number(v))
		} else {
			c.remap = append(c.remap, c.code(v))
		}
	}
	c.pageDict = d
}

// code returns the code of a value that is delivered as text.
func (c *parquetColumn) code(v parquet.Value) uint32 {
	switch v.Kind() {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		if c.typ.plain {
			return c.dict.code(v.ByteArray())
		}
		return remember(c.byBytes, string(v.ByteArray()), c, v)
	case parquet.Int32, parquet.Int64:
		return remember(c.byInt, signedOf(v), c, v)
	}
	return c.dict.code([]byte(c.typ.text(v)))
}

// remember writes a value as text once for all that are equal to it.
func remember[K comparable](known map[K]uint32, key K, c *parquetColumn, v parquet.Value) uint32 {
	code, ok := known[key]
	if !ok {
		code = c.dict.code([]byte(c.typ.text(v)))
		known[key] = code
	}
	return code
}
