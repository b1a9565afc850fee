package table

import (
	"context"
	"errors"
	"fmt"
	"io"
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

	pf        *parquet.File
	names     []string
	columnsAt []int // of each name: which column of the file
	types     []parquetType
	unread    []*Error // why a column of the file is not among them
	chosen    []*parquetColumn
	group     int   // row group being read; -1 before the first
	left      int64 // rows left in it
	rows      int64
	scratch   []parquet.Value
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
		return nil, noFooter(file)
	}
	if _, err := r.ReadAt(tail, size-8); err != nil {
		return nil, err
	}
	if string(tail[4:]) != parquetMagic {
		return nil, noFooter(file)
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
	declared := leavesOf(pf.Metadata().Schema)
	if len(declared) != len(pf.Schema().Columns()) {
		return nil, damaged(file, errors.New("the schema has columns without a type"))
	}
	for _, path := range pf.Schema().Columns() {
		leaf, ok := pf.Schema().Lookup(path...)
		if !ok {
			return nil, damaged(file, fmt.Errorf("column %s is not in its own schema", strings.Join(path, ".")))
		}
		name := strings.Join(path, ".")
		typ, e := readable(file, name, leaf, declared[leaf.ColumnIndex])
		if e != nil {
			s.unread = append(s.unread, e)
			continue
		}
		s.names = append(s.names, name)
		s.columnsAt = append(s.columnsAt, leaf.ColumnIndex)
		s.types = append(s.types, typ)
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

func noFooter(file string) error {
	return &Error{Kind: KindTruncated, File: file, Problem: "a Parquet file without its footer: the end is missing",
		Remedy: "Copy or download the file again"}
}

func damaged(file string, err error) error {
	return &Error{Kind: KindFormat, File: file, Problem: "the Parquet file is damaged",
		Remedy: "Copy or download the file again", Err: err}
}

// leavesOf are the columns that a schema declares, in the order of the file. Elements
// without a physical type are groups of others.
func leavesOf(schema []format.SchemaElement) []*format.SchemaElement {
	var leaves []*format.SchemaElement
	for k := range schema {
		if schema[k].Type.Valid {
			leaves = append(leaves, &schema[k])
		}
	}
	return leaves
}

// readable says how a column is read, or why it can't be.
func readable(file, name string, leaf parquet.LeafColumn, declared *format.SchemaElement) (parquetType, *Error) {
	if leaf.MaxRepetitionLevel > 0 || leaf.MaxDefinitionLevel > 1 {
		return parquetType{}, &Error{Kind: KindColumn, File: file, Column: name,
			Problem: "is a nested column; only flat ones are read", Remedy: "Unnest it first"}
	}
	typ, reason := typeOf(declared)
	if reason != "" {
		return typ, &Error{Kind: KindColumn, File: file, Column: name, Problem: reason,
			Remedy: "Cast it to text, an integer or a double"}
	}
	return typ, nil
}

// recoverDamage turns a panic of the Parquet library on hostile bytes into an error.
func recoverDamage(file string, err *error) {
	if p := recover(); p != nil {
		*err = damaged(file, fmt.Errorf("%v", p))
	}
}

func (s *parquetSource) columns() []string            { return s.names }
func (s *parquetSource) unreadColumns() []*Error      { return s.unread }
func (s *parquetSource) dictionary(k int) *dictionary { return s.chosen[k].dict }

func (s *parquetSource) whyNot(name string) *Error {
	for _, e := range s.unread {
		if e.Column == name || strings.HasPrefix(e.Column, name+".") {
			return e
		}
	}
	return nil
}

func (s *parquetSource) choose(columns []int) {
	for _, c := range columns {
		s.chosen = append(s.chosen, newParquetColumn(s.file, s.names[c], s.columnsAt[c], s.types[c]))
	}
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
