package details

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Source is where a file's bytes come from. Prefetch brings stretches, one request
// each or fewer; ReadAt of what was not prefetched may cost one each.
type Source interface {
	io.ReaderAt
	Size() int64
	Prefetch(spans ...Span) error
}

// Span is a stretch of a file.
type Span struct{ Off, Len int64 }

const (
	// TailSize is read first when nothing is known about the footer's length.
	TailSize = 16 << 10
	// wholeSize is where one request for everything beats two for parts.
	wholeSize = 48 << 10

	maxFooter = 2 << 20
	maxRows   = 1 << 20
	maxChunk  = 64 << 20 // of one column, compressed or not
)

// File is an evaluation file whose footer was read.
type File struct {
	src    *tracked
	pf     *parquet.File
	footer int64 // where the footer begins
}

// tracked remembers the first error of a source, which the Parquet library may
// bury in one of its own.
type tracked struct {
	Source
	err error
}

func (t *tracked) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.Source.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && t.err == nil {
		t.err = err
	}
	return n, err
}

// FirstRead is how many bytes Open asks for first, at the end of a file of a size,
// when a tail of so many is likely to hold the footer; 0 stands for not known.
func FirstRead(size, tail int64) int64 {
	if tail <= 0 {
		tail = TailSize
	}
	if size <= max(wholeSize, tail) {
		return size
	}
	return tail
}

// Open reads the footer: one request for the last tail bytes (TailSize when 0), or
// for everything if the file is small; a second one if the footer is longer.
func Open(src Source, tail int64) (*File, error) {
	size := src.Size()
	if size < 12 {
		return nil, faultf(FaultCorrupt, "%d bytes are no Parquet file", size)
	}
	tail = FirstRead(size, tail)
	if err := src.Prefetch(Span{size - tail, tail}); err != nil {
		return nil, err
	}
	t := &tracked{Source: src}
	var end [8]byte
	if _, err := t.ReadAt(end[:], size-8); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(end[4:]) != "PAR1" {
		return nil, faultf(FaultCorrupt, "the file doesn't end with PAR1")
	}
	length := int64(binary.LittleEndian.Uint32(end[:4]))
	if length > maxFooter || length > size-12 {
		return nil, faultf(FaultBounds, "footer of %d bytes", length)
	}
	start := size - 8 - length
	if length+8 > tail {
		if err := src.Prefetch(Span{start, length}); err != nil {
			return nil, err
		}
	}
	footer := make([]byte, length)
	if _, err := t.ReadAt(footer, start); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := skim(footer); err != nil {
		return nil, &FileError{Fault: FaultCorrupt, Detail: "footer", Err: err}
	}
	f := &File{src: t, footer: start}
	err := t.guard(func() (err error) {
		f.pf, err = parquet.OpenFile(t, size,
			parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true),
			parquet.FileReadMode(parquet.ReadModeSync))
		return err
	})
	if err != nil {
		return nil, err
	}
	if rows := f.pf.NumRows(); rows < 0 || rows > maxRows {
		return nil, faultf(FaultBounds, "%d rows declared", rows)
	}
	return f, nil
}

// guard calls into the Parquet library. An error of the source comes back as it is;
// everything else, panics on malformed bytes included, means a corrupt file.
func (t *tracked) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		var known *FileError
		switch {
		case err == nil:
		case t.err != nil:
			err = t.err
		case !errors.As(err, &known):
			err = &FileError{Fault: FaultCorrupt, Err: err}
		}
	}()
	return f()
}

// FooterSize is the tail that would have held the footer.
func (f *File) FooterSize() int64 { return f.src.Size() - f.footer }

// Rows is the number of rows that the footer declares.
func (f *File) Rows() int { return int(f.pf.NumRows()) }

// CheckRows compares the number of rows with the task's number of items; 0 stands
// for unknown and fits everything but an empty file.
func (f *File) CheckRows(items int) error {
	rows := f.Rows()
	if rows == 0 || items != 0 && rows != items {
		if items == 0 {
			return faultf(FaultRows, "the file has none")
		}
		return faultf(FaultRows, "%d rows of %d; where the benchmark has another number of questions, say so in the catalogue (setting benchmarks)", rows, items)
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

// chunks returns a column's part of every row group, after checking that the
// footer's words about them are possible.
func (f *File) chunks(column int) ([]format.ColumnMetaData, error) {
	var all []format.ColumnMetaData
	var rows, bytes int64
	for _, group := range f.pf.Metadata().RowGroups {
		if column >= len(group.Columns) {
			return nil, faultf(FaultCorrupt, "row group of %d columns", len(group.Columns))
		}
		m := group.Columns[column].MetaData
		bytes += max(m.TotalUncompressedSize, m.TotalCompressedSize)
		rows += m.NumValues
		if bytes > maxChunk || rows > maxRows {
			return nil, faultf(FaultBounds, "column of %d values in %d bytes", rows, bytes)
		}
		if err := f.checkChunk(m); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if rows != f.pf.NumRows() {
		return nil, faultf(FaultCorrupt, "column of %d values in a file of %d rows", rows, f.pf.NumRows())
	}
	return all, nil
}

// checkChunk makes sure that what the footer says about a column's part of a row
// group is possible.
func (f *File) checkChunk(m format.ColumnMetaData) error {
	start := chunkStart(m)
	switch {
	case m.TotalCompressedSize < 0 || m.TotalUncompressedSize < 0 || m.NumValues < 0 ||
		max(m.TotalUncompressedSize, m.TotalCompressedSize) > maxChunk || m.NumValues > maxRows:
		return faultf(FaultBounds, "column of %d values in %d bytes", m.NumValues, m.TotalUncompressedSize)
	case start < 4 || m.TotalCompressedSize > f.footer-start || m.DictionaryPageOffset > m.DataPageOffset:
		return faultf(FaultCorrupt, "column outside the file")
	}
	return nil
}

func chunkStart(m format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset != 0 {
		return m.DictionaryPageOffset
	}
	return m.DataPageOffset
}

// values reads a flat column, one value a row.
func (f *File) values(column int) ([]parquet.Value, error) {
	chunks, err := f.chunks(column)
	if err != nil {
		return nil, err
	}
	var spans []Span
	for _, m := range chunks {
		if m.NumValues > 0 {
			spans = append(spans, Span{chunkStart(m), m.TotalCompressedSize})
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
	if err := f.checkPages(m); err != nil {
		return nil, err
	}
	err = f.src.guard(func() error {
		pages := f.pf.RowGroups()[group].ColumnChunks()[column].Pages()
		defer pages.Close() //nolint:errcheck // reads from memory
		all, err = readPages(all, pages, m.NumValues)
		return err
	})
	return all, err
}

// readPages appends up to limit values; texts are copied, because pages give their
// memory back.
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
