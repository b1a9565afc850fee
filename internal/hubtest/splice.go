package hubtest

import (
	"encoding/binary"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// content is a file as consecutive pieces, most of which other files share.
type content struct {
	pieces [][]byte
	starts []int64 // offset of each piece
	size   int64
}

func newContent(pieces ...[]byte) *content {
	c := &content{}
	for _, p := range pieces {
		c.add(p)
	}
	return c
}

func (c *content) add(p []byte) {
	c.pieces = append(c.pieces, p)
	c.starts = append(c.starts, c.size)
	c.size += int64(len(p))
}

// ReadAt implements io.ReaderAt.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= c.size {
		return 0, io.EOF
	}
	lo, hi := 0, len(c.starts)
	for hi-lo > 1 { // last piece that starts at or before off
		if mid := (lo + hi) / 2; c.starts[mid] <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	n := 0
	for ; lo < len(c.pieces) && n < len(p); lo++ {
		n += copy(p[n:], c.pieces[lo][off+int64(n)-c.starts[lo]:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteTo writes the whole file.
func (c *content) WriteTo(w io.Writer) (int64, error) {
	var sum int64
	for _, p := range c.pieces {
		n, err := w.Write(p)
		sum += int64(n)
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (c *content) reader() *io.SectionReader { return io.NewSectionReader(c, 0, c.size) }

// splice makes a Parquet file of columns that have the same rows and row groups.
// declaredRows, when not negative, is written to the footer instead of the truth.
func splice(columns []*column, keyValues []format.KeyValue, declaredRows int64) *content {
	magic := []byte("PAR1")
	file := newContent(magic)
	meta := format.FileMetaData{
		Version:          1,
		KeyValueMetadata: thrift.Slice[format.KeyValue](keyValues),
		CreatedBy:        "parquet-cpp-arrow version 12.0.1",
	}
	root := format.SchemaElement{Name: "schema", NumChildren: thrift.New(int32(len(columns)))}
	meta.Schema = append(meta.Schema, root)
	for _, c := range columns {
		meta.Schema = append(meta.Schema, c.schema...)
	}
	for g := range columns[0].groups {
		group := format.RowGroup{NumRows: columns[0].groups[g].rows, FileOffset: file.size, Ordinal: int16(g)}
		meta.NumRows += group.NumRows
		for _, c := range columns {
			for _, leaf := range c.groups[g].leaves {
				m := leaf.meta
				if m.DictionaryPageOffset == 0 && m.DataPageOffset > 0 {
					m.DictionaryPageOffset = file.size
				}
				m.DataPageOffset += file.size
				file.add(leaf.bytes)
				group.Columns = append(group.Columns, format.ColumnChunk{FileOffset: file.size, MetaData: m})
				group.TotalByteSize += m.TotalUncompressedSize
				group.TotalCompressedSize += m.TotalCompressedSize
			}
		}
		meta.RowGroups = append(meta.RowGroups, group)
	}
	if declaredRows >= 0 {
		meta.NumRows = declaredRows
		for g := range meta.RowGroups {
			meta.RowGroups[g].NumRows = declaredRows
			for c := range meta.RowGroups[g].Columns {
				meta.RowGroups[g].Columns[c].MetaData.NumValues = declaredRows
			}
		}
	}
	footer := must(thrift.Marshal(new(thrift.CompactProtocol), &meta))
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	file.add(append(footer, magic...))
	return file
}
