package hubtest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// hurtColumn returns a copy of a column with damage to its first leaf's last page.
func hurtColumn(c *column, d damage) *column {
	out := &column{schema: c.schema, groups: append([]columnGroup(nil), c.groups...)}
	leaves := append([]leafChunk(nil), out.groups[0].leaves...)
	out.groups[0].leaves = leaves
	leaf := &leaves[0]
	leaf.bytes = bytes.Clone(leaf.bytes)
	switch d {
	case flippedPage:
		leaf.bytes[len(leaf.bytes)-1] ^= 0x10
	case bombed:
		leaf.inflate()
	}
	return out
}

// inflate makes the chunk's first page claim to unpack to two gigabytes, in the page
// header and in the compressed data's own preamble, with a checksum that fits.
func (l *leafChunk) inflate() {
	in := bytes.NewReader(l.bytes)
	var header format.PageHeader
	mustOK(thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(in)).Decode(&header))
	rest := l.bytes[len(l.bytes)-in.Len():]
	body, after := rest[:header.CompressedPageSize], rest[header.CompressedPageSize:]
	_, n := binary.Uvarint(body)
	bomb := append(binary.AppendUvarint(nil, math.MaxInt32), body[n:]...)
	was := int64(len(l.bytes))
	header.UncompressedPageSize = math.MaxInt32
	header.CompressedPageSize = int32(len(bomb))
	header.CRC = int32(crc32.ChecksumIEEE(bomb))
	first := append(must(thrift.Marshal(new(thrift.CompactProtocol), &header)), bomb...)
	if l.meta.DataPageOffset > 0 {
		l.meta.DataPageOffset = int64(len(first))
	}
	l.bytes = append(first, after...)
	l.meta.TotalCompressedSize += int64(len(l.bytes)) - was
	l.meta.TotalUncompressedSize += math.MaxInt32
}
