package parquetfile

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// headerWindow is how much is read at first to find a page's header in, in bytes; headers
// with long minima and maxima take more.
const headerWindow = 4 << 10

// CheckPages walks the pages of a column's part of a row group, as Chunk returned it,
// before the Parquet library decodes them: each page's compressed bytes must be there, its
// decompressed size must be what it says and within the limits, and together they must
// have the values that the footer declares. It holds no page in memory, except of LZ4.
func (f *File) CheckPages(m format.ColumnMetaData) error {
	at, end := Start(m), Start(m)+m.TotalCompressedSize
	var values, unpacked int64
	for at < end && values < m.NumValues {
		h, length, err := f.pageHeader(at, end)
		if err != nil {
			return err
		}
		at += length
		size, full := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
		unpacked += full
		if size < 0 || size > end-at || full < 0 {
			return Errorf(Damaged, "page of %d bytes, %d are left", size, end-at)
		}
		if unpacked > f.limits.Column || full > f.limits.Page {
			return Errorf(TooLarge, "page of %d bytes", full)
		}
		count, levels := pageShape(h)
		if h.Type != format.DictionaryPage { // which may have values that no row has
			values += count
		}
		if count < 0 || count > f.limits.PageValues || values > m.NumValues || levels < 0 || levels > min(size, full) {
			return Errorf(TooLarge, "page of %d values in a column of %d", count, m.NumValues)
		}
		plain := h.DataPageHeaderV2.Valid && h.DataPageHeaderV2.V.IsCompressed.Valid && !h.DataPageHeaderV2.V.IsCompressed.V
		if !plain {
			if err := f.checkUnpacked(m.Codec, io.NewSectionReader(f.src, at+levels, size-levels), full-levels); err != nil {
				return err
			}
		}
		at += size
	}
	if values != m.NumValues {
		return Errorf(Damaged, "pages of %d values in a column of %d", values, m.NumValues)
	}
	return nil
}

// pageHeader reads the header of a page that begins at a place of the file and ends
// before another one.
func (f *File) pageHeader(at, end int64) (h format.PageHeader, length int64, err error) {
	for window := min(headerWindow, end-at); ; window = min(4*window, end-at) {
		data := make([]byte, window)
		if _, err := f.src.ReadAt(data, at); err != nil && !errors.Is(err, io.EOF) {
			return h, 0, err
		}
		n, err := skim(data, f.limits)
		if errors.Is(err, errCut) && window < end-at {
			continue
		}
		if err == nil {
			err = thrift.Unmarshal(&thrift.CompactProtocol{}, data[:n], &h)
		}
		if err != nil {
			return h, 0, &Error{Kind: Damaged, Detail: "page header", Err: err}
		}
		return h, int64(n), nil
	}
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

// checkUnpacked makes sure that a page decompresses to exactly want bytes, without ever
// making more.
func (f *File) checkUnpacked(codec format.CompressionCodec, data *io.SectionReader, want int64) error {
	var r io.Reader
	switch codec {
	case format.Uncompressed:
		if data.Size() != want {
			return Errorf(Damaged, "plain page of %d bytes, %d declared", data.Size(), want)
		}
		return nil
	case format.Snappy: // which says its size at the beginning, and makes no more
		head := make([]byte, min(10, data.Size()))
		if _, err := io.ReadFull(data, head); err != nil {
			return f.readError("snappy page", err)
		}
		n, err := snappy.DecodedLen(head)
		if err != nil || int64(n) != want {
			return Errorf(TooLarge, "snappy page unpacks to %d bytes, %d declared", n, want)
		}
		return nil
	case format.Lz4Raw:
		return f.checkLZ4(data, want)
	case format.Gzip:
		z, err := gzip.NewReader(bufio.NewReader(data))
		if err != nil {
			return f.readError("gzip page", err)
		}
		r = z
	case format.Brotli:
		r = brotli.NewReader(data)
	case format.Zstd:
		z, err := f.zstdReader(data)
		if err != nil {
			return f.readError("zstd page", err)
		}
		r = z
	default:
		return Errorf(Damaged, "unknown compression %v", codec)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, want+1))
	if err != nil {
		return f.readError("compressed page", err)
	}
	if n != want {
		return Errorf(TooLarge, "page unpacks to %d bytes or more, %d declared", n, want)
	}
	return nil
}

// zstdReader is the file's only decoder, as making one takes longer than most pages. With
// a concurrency of 1 it has no goroutines that would have to be closed.
func (f *File) zstdReader(data io.Reader) (*zstd.Decoder, error) {
	if f.zstd != nil {
		return f.zstd, f.zstd.Reset(data)
	}
	var err error
	f.zstd, err = zstd.NewReader(data, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(f.limits.Page)), zstd.WithDecoderLowmem(true))
	return f.zstd, err
}

// checkLZ4 unpacks a page, which has no other way of telling its size. The library would
// try buffers of twice the size for ever where the page is damaged.
func (f *File) checkLZ4(data *io.SectionReader, want int64) error {
	packed := make([]byte, data.Size())
	if _, err := io.ReadFull(data, packed); err != nil {
		return f.readError("LZ4 page", err)
	}
	n, err := lz4.UncompressBlock(packed, make([]byte, want))
	if err != nil {
		return f.readError("LZ4 page", err)
	}
	if int64(n) != want {
		return Errorf(Damaged, "LZ4 page unpacks to %d bytes, %d declared", n, want)
	}
	return nil
}

// readError tells an error of reading the file, which comes back as it is, from one of
// what was read.
func (f *File) readError(detail string, err error) error {
	if f.src.err != nil {
		return f.src.err
	}
	return &Error{Kind: Damaged, Detail: detail, Err: err}
}
