package hubtest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
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
// header and in the preamble that Snappy's data have.
func (l *leafChunk) inflate() {
	first := true
	l.rewrite(func(h *format.PageHeader, body []byte) []byte {
		if !first {
			return body
		}
		first = false
		h.UncompressedPageSize = math.MaxInt32
		if l.meta.Codec != format.Snappy {
			return body
		}
		_, n := binary.Uvarint(body)
		return append(binary.AppendUvarint(nil, math.MaxInt32), body[n:]...)
	})
	l.meta.TotalUncompressedSize += math.MaxInt32
}

// rewrite passes every page of the chunk through f, which may change its header and
// body. Sizes and offsets follow; a checksum that was there stays right.
func (l *leafChunk) rewrite(f func(h *format.PageHeader, body []byte) []byte) {
	out := make([]byte, 0, len(l.bytes))
	dataAt := l.meta.DataPageOffset
	protocol := new(thrift.CompactProtocol)
	for in := bytes.NewReader(l.bytes); in.Len() > 0; {
		at := int64(len(l.bytes) - in.Len())
		if at == dataAt {
			l.meta.DataPageOffset = int64(len(out))
		}
		var h format.PageHeader
		mustOK(thrift.NewDecoder(protocol.NewReader(in)).Decode(&h))
		from := len(l.bytes) - in.Len()
		body := l.bytes[from : from+int(h.CompressedPageSize)]
		must(in.Seek(int64(h.CompressedPageSize), io.SeekCurrent))
		before := int64(from) - at + int64(len(body))
		checksum := h.CRC != 0
		body = f(&h, body)
		h.CompressedPageSize = int32(len(body))
		if checksum && h.CRC != 0 {
			h.CRC = int32(crc32.ChecksumIEEE(body))
		}
		header := must(thrift.Marshal(protocol, &h))
		out = append(append(out, header...), body...)
		l.meta.TotalUncompressedSize += int64(len(header)) + int64(len(body)) - before
	}
	l.meta.TotalCompressedSize = int64(len(out))
	l.bytes = out
}
