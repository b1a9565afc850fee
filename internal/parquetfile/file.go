package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Magic is what a Parquet file begins and ends with.
const Magic = "PAR1"

// tailSize is what follows the footer: its length and Magic. Another Magic begins the file.
const tailSize = 8

// Limits bound what a file may ask for. An honest file stays well below them.
type Limits struct {
	Footer     int64 // bytes of the footer
	List       int   // elements of one list of structures, such as columns or row groups
	Structures int   // elements of all such lists of the footer or of a page header
	Rows       int64 // rows of the file
	Column     int64 // bytes of a column in one row group, compressed or not
	Page       int64 // bytes of a page, decompressed
	PageValues int64 // values of a page
}

// File is a Parquet file whose footer was checked. Calls into the library that read pages
// belong in Guard, after CheckPages.
type File struct {
	*parquet.File
	src    *source
	limits Limits
	footer int64
	zstd   *zstd.Decoder // made by the first page that needs it
}

// source remembers the first error of reading, which the Parquet library may bury in one
// of its own.
type source struct {
	io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && s.err == nil {
		s.err = err
	}
	return n, err
}

// FooterStart reads the last bytes of a file and says where its footer begins, in bytes
// from the beginning of the file.
func FooterStart(r io.ReaderAt, size int64, l Limits) (int64, error) {
	if size < int64(len(Magic))+tailSize {
		return 0, Errorf(Truncated, "%d bytes are no Parquet file", size)
	}
	var tail [tailSize]byte
	if _, err := r.ReadAt(tail[:], size-tailSize); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if string(tail[4:]) != Magic {
		return 0, Errorf(Truncated, "the file doesn't end with %s", Magic)
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	if length > l.Footer {
		return 0, Errorf(TooLarge, "footer of %d bytes", length)
	}
	if length > size-int64(len(Magic))-tailSize {
		return 0, Errorf(Damaged, "footer of %d bytes in a file of %d", length, size)
	}
	return size - tailSize - length, nil
}

// Open reads and checks the footer. Whether the file begins with Magic is for the caller
// to look at. The error is an *Error, or that of r.
func Open(r io.ReaderAt, size int64, l Limits) (*File, error) {
	f := &File{src: &source{ReaderAt: r}, limits: l}
	var err error
	if f.footer, err = FooterStart(f.src, size, l); err != nil {
		return nil, err
	}
	footer := make([]byte, size-tailSize-f.footer)
	if _, err := f.src.ReadAt(footer, f.footer); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := skim(footer, l); err != nil {
		return nil, &Error{Kind: Damaged, Detail: "footer", Err: err}
	}
	err = f.Guard(func() (err error) {
		f.File, err = parquet.OpenFile(f.src, size,
			parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true),
			parquet.FileReadMode(parquet.ReadModeSync)) // so that a panic is met by Guard
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, f.checkRows()
}

// checkRows compares the counts of rows and columns of the row groups with those of the
// file.
func (f *File) checkRows() error {
	rows := f.NumRows()
	if rows < 0 || rows > f.limits.Rows {
		return Errorf(TooLarge, "%d rows declared", rows)
	}
	for _, g := range f.Metadata().RowGroups {
		if g.NumRows < 0 || g.NumRows > rows {
			return Errorf(Damaged, "row groups of other numbers of rows than the file's %d", f.NumRows())
		}
		rows -= g.NumRows
		if len(g.Columns) != len(f.Schema().Columns()) {
			return Errorf(Damaged, "a row group of %d columns in a schema of %d", len(g.Columns), len(f.Schema().Columns()))
		}
	}
	if rows != 0 {
		return Errorf(Damaged, "row groups of other numbers of rows than the file's %d", f.NumRows())
	}
	return nil
}

// Footer says where the footer begins, in bytes.
func (f *File) Footer() int64 { return f.footer }

// Guard calls into the Parquet library. An error of reading the file comes back as it is;
// every other one, a panic on malformed bytes included, as an *Error.
func (f *File) Guard(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		var known *Error
		switch {
		case err == nil:
		case f.src.err != nil:
			err = f.src.err
		case !errors.As(err, &known):
			err = &Error{Kind: Damaged, Err: err}
		}
	}()
	return call()
}

// Chunk is what the footer says of a column's part of a row group, after checking that it
// is possible.
func (f *File) Chunk(group, column int) (format.ColumnMetaData, error) {
	m := f.Metadata().RowGroups[group].Columns[column].MetaData
	size := max(m.TotalUncompressedSize, m.TotalCompressedSize)
	start := Start(m)
	switch {
	case m.TotalCompressedSize < 0 || m.TotalUncompressedSize < 0 || m.NumValues < 0,
		size > f.limits.Column || m.NumValues > f.limits.Rows:
		return m, Errorf(TooLarge, "column of %d values in %d bytes", m.NumValues, size)
	case start < int64(len(Magic)) || m.TotalCompressedSize > f.footer-start || m.DictionaryPageOffset > m.DataPageOffset:
		return m, Errorf(Damaged, "column outside the file")
	}
	return m, nil
}

// Start says where a column's part of a row group begins, in bytes.
func Start(m format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset != 0 {
		return m.DictionaryPageOffset
	}
	return m.DataPageOffset
}
