package table

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"metabench/corpus"
	"metabench/internal/parquetfile"
)

// parquetLimits are beyond every table in sight: the widest has 28,659 columns, the longest
// 143 million answers. A file that declares more is damaged or hostile.
var parquetLimits = parquetfile.Limits{Footer: 256 << 20, List: 1 << 18, Structures: 1 << 23,
	Rows: 1 << 31, Column: 16 << 30, Page: 256 << 20, PageValues: 1 << 26}

// parquetSource reads the flat columns of a Parquet file page by page. A column that is
// stored by dictionary stays so: its values are read once, and its indexes renumbered, so
// that reading a response table is mostly copying small integers.
type parquetSource struct {
	ctx    context.Context
	file   string
	r      readerAt
	closer io.Closer
	size   int64

	pf        *parquetfile.File
	names     []string
	columnsAt []int // of each name: which column of the file
	types     []parquetType
	unread    []*corpus.DataError // why a column of the file is not among them
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

func openParquet(ctx context.Context, file string, r readerAt, c io.Closer, size int64) (source, error) {
	pf, err := parquetfile.Open(r, size, parquetLimits)
	if err != nil {
		return nil, parquetError(file, err)
	}
	s := &parquetSource{ctx: ctx, file: file, r: r, closer: c, size: size, pf: pf, group: -1,
		scratch: make([]parquet.Value, 512)}
	declared := leavesOf(pf.Metadata().Schema)
	if len(declared) != len(pf.Schema().Columns()) {
		return nil, parquetError(file, parquetfile.Errorf(parquetfile.Damaged, "the schema has columns without a type"))
	}
	for _, path := range pf.Schema().Columns() {
		leaf, ok := pf.Schema().Lookup(path...)
		if !ok {
			return nil, parquetError(file, parquetfile.Errorf(parquetfile.Damaged, "column %s is not in its own schema", strings.Join(path, ".")))
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
		return nil, &corpus.DataError{Kind: corpus.KindEmpty, File: file, Reason: "the file has no columns"}
	}
	if err := checkHeader(file, s.names); err != nil {
		return nil, err
	}
	return s, nil
}

// parquetError says what to do about a file that can't be read as it is; other errors
// stay as they are.
func parquetError(file string, err error) error {
	var e *parquetfile.Error
	if !errors.As(err, &e) {
		return err
	}
	again := "Copy or download the file again"
	switch e.Kind {
	case parquetfile.Truncated:
		return &corpus.DataError{Kind: corpus.KindTruncated, File: file, Reason: "a Parquet file without its footer: the end is missing", Remedy: again}
	case parquetfile.TooLarge:
		return &corpus.DataError{Kind: corpus.KindLimit, File: file, Reason: "the Parquet file is larger than what is read, or damaged", Remedy: again, Err: err}
	}
	return &corpus.DataError{Kind: corpus.KindFormat, File: file, Reason: "the Parquet file is damaged", Remedy: again, Err: err}
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
func readable(file, name string, leaf parquet.LeafColumn, declared *format.SchemaElement) (parquetType, *corpus.DataError) {
	if leaf.MaxRepetitionLevel > 0 || leaf.MaxDefinitionLevel > 1 {
		return parquetType{}, &corpus.DataError{Kind: corpus.KindColumn, File: file, Column: name,
			Reason: "is a nested column; only flat ones are read", Remedy: "Unnest it first"}
	}
	typ, reason := typeOf(declared)
	if reason != "" {
		return typ, &corpus.DataError{Kind: corpus.KindColumn, File: file, Column: name, Reason: reason,
			Remedy: "Cast it to text, an integer or a double"}
	}
	return typ, nil
}

func (s *parquetSource) columns() []string                  { return s.names }
func (s *parquetSource) unreadColumns() []*corpus.DataError { return s.unread }
func (s *parquetSource) dictionary(k int) *dictionary       { return s.chosen[k].dict }

func (s *parquetSource) whyNot(name string) *corpus.DataError {
	for _, e := range s.unread {
		if e.Column == name || strings.HasPrefix(e.Column, name+".") {
			return e
		}
	}
	return nil
}

func (s *parquetSource) choose(columns []int) {
	for _, c := range columns {
		s.chosen = append(s.chosen, newParquetColumn(s.names[c], s.columnsAt[c], s.types[c]))
	}
}

func (s *parquetSource) next(b *batch) error {
	b.reset(len(s.chosen))
	b.first = s.rows
	if err := s.ctx.Err(); err != nil {
		return err
	}
	for s.left == 0 {
		if s.group+1 >= len(s.pf.RowGroups()) {
			return io.EOF
		}
		s.group++
		if err := s.openGroup(); err != nil {
			return parquetError(s.file, err)
		}
	}
	n := int(min(s.left, batchRows))
	err := s.pf.Guard(func() error {
		for k, c := range s.chosen {
			if err := c.read(&b.cells[k], n, s.scratch); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return parquetError(s.file, err)
	}
	b.n = n
	s.left -= int64(n)
	s.rows += int64(n)
	return nil
}

// openGroup opens the chosen columns of the row group, after checking their pages.
func (s *parquetSource) openGroup() error {
	g := s.pf.RowGroups()[s.group]
	s.left = g.NumRows()
	for _, c := range s.chosen {
		m, err := s.pf.Chunk(s.group, c.index)
		if err != nil {
			return err
		}
		if m.NumValues != s.left {
			return c.damaged("%d values in a row group of %d rows", m.NumValues, s.left)
		}
		if err := s.pf.CheckPages(m); err != nil {
			return err
		}
		if err := s.pf.Guard(func() error { c.open(g.ColumnChunks()[c.index]); return nil }); err != nil {
			return err
		}
	}
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
