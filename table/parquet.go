package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

const (
	parquetMagic = "PAR1"

	// maxRows is more answers than any corpus in sight has; a file that declares
	// more is damaged or hostile.
	maxRows = 1 << 31
)

// parquetSource reads the flat columns of a Parquet file page by page. A column
// that is stored by dictionary stays so: its indexes are renumbered, its values
// never touched again, which makes reading a response table a matter of copying
// small integers.
type parquetSource struct {
	ctx    context.Context
	file   string
	r      readerAt
	closer io.Closer
	size   int64

	pf      *parquet.File
	names   []string
	leaves  []parquet.LeafColumn
	unread  []*Error // why a column of the file is not among them
	chosen  []*parquetColumn
	group   int   // row group being read; -1 before the first
	left    int64 // rows left in it
	rows    int64
	scratch []parquet.Value
}

type readerAt interface {
	io.ReaderAt
	io.Reader
	io.Seeker
}

func openParquet(ctx context.Context, file string, r readerAt, c io.Closer, size int64) (_ source, err error) {
	defer recoverDamage(file, &err)
	tail := make([]byte, 8)
	if size < 12 {
		return nil, noFooter(file, nil)
	}
	if _, err := r.ReadAt(tail, size-8); err != nil {
		return nil, err
	}
	if string(tail[4:]) != parquetMagic {
		return nil, noFooter(file, nil)
	}
	if n := int64(uint32(tail[0]) | uint32(tail[1])<<8 | uint32(tail[2])<<16 | uint32(tail[3])<<24); n > size-12 {
		return nil, damaged(file, fmt.Errorf("a footer of %d bytes in a file of %d", n, size))
	}
	pf, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(file, err)
	}
	if pf.NumRows() < 0 || pf.NumRows() > maxRows {
		return nil, &Error{Kind: KindLimit, File: file, Problem: fmt.Sprintf("the footer declares %d rows", pf.NumRows())}
	}
	s := &parquetSource{ctx: ctx, file: file, r: r, closer: c, size: size, pf: pf, group: -1,
		scratch: make([]parquet.Value, 512)}
	for _, path := range pf.Schema().Columns() {
		leaf, ok := pf.Schema().Lookup(path...)
		if !ok {
			return nil, damaged(file, fmt.Errorf("column %s is not in its own schema", strings.Join(path, ".")))
		}
		name := strings.Join(path, ".")
		if e := unreadable(file, name, leaf); e != nil {
			s.unread = append(s.unread, e)
			continue
		}
		s.names = append(s.names, name)
		s.leaves = append(s.leaves, leaf)
	}
	if len(s.names) == 0 && len(s.unread) > 0 {
		return nil, s.unread[0]
	}
	if len(s.names) == 0 {
		return nil, &Error{Kind: KindEmpty, File: file, Problem: "the file has no columns"}
	}
	if err := checkHeader(file, s.names); err != nil {
		return nil, err
	}
	for _, g := range pf.RowGroups() {
		if len(g.ColumnChunks()) != len(pf.Schema().Columns()) {
			return nil, damaged(file, errors.New("a row group lacks columns of the schema"))
		}
	}
	return s, nil
}

func noFooter(file string, err error) error {
	return &Error{Kind: KindTruncated, File: file, Problem: "a Parquet file without its footer: the end is missing",
		Remedy: "Copy or download the file again", Err: err}
}

func damaged(file string, err error) error {
	return &Error{Kind: KindFormat, File: file, Problem: "the Parquet file is damaged",
		Remedy: "Copy or download the file again", Err: err}
}

// unreadable says why a column can't be read; nil if it can.
func unreadable(file, name string, leaf parquet.LeafColumn) *Error {
	if leaf.MaxRepetitionLevel > 0 || leaf.MaxDefinitionLevel > 1 {
		return &Error{Kind: KindColumn, File: file, Column: name,
			Problem: "is a nested column; only flat ones are read", Remedy: "Unnest it first"}
	}
	if k := leaf.Node.Type().Kind(); k == parquet.Int96 || k == parquet.FixedLenByteArray {
		return &Error{Kind: KindColumn, File: file, Column: name,
			Problem: fmt.Sprintf("has the type %s, which isn't read", leaf.Node.Type()),
			Remedy:  "Cast it to text, an integer or a double"}
	}
	return nil
}

// recoverDamage turns a panic of the Parquet library on hostile bytes into an error.
func recoverDamage(file string, err *error) {
	if p := recover(); p != nil {
		*err = damaged(file, fmt.Errorf("%v", p))
	}
}

func (s *parquetSource) columns() []string            { return s.names }
func (s *parquetSource) dictionary(k int) *dictionary { return s.chosen[k].dict }

func (s *parquetSource) whyNot(name string) *Error {
	for _, e := range s.unread {
		if e.Column == name || strings.HasPrefix(e.Column, name+".") {
			return e
		}
	}
	return nil
}

func (s *parquetSource) choose(columns []int) error {
	for _, c := range columns {
		s.chosen = append(s.chosen, newParquetColumn(s.file, s.names[c], s.leaves[c]))
	}
	return nil
}

func (s *parquetSource) next(b *batch) (err error) {
	defer recoverDamage(s.file, &err)
	b.reset(len(s.chosen))
	b.first = s.rows
	if err := s.ctx.Err(); err != nil {
		return err
	}
	for s.left == 0 {
		groups := s.pf.RowGroups()
		if s.group+1 >= len(groups) {
			return io.EOF
		}
		s.group++
		g := groups[s.group]
		if s.left = g.NumRows(); s.left < 0 || s.left > maxRows {
			return damaged(s.file, fmt.Errorf("row group %d declares %d rows", s.group, s.left))
		}
		for _, c := range s.chosen {
			c.open(g.ColumnChunks()[c.index])
		}
	}
	n := int(min(s.left, batchRows))
	for k, c := range s.chosen {
		if err := c.read(&b.cells[k], n, s.scratch); err != nil {
			return err
		}
	}
	b.n = n
	s.left -= int64(n)
	s.rows += int64(n)
	return nil
}

func (s *parquetSource) finish() (int64, string, error) {
	if _, err := s.r.Seek(0, io.SeekStart); err != nil {
		return 0, "", err
	}
	return newDigestReader(s.r).finish()
}

func (s *parquetSource) close() error {
	for _, c := range s.chosen {
		c.release()
	}
	return s.closer.Close()
}

// parquetColumn reads one column across the pages of a row group.
type parquetColumn struct {
	file, name string
	index      int
	kind       parquet.Kind
	unsigned   bool
	scale      float64 // power of ten that a decimal is divided by; 0 for other types
	numeric    bool    // delivered as numbers
	dict       *dictionary
	byInt      map[int64]uint32

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

func newParquetColumn(file, name string, leaf parquet.LeafColumn) *parquetColumn {
	c := &parquetColumn{file: file, name: name, index: leaf.ColumnIndex, kind: leaf.Node.Type().Kind(), dict: newDictionary(),
		byInt: make(map[int64]uint32)}
	if lt := leaf.Node.Type().LogicalType(); lt != nil {
		switch t := lt.Value.(type) {
		case *format.IntType:
			c.unsigned = !t.IsSigned
		case *format.DecimalType:
			c.scale = math.Pow10(int(t.Scale))
		}
	}
	c.numeric = c.kind == parquet.Double || c.kind == parquet.Float || c.scale > 0
	return c
}

func (c *parquetColumn) damaged(format string, args ...any) error {
	return damaged(c.file, fmt.Errorf("column %q: "+format, append([]any{c.name}, args...)...))
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

// turn goes to the next page that has values.
func (c *parquetColumn) turn() error {
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
			c.learn(d)
		}
		return nil
	}
}

// read appends n rows of the column.
func (c *parquetColumn) read(dst *cells, n int, scratch []parquet.Value) error {
	for n > 0 {
		if c.page == nil || c.at >= int(c.page.NumValues()) {
			if err := c.turn(); err != nil {
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
				dst.floats = append(dst.floats, c.number(v))
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

// learn takes over the values of a page dictionary.
func (c *parquetColumn) learn(d parquet.Dictionary) {
	c.remap, c.numbers = c.remap[:0], c.numbers[:0]
	for k := range d.Len() {
		v := d.Index(int32(k))
		if c.numeric {
			c.numbers = append(c.numbers, c.number(v))
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
		return c.dict.code(v.ByteArray())
	case parquet.Boolean:
		return c.dict.code(strconv.AppendBool(nil, v.Boolean()))
	case parquet.Int32, parquet.Int64:
		n := v.Int64()
		if v.Kind() == parquet.Int32 && c.unsigned {
			n = int64(uint32(v.Int32()))
		}
		code, ok := c.byInt[n]
		if !ok {
			text := strconv.AppendInt(nil, n, 10)
			if c.unsigned {
				text = strconv.AppendUint(nil, uint64(n), 10)
			}
			code = c.dict.code(text)
			c.byInt[n] = code
		}
		return code
	}
	return c.dict.code([]byte(v.String()))
}

// number returns a value that is delivered as a number.
func (c *parquetColumn) number(v parquet.Value) float64 {
	switch v.Kind() {
	case parquet.Double:
		return v.Double()
	case parquet.Float:
		return float64(v.Float())
	case parquet.Int32:
		return float64(v.Int32()) / c.scale
	case parquet.Int64:
		return float64(v.Int64()) / c.scale
	}
	return math.NaN()
}
