package hubtest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
)

// column is one top-level column of a Parquet file, already encoded: its part of
// the schema and, row group by row group, the bytes and metadata of its leaves. A
// file is put together from columns, so that the columns all models share (prompts,
// tokens: nearly all of the bytes) are encoded once, and only the answers per model.
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

// columnWriter encodes columns of one name and type. It is reused, because setting
// one up costs more than writing a few hundred values.
type columnWriter struct {
	writer *parquet.Writer
	out    bytes.Buffer
	row    parquet.Row
	rows   []parquet.Row

	// Both are kept from the start: the writer wipes its own copies when it is reset.
	schema []format.SchemaElement
	paths  [][]string // of the leaves
}

// columnType is the shape of a top-level column.
type columnType struct {
	name string
	kind columnKind
	keys []string // members of a struct, in alphabetical order

	compression Compression
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

type columnKind int

const (
	stringColumn columnKind = iota
	int64Column
	doubleColumn
	boolColumn
	stringListColumn
	int64ListColumn
	doubleListColumn
	int64ListListColumn
	nullListColumn // list<null>: what a writer makes of lists that are all empty
	stringStructColumn
	doubleStructColumn
)

func (t columnType) node() parquet.Node {
	leaf := func(n parquet.Node) parquet.Node {
		return parquet.Optional(parquet.Compressed(n, t.compression.codec()))
	}
	dict := func(n parquet.Node) parquet.Node {
		return leaf(parquet.Encoded(n, &parquet.RLEDictionary))
	}
	list := func(n parquet.Node) parquet.Node { return parquet.Optional(parquet.List(n)) }
	group := func(member parquet.Node) parquet.Node {
		g := parquet.Group{}
		for _, k := range t.keys {
			g[k] = member
		}
		return parquet.Optional(g)
	}
	text, integer, real := parquet.String(), parquet.Int(64), parquet.Leaf(parquet.DoubleType)
	switch t.kind {
	case stringColumn:
		return leaf(text) // long and unique: writers give up their dictionary
	case int64Column:
		return dict(integer)
	case doubleColumn:
		return dict(real)
	case boolColumn:
		return leaf(parquet.Leaf(parquet.BooleanType))
	case stringListColumn:
		return list(dict(text))
	case int64ListColumn:
		return list(dict(integer))
	case doubleListColumn:
		return list(leaf(real))
	case int64ListListColumn:
		return list(list(dict(integer)))
	case nullListColumn:
		return list(leaf(parquet.Leaf(parquet.Int32Type))) // marked null in the schema afterwards
	case stringStructColumn:
		return group(leaf(text))
	case doubleStructColumn:
		return group(dict(real))
	}
	panic("hubtest: unknown column kind")
}

// cell appends one row's values of a column.
type cell func(row parquet.Row, k int) parquet.Row

// writers keeps idle columnWriters by column type.
type writers struct {
	pools sync.Map // string → *sync.Pool
}

func (w *writers) get(t columnType) (*columnWriter, *sync.Pool) {
	name := fmt.Sprintf("%s/%d/%q/%s", t.name, t.kind, t.keys, t.compression)
	pool, _ := w.pools.LoadOrStore(name, &sync.Pool{New: func() any {
		cw := &columnWriter{}
		schema := parquet.NewSchema("schema", parquet.Group{t.name: t.node()})
		for _, path := range schema.Columns() {
			cw.paths = append(cw.paths, slices.Clone(path))
		}
		cw.writer = parquet.NewWriter(&cw.out, schema, parquet.DataPageVersion(1), parquet.WriteBufferSize(0))
		return cw
	}})
	p := pool.(*sync.Pool)
	return p.Get().(*columnWriter), p
}

// encode writes n rows of a column, groupRows to a row group, with or without a
// checksum on every page.
func (w *writers) encode(t columnType, n, groupRows int, checksums bool, value cell) *column {
	cw, pool := w.get(t)
	defer pool.Put(cw)
	cw.out.Reset()
	cw.writer.Reset(&cw.out)
	for from := 0; from < n; from += groupRows {
		cw.rows = cw.rows[:0]
		cw.row = cw.row[:0]
		for k := from; k < min(from+groupRows, n); k++ {
			start := len(cw.row)
			cw.row = value(cw.row, k)
			cw.rows = append(cw.rows, cw.row[start:len(cw.row):len(cw.row)])
		}
		must(cw.writer.WriteRows(cw.rows))
		mustOK(cw.writer.Flush())
	}
	mustOK(cw.writer.Close())
	return cw.column(t, checksums)
}

// column cuts the written file into chunks. What the writer of the real files did
// not write goes: size statistics, page indexes and, unless wanted, page checksums.
func (cw *columnWriter) column(t columnType, checksums bool) *column {
	data := bytes.Clone(cw.out.Bytes())
	meta := cw.writer.File().Metadata()
	if cw.schema == nil {
		cw.schema = slices.Clone(meta.Schema[1:])
		if t.kind == nullListColumn {
			cw.schema[len(cw.schema)-1].LogicalType = format.LogicalType{Value: new(format.NullType)}
		}
	}
	c := &column{schema: cw.schema}
	for _, g := range meta.RowGroups {
		cg := columnGroup{rows: g.NumRows}
		for i, chunk := range g.Columns {
			m := chunk.MetaData
			start := m.DataPageOffset
			if m.DictionaryPageOffset > 0 {
				start = m.DictionaryPageOffset
			}
			leaf := leafChunk{bytes: data[start : start+m.TotalCompressedSize : start+m.TotalCompressedSize]}
			leaf.meta = format.ColumnMetaData{
				Type: m.Type, Encoding: slices.Clone(m.Encoding), PathInSchema: cw.paths[i], Codec: m.Codec,
				NumValues: m.NumValues, TotalUncompressedSize: m.TotalUncompressedSize, TotalCompressedSize: m.TotalCompressedSize,
				DataPageOffset: m.DataPageOffset - start, EncodingStats: slices.Clone(m.EncodingStats),
				Statistics: format.Statistics{Min: bytes.Clone(m.Statistics.Min), Max: bytes.Clone(m.Statistics.Max),
					MinValue: bytes.Clone(m.Statistics.MinValue), MaxValue: bytes.Clone(m.Statistics.MaxValue),
					NullCount: m.Statistics.NullCount, DistinctCount: m.Statistics.DistinctCount},
			}
			if !checksums {
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

// must is for encoders that write to memory: they fail only when this package
// describes its columns wrongly.
func must[T any](v T, err error) T {
	mustOK(err)
	return v
}

func mustOK(err error) {
	if err != nil {
		panic("hubtest: " + err.Error())
	}
}

// The cells of the column kinds. Levels follow the shapes of columnType.node, where
// everything is optional, as Arrow writes it.

func stringCell(f func(k int) string) cell {
	return func(row parquet.Row, k int) parquet.Row {
		return append(row, parquet.ByteArrayValue([]byte(f(k))).Level(0, 1, 0))
	}
}

func int64Cell(f func(k int) int64) cell {
	return func(row parquet.Row, k int) parquet.Row {
		return append(row, parquet.Int64Value(f(k)).Level(0, 1, 0))
	}
}

func doubleCell(f func(k int) float64) cell {
	return func(row parquet.Row, k int) parquet.Row {
		return append(row, parquet.DoubleValue(f(k)).Level(0, 1, 0))
	}
}

func boolCell(f func(k int) bool) cell {
	return func(row parquet.Row, k int) parquet.Row {
		return append(row, parquet.BooleanValue(f(k)).Level(0, 1, 0))
	}
}

func listCell[T any](f func(k int) []T, value func(T) parquet.Value) cell {
	return func(row parquet.Row, k int) parquet.Row {
		list := f(k)
		if len(list) == 0 {
			return append(row, parquet.NullValue().Level(0, 1, 0))
		}
		for i, v := range list {
			row = append(row, value(v).Level(min(i, 1), 3, 0))
		}
		return row
	}
}

func stringListCell(f func(k int) []string) cell {
	return listCell(f, func(s string) parquet.Value { return parquet.ByteArrayValue([]byte(s)) })
}

func int64ListCell(f func(k int) []int64) cell {
	return listCell(f, parquet.Int64Value)
}

func doubleListCell(f func(k int) []float64) cell {
	return listCell(f, parquet.DoubleValue)
}

func int64ListListCell(f func(k int) [][]int64) cell {
	return func(row parquet.Row, k int) parquet.Row {
		outer := f(k)
		if len(outer) == 0 {
			return append(row, parquet.NullValue().Level(0, 1, 0))
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

func emptyListCell(row parquet.Row, _ int) parquet.Row {
	return append(row, parquet.NullValue().Level(0, 1, 0))
}

func stringStructCell(members int, f func(k, member int) string) cell {
	return func(row parquet.Row, k int) parquet.Row {
		for m := range members {
			row = append(row, parquet.ByteArrayValue([]byte(f(k, m))).Level(0, 2, m))
		}
		return row
	}
}

func doubleStructCell(members int, f func(k, member int) float64) cell {
	return func(row parquet.Row, k int) parquet.Row {
		for m := range members {
			row = append(row, parquet.DoubleValue(f(k, m)).Level(0, 2, m))
		}
		return row
	}
}
