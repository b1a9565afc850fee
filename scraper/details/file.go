package details

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"metabench/internal/parquetfile"
)

// Source gives a file's bytes. Prefetch reads spans, with at most one request each; ReadAt of
// bytes that were not prefetched may take a request.
type Source interface {
	io.ReaderAt
	Size() int64
	Prefetch(spans ...Span) error
}

// Span is a range of bytes of a file.
type Span struct{ Off, Len int64 }

const (
	// TailSize is read first when nothing is known about the footer's length.
	TailSize = 16 << 10
	// wholeSize is the size up to which a file is read with one request.
	wholeSize = 48 << 10

	maxRows  = 1 << 20
	maxChunk = 64 << 20 // of one column, compressed or not
)

// limits are larger than any real evaluation file.
var limits = parquetfile.Limits{Footer: 2 << 20, List: 8 << 10, Structures: 128 << 10,
	Rows: maxRows, Column: maxChunk, Page: maxChunk, PageValues: maxRows}

// File is an evaluation file whose footer was read.
type File struct {
	src Source
	pf  *parquetfile.File
}

// FirstRead is how many bytes Open requests first, at the end of a file of a size, when the
// footer is likely to be within a tail of so many bytes (0: not known).
func FirstRead(size, tail int64) int64 {
	if tail <= 0 {
		tail = TailSize
	}
	if size <= max(wholeSize, tail) {
		return size
	}
	return tail
}

// Open reads the footer, with one request for the last tail bytes (TailSize when 0), or for
// the whole file if it is small, and a second request if the footer is longer. The error is a
// *FileError, or that of src.
func Open(src Source, tail int64) (*File, error) {
	size := src.Size()
	tail = FirstRead(size, tail)
	if err := src.Prefetch(Span{size - tail, tail}); err != nil {
		return nil, err
	}
	start, err := parquetfile.FooterStart(src, size, limits)
	if err != nil {
		return nil, fileError(err)
	}
	if size-start > tail {
		if err := src.Prefetch(Span{start, size - start}); err != nil {
			return nil, err
		}
	}
	pf, err := parquetfile.Open(src, size, limits)
	if err != nil {
		return nil, fileError(err)
	}
	return &File{src: src, pf: pf}, nil
}

// fileError turns an error of package parquetfile into a *FileError; other errors are returned unchanged.
func fileError(err error) error {
	var e *parquetfile.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Kind == parquetfile.TooLarge {
		return &FileError{Fault: FaultBounds, Detail: e.Detail, Err: e.Err}
	}
	return &FileError{Fault: FaultCorrupt, Detail: e.Detail, Err: e.Err}
}

// FooterSize is the least tail that contains the footer.
func (f *File) FooterSize() int64 { return f.src.Size() - f.pf.Footer() }

// Rows is the number of rows that the footer declares.
func (f *File) Rows() int { return int(f.pf.NumRows()) }

// CheckRows compares the number of rows with the task's number of items. Where that is not
// known (0), only an empty file is refused.
func (f *File) CheckRows(items int) error {
	rows := f.Rows()
	if rows == 0 || items != 0 && rows != items {
		if items == 0 {
			return faultf(FaultRows, "the file has none")
		}
		return faultf(FaultRows, "%d rows of %d; if the benchmark has another number of questions, correct it in the catalogue (setting benchmarks)", rows, items)
	}
	return nil
}

// Columns lists the leaf columns, nested ones with dots.
func (f *File) Columns() []string {
	var names []string
	for _, path := range f.pf.Schema().Columns() {
		names = append(names, strings.Join(path, "."))
	}
	return names
}

// leaf finds a flat column by its path, and as one name with dots.
func (f *File) leaf(path ...string) (int, bool) {
	columns := f.pf.Schema().Columns()
	for _, want := range [][]string{path, {strings.Join(path, ".")}} {
		if i := slices.IndexFunc(columns, func(c []string) bool { return slices.Equal(c, want) }); i >= 0 {
			return i, true
		}
	}
	return 0, false
}

// chunks returns a column's metadata in every row group, after checking that they are
// possible.
func (f *File) chunks(column int) ([]format.ColumnMetaData, error) {
	var all []format.ColumnMetaData
	var rows, bytes int64
	for group := range f.pf.Metadata().RowGroups {
		m, err := f.pf.Chunk(group, column)
		if err != nil {
			return nil, fileError(err)
		}
		bytes += max(m.TotalUncompressedSize, m.TotalCompressedSize)
		rows += m.NumValues
		if bytes > maxChunk || rows > maxRows {
			return nil, faultf(FaultBounds, "column of %d values in %d bytes", rows, bytes)
		}
		all = append(all, m)
	}
	if rows != f.pf.NumRows() {
		return nil, faultf(FaultCorrupt, "column of %d values in a file of %d rows", rows, f.pf.NumRows())
	}
	return all, nil
}

// values reads a flat column, one value for each row.
func (f *File) values(column int) ([]parquet.Value, error) {
	chunks, err := f.chunks(column)
	if err != nil {
		return nil, err
	}
	var spans []Span
	for _, m := range chunks {
		if m.NumValues > 0 {
			spans = append(spans, Span{parquetfile.Start(m), m.TotalCompressedSize})
		}
	}
	if err := f.src.Prefetch(spans...); err != nil {
		return nil, err
	}
	var all []parquet.Value
	for i, m := range chunks {
		if m.NumValues == 0 {
			continue
		}
		part, err := f.chunkValues(i, column, m)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	if len(all) != f.Rows() {
		return nil, faultf(FaultCorrupt, "%d values in a column of %d", len(all), f.Rows())
	}
	return all, nil
}

// chunkValues decodes a column's part of a row group, which was prefetched.
func (f *File) chunkValues(group, column int, m format.ColumnMetaData) (all []parquet.Value, err error) {
	if err := f.pf.CheckPages(m); err != nil {
		return nil, fileError(err)
	}
	err = f.pf.Guard(func() error {
		pages := f.pf.RowGroups()[group].ColumnChunks()[column].Pages()
		defer pages.Close() //nolint:errcheck // reads from memory
		all, err = readPages(all, pages, m.NumValues)
		return err
	})
	return all, fileError(err)
}

// readPages appends up to limit values. It copies texts, because a released page's memory is
// used again.
func readPages(all []parquet.Value, pages parquet.Pages, limit int64) ([]parquet.Value, error) {
	buf := make([]parquet.Value, 512)
	for limit > 0 {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		values := page.Values()
		for limit > 0 {
			n, err := values.ReadValues(buf[:min(int64(len(buf)), limit)])
			for _, v := range buf[:n] {
				all = append(all, v.Clone())
			}
			limit -= int64(n)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				parquet.Release(page)
				return nil, err
			}
			if n == 0 {
				break
			}
		}
		parquet.Release(page)
	}
	return all, nil
}
