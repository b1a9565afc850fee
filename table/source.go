package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"metabench/corpus"
	"metabench/internal/parquetfile"
)

// batchRows is how many rows are read at once: enough to make the loops over a
// batch long, few enough to keep a batch of a wide table small.
const batchRows = 8192

// missingCode stands for a missing value in a column of codes.
const missingCode = ^uint32(0)

// source is a table being read, whatever its format. Columns are chosen once by
// position, before the first batch.
type source interface {
	// columns names the columns in file order.
	columns() []string
	// whyNot returns why a column of the file is not among them; nil if the file has no
	// such column.
	whyNot(name string) *corpus.DataError
	// unreadColumns lists the columns of the file that can't be read, each as an error with
	// the reason.
	unreadColumns() []*corpus.DataError
	// choose selects the columns that batches will hold, in that order.
	choose(columns []int)
	// next fills the batch with the following rows. It returns io.EOF, with an
	// empty batch, after the last one.
	next(b *batch) error
	// dictionary holds the values that the codes of the k-th chosen column stand for.
	dictionary(k int) *dictionary
	// finish reports how much was read and its hash; the rest of the file is read.
	finish() (size int64, sha256 string, err error)
	close() error
}

// batch is a run of rows of the chosen columns.
type batch struct {
	n     int
	cells []cells
	first int64   // 0-based number of the first row
	lines []int64 // text files: line of each row; empty for Parquet
}

// cells is a part of a column: codes into its dictionary, or numbers where the file
// stores floating point. Exactly one of the two has the batch's length.
type cells struct {
	codes  []uint32
	floats []float64
}

func (b *batch) reset(columns int) {
	if len(b.cells) != columns {
		b.cells = make([]cells, columns)
	}
	for k := range b.cells {
		b.cells[k].codes = b.cells[k].codes[:0]
		b.cells[k].floats = b.cells[k].floats[:0]
	}
	b.n, b.lines = 0, b.lines[:0]
}

func (b *batch) location(file string, i int) location {
	if len(b.lines) > 0 {
		return location{file: file, line: b.lines[i]}
	}
	return location{file: file, row: b.first + int64(i) + 1}
}

// open looks at a file's first bytes and returns the reader for its format.
func open(ctx context.Context, path string) (source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err // names operation and path, and is fs.ErrNotExist where it is
	}
	src, err := openFile(ctx, path, f)
	if err != nil {
		_ = f.Close() // nothing was written; the first error counts
		return nil, err
	}
	return src, nil
}

func openFile(ctx context.Context, path string, f *os.File) (source, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &corpus.DataError{Kind: corpus.KindFormat, File: path, Reason: "is a directory, not a table",
			Remedy: "Name the files in it"}
	}
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if n == len(head) && string(head) == parquetfile.Magic {
		return openParquet(ctx, path, f, f, info.Size())
	}
	return openText(ctx, path, f, f)
}

// openText reads CSV, unpacking it first where it is gzipped.
func openText(ctx context.Context, path string, r io.Reader, c io.Closer) (source, error) {
	digest := newDigestReader(r)
	raw := bufio.NewReaderSize(digest, 1<<18)
	head, err := peek(raw, 2)
	if err != nil {
		return nil, corpus.UnpackError(path, err)
	}
	body := raw
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		zr, err := gzip.NewReader(raw)
		if err != nil {
			return nil, corpus.UnpackError(path, err)
		}
		body = bufio.NewReaderSize(zr, 1<<18)
	}
	head, err = peek(body, 512)
	if err != nil {
		return nil, corpus.UnpackError(path, err)
	}
	if err := refuseOtherFormats(path, head); err != nil {
		return nil, err
	}
	return newCSV(ctx, path, body, digest, c)
}

func peek(r *bufio.Reader, n int) ([]byte, error) {
	head, err := r.Peek(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head, err
}

// refuseOtherFormats recognises the first bytes of files that are no tables.
func refuseOtherFormats(path string, head []byte) error {
	text := strings.ToLower(strings.TrimSpace(string(head)))
	format := func(problem, remedy string) error {
		return &corpus.DataError{Kind: corpus.KindFormat, File: path, Reason: problem, Remedy: remedy}
	}
	switch {
	case len(text) == 0:
		return &corpus.DataError{Kind: corpus.KindEmpty, File: path, Reason: "the file is empty",
			Remedy: "Give a table with a header, such as model,item,correct"}
	case strings.HasPrefix(text, "<!doctype"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<?xml"):
		return format("is a web page, not a table: the server answered with a page instead of the file",
			"Download the file again and look at what came")
	case strings.HasPrefix(text, "version https://git-lfs"):
		return format("is a Git LFS pointer, not the file itself", "Fetch the content with git lfs pull")
	case bytes.HasPrefix(head, []byte(parquetfile.Magic)):
		return format("is a gzipped Parquet file", "Unpack it with gunzip; Parquet compresses its own pages")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return format("is a zip archive or a spreadsheet", "Unpack it, or save the sheet as CSV")
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return format("is compressed with zstd", "Unpack it, or compress it with gzip")
	case bytes.HasPrefix(head, []byte("BZh")), bytes.HasPrefix(head, []byte("\xfd7zXZ")):
		return format("is compressed with bzip2 or xz", "Unpack it, or compress it with gzip")
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return format("is UTF-16 text", "Save it as UTF-8")
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return format("is gzipped twice", "Unpack it once")
	case text[0] == '{', text[0] == '[':
		return format("is JSON, not a table", "Give Parquet or CSV; for the output of lm-evaluation-harness use metabench score")
	case bytes.IndexByte(head, 0) >= 0:
		return format("is binary and no Parquet file", "Give Parquet, CSV or gzipped CSV")
	}
	return refuseFirstLine(path, strings.TrimPrefix(text, "\ufeff"))
}

// refuseFirstLine recognises a first line that is no header.
func refuseFirstLine(path, text string) error {
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimRight(line, "\r")
	first, _, _ := strings.Cut(line, string(rune(separatorOf([]byte(line)))))
	var problem, remedy string
	switch {
	case strings.HasPrefix(strings.TrimPrefix(line, `"`), "sep="):
		problem = "the first line tells a spreadsheet which separator to use, and is no header"
		remedy = "Remove it: commas, tabs and semicolons are recognised without it"
	case len(first) > 1 && first[0] == '#':
		problem = "the first line is a comment, not the header"
		remedy = "Remove the lines that begin with # in front of the header, or the # where it is the header"
	case strings.Contains(line, "|") && !strings.ContainsAny(line, ",;\t\""):
		problem = "the fields are separated by |"
		remedy = "Save the table with commas, tabs or semicolons between them"
	default:
		return nil
	}
	return &corpus.DataError{Kind: corpus.KindFormat, File: path, Reason: problem, Remedy: remedy}
}
