package details

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// checkPages walks the pages of a column before the Parquet library decodes them:
// each page's compressed bytes must be there, its decompressed size must be what it
// says and within bounds, and together they must have the values that the footer
// declares. The library would believe the page headers and reserve what they ask for.
func (f *File) checkPages(m format.ColumnMetaData) error {
	data := make([]byte, m.TotalCompressedSize)
	if _, err := f.src.ReadAt(data, chunkStart(m)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var values, unpacked int64
	for len(data) > 0 && values < m.NumValues {
		length, err := skim(data)
		if err != nil {
			return &FileError{Fault: FaultCorrupt, Detail: "page header", Err: err}
		}
		var h format.PageHeader
		if err := thrift.Unmarshal(&thrift.CompactProtocol{}, data[:length], &h); err != nil {
			return &FileError{Fault: FaultCorrupt, Detail: "page header", Err: err}
		}
		data = data[length:]
		size, full := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
		unpacked += full
		if size < 0 || size > int64(len(data)) || full < 0 {
			return faultf(FaultCorrupt, "page of %d bytes, %d are left", size, len(data))
		}
		if unpacked > maxChunk {
			return faultf(FaultBounds, "pages of more than %d bytes", maxChunk)
		}
		count, levels := pageShape(h)
		if h.Type != format.DictionaryPage {
			values += count
		}
		if count < 0 || count > m.NumValues || values > m.NumValues || levels < 0 || levels > min(size, full) {
			return faultf(FaultBounds, "page of %d values in a column of %d", count, m.NumValues)
		}
		plain := h.DataPageHeaderV2.Valid && h.DataPageHeaderV2.V.IsCompressed.Valid && !h.DataPageHeaderV2.V.IsCompressed.V
		if !plain {
			if err := checkUnpacked(m.Codec, data[levels:size], full-levels); err != nil {
				return err
			}
		}
		data = data[size:]
	}
	if values != m.NumValues {
		return faultf(FaultCorrupt, "pages of %d values in a column of %d", values, m.NumValues)
	}
	return nil
}

// pageShape is a page's number of values and the bytes of levels before its
// compressed part.
func pageShape(h format.PageHeader) (values, levels int64) {
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		return int64(h.DictionaryPageHeader.V.NumValues), 0
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		return int64(h.DataPageHeader.V.NumValues), 0
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		v2 := h.DataPageHeaderV2.V
		r, d := int64(v2.RepetitionLevelsByteLength), int64(v2.DefinitionLevelsByteLength)
		if r < 0 || d < 0 {
			return -1, 0
		}
		return int64(v2.NumValues), r + d
	}
	return -1, 0
}

// checkUnpacked makes sure that data decompresses to exactly want bytes, without
// ever holding more.
func checkUnpacked(codec format.CompressionCodec, data []byte, want int64) error {
	var r io.Reader
	switch codec {
	case format.Uncompressed:
		if int64(len(data)) != want {
			return faultf(FaultCorrupt, "plain page of %d bytes, %d declared", len(data), want)
		}
		return nil
	case format.Snappy:
		n, err := snappy.DecodedLen(data)
		if err != nil || int64(n) != want {
			return faultf(FaultBounds, "snappy page unpacks to %d bytes, %d declared", n, want)
		}
		return nil // Decode makes no more than that
	case format.Gzip:
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return &FileError{Fault: FaultCorrupt, Detail: "gzip page", Err: err}
		}
		r = z
	case format.Zstd:
		z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxChunk), zstd.WithDecoderLowmem(true))
		if err != nil {
			return &FileError{Fault: FaultCorrupt, Detail: "zstd page", Err: err}
		}
		defer z.Close()
		r = z
	default:
		return faultf(FaultCorrupt, "compression %v, which these files don't use", codec)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, want+1))
	if err != nil {
		return &FileError{Fault: FaultCorrupt, Detail: "compressed page", Err: err}
	}
	if n != want {
		return faultf(FaultBounds, "page unpacks to %d bytes or more, %d declared", n, want)
	}
	return nil
}
