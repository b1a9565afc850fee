package hubtest

import (
	"bytes"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
)

// column is one top-level column of a Parquet file, as the library's writer encoded it: its
// part of the schema and, row group by row group, the bytes and metadata of its leaves.
// splice puts files together from columns, which the library's writer can't: it would encode
// the columns that all models share (prompts, tokens: nearly all of the bytes) for every
// model again, and write page indexes and checksums that the real files don't have.
type column struct {
	schema []format.SchemaElement // depth first, without a root
	groups []columnGroup
}

type columnGroup struct {
	rows   int64
	leaves []leafChunk
}

// leafChunk is a column chunk; offsets in meta are relative to the chunk's first byte.
type leafChunk struct {
	bytes []byte
	meta  format.ColumnMetaData
}

// Compression is the codec of a file's pages.
type Compression string

// The codecs that writers of Parquet offer.
const (
	CompressionSnappy Compression = "snappy"
	CompressionZstd   Compression = "zstd"
	CompressionGzip   Compression = "gzip"
	CompressionNone   Compression = "none"
)

func (c Compression) codec() compress.Codec {
	switch c {
	case CompressionZstd:
		return &parquet.Zstd
	case CompressionGzip:
		return &parquet.Gzip
	case CompressionNone:
		return &parquet.Uncompressed
	}
	return &parquet.Snappy
}

// The types of columns. Everything is optional, as Arrow writes it.
var (
	textNode = parquet.Optional(parquet.String()) // long and unique: writers give up their dictionary
	boolNode = parquet.Optional(parquet.Leaf(parquet.BooleanType))
	realNode = parquet.Optional(parquet.Leaf(parquet.DoubleType))
	intDict  = dictionary(parquet.Int(64))
	realDict = dictionary(parquet.Leaf(parquet.DoubleType))

	textList    = listOf(dictionary(parquet.String()))
	intList     = listOf(intDict)
	realList    = listOf(realNode)
	intListList = listOf(intList)
	nullList    = listOf(parquet.Optional(parquet.Leaf(parquet.Int32Type))) // see encode
)

func dictionary(n parquet.Node) parquet.Node {
	return parquet.Optional(parquet.Encoded(n, &parquet.RLEDictionary))
}

func listOf(n parquet.Node) parquet.Node { return parquet.Optional(parquet.List(n)) }

// structOf is a struct with members of one type. Their order is alphabetical.
func structOf(member parquet.Node, names []string) parquet.Node {
	g := parquet.Group{}
	for _, n := range names {
		g[n] = member
	}
	return parquet.Optional(g)
}

// cell appends one row's values of a column.
type cell func(row parquet.Row, k int) parquet.Row

// encoding is how the columns of a file are written.
type encoding struct {
	rows      int
	groupRows int // rows of a row group
	codec     compress.Codec
	checksums bool // on every page
}

// encode writes a column. What the writer of the real files did not write is left out: size
// statistics, page indexes and, unless wanted, page checksums. A nullList gets the logical type
// null, which Arrow gives to lists that are all empty and the library's writer can't.
func (e encoding) encode(name string, node parquet.Node, value cell) *column {
	var out bytes.Buffer
	w := parquet.NewWriter(&out, parquet.NewSchema("schema", parquet.Group{name: node}),
		parquet.DataPageVersion(1), parquet.WriteBufferSize(0), parquet.Compression(e.codec))
	rows, values := make([]parquet.Row, 0, min(e.rows, e.groupRows)), parquet.Row{}
	for from := 0; from < e.rows; from += e.groupRows {
		rows, values = rows[:0], values[:0]
		for k := from; k < min(from+e.groupRows, e.rows); k++ {
			start := len(values)
			values = value(values, k)
			if k == 0 { // rows of a column are of about the same length
				values = slices.Grow(values, len(values)*min(e.rows, e.groupRows))
			}
			rows = append(rows, values[start:len(values):len(values)])
		}
		must(w.WriteRows(rows))
		mustOK(w.Flush())
	}
	mustOK(w.Close())
	meta := w.File().Metadata()
	c := &column{schema: meta.Schema[1:]}
	if node == nullList {
		c.schema[len(c.schema)-1].LogicalType = format.LogicalType{Value: new(format.NullType)}
	}
	for _, g := range meta.RowGroups {
		cg := columnGroup{rows: g.NumRows}
		for _, chunk := range g.Columns {
			m := chunk.MetaData
			start := m.DataPageOffset
			if m.DictionaryPageOffset > 0 {
				start = m.DictionaryPageOffset
			}
			end := start + m.TotalCompressedSize
			m.DataPageOffset -= start
			m.DictionaryPageOffset = 0
			m.SizeStatistics = format.SizeStatistics{}
			leaf := leafChunk{bytes: out.Bytes()[start:end:end], meta: m}
			if !e.checksums {
				leaf.rewrite(func(h *format.PageHeader, body []byte) []byte {
					h.CRC = 0 // left out of the header
					return body
				})
			}
			cg.leaves = append(cg.leaves, leaf)
		}
		c.groups = append(c.groups, cg)
	}
	return c
}

// The cells of the column types. The levels follow from everything being optional.

func scalarCell[T any](f func(k int) T, value func(T) parquet.Value) cell {
	return func(row parquet.Row, k int) parquet.Row {
		return append(row, value(f(k)).Level(0, 1, 0))
	}
}

func textCell(f func(k int) string) cell { return scalarCell(f, textValue) }

func textValue(s string) parquet.Value { return parquet.ByteArrayValue([]byte(s)) }

func listCell[T any](f func(k int) []T, value func(T) parquet.Value) cell {
	return func(row parquet.Row, k int) parquet.Row {
		list := f(k)
		if len(list) == 0 {
			return emptyListCell(row, k)
		}
		for i, v := range list {
			row = append(row, value(v).Level(min(i, 1), 3, 0))
		}
		return row
	}
}

func emptyListCell(row parquet.Row, _ int) parquet.Row {
	return append(row, parquet.NullValue().Level(0, 1, 0))
}

func intListListCell(f func(k int) [][]int64) cell {
	return func(row parquet.Row, k int) parquet.Row {
		outer := f(k)
		if len(outer) == 0 {
			return emptyListCell(row, k)
		}
		for i, inner := range outer {
			if len(inner) == 0 {
				row = append(row, parquet.NullValue().Level(min(i, 1), 3, 0))
			}
			for j, v := range inner {
				rep := 2
				if j == 0 {
					rep = min(i, 1)
				}
				row = append(row, parquet.Int64Value(v).Level(rep, 5, 0))
			}
		}
		return row
	}
}

func structCell[T any](members int, f func(k, member int) T, value func(T) parquet.Value) cell {
	return func(row parquet.Row, k int) parquet.Row {
		for m := range members {
			row = append(row, value(f(k, m)).Level(0, 2, m))
		}
		return row
	}
}

// must is for encoders that write to memory: they fail only by a mistake of this package's.
func must[T any](v T, err error) T {
	mustOK(err)
	return v
}

func mustOK(err error) {
	if err != nil {
		panic("hubtest: " + err.Error())
	}
}
