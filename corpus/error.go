package corpus

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Kind classifies what is wrong with a file, for callers that decide on it.
type Kind string

// What can be wrong with a file.
const (
	KindFormat    Kind = "format"    // not of this kind at all: a web page, an archive, damaged Parquet
	KindEmpty     Kind = "empty"     // no bytes, no header, no rows or no samples
	KindTruncated Kind = "truncated" // the file ends too early
	KindColumn    Kind = "column"    // a column is missing, double or of the wrong type
	KindValue     Kind = "value"     // a value is not what the column or the metric holds
	KindDuplicate Kind = "duplicate" // the same answer is given twice
	KindName      Kind = "name"      // a name of a model or item that can't be stored
	KindItem      Kind = "item"      // an item that is unknown, or a sample that doesn't say which it is
	KindTask      Kind = "task"      // samples of a task that isn't one of metabench's
	KindAmbiguous Kind = "ambiguous" // several runs or models and no way to choose
	KindUnfit     Kind = "unfit"     // of another form, selection or corpus, or too few answers
	KindLimit     Kind = "limit"     // larger than the reader is willing to hold
)

// DataError says what is wrong with data that came from a file, where, and what to do
// about it: a user's table, a log of lm-evaluation-harness, a bundle, what a crawl found.
// Fields that don't apply are zero.
type DataError struct {
	Kind      Kind
	File      string // path as given by the user, or repository; the kind of file where nobody named one
	Benchmark string // that can't be used for it, where the file's other benchmarks can
	Line      int64  // 1-based line of a text file
	Row       int64  // 1-based row of a Parquet file
	Column    string
	Model     string
	Item      string
	Object    string // what the reason speaks of, in words, where the fields above don't say it
	Reason    string // what was found and what was expected
	Remedy    string // what the user can do
	Err       error  // cause, if any
}

// Error is one sentence of what is wrong, and one of what to do. Foreign text is
// shortened so that the message stays readable.
func (e *DataError) Error() string {
	var b strings.Builder
	switch {
	case e.Benchmark == "":
		b.WriteString("read " + Clip(e.File, 300))
	case e.File == "":
		b.WriteString(e.Benchmark)
	default:
		b.WriteString(e.Benchmark + ", " + Clip(e.File, 300))
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	if e.Row > 0 {
		fmt.Fprintf(&b, ", row %d", e.Row)
	}
	for _, of := range []struct{ what, name string }{{"column", e.Column}, {"model", e.Model}, {"item", e.Item}} {
		if of.name != "" {
			fmt.Fprintf(&b, ", %s %q", of.what, Clip(of.name, 80))
		}
	}
	if e.Object != "" {
		b.WriteString(", " + e.Object)
	}
	b.WriteString(": " + e.Reason)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Remedy != "" {
		b.WriteString(". " + e.Remedy)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *DataError) Unwrap() error { return e.Err }

// UnpackError explains an error of reading or unpacking a file that may be gzipped. An
// error of the disk is wrapped, and no *DataError.
func UnpackError(file string, err error) error {
	var corrupt flate.CorruptInputError
	e := &DataError{File: file, Remedy: "Copy or download the file again", Err: err}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Kind, e.Reason = KindTruncated, "the gzip data end too early"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		e.Kind, e.Reason = KindFormat, "the gzip data are damaged"
	default:
		return fmt.Errorf("read %s: %w", file, err)
	}
	return e
}

// Clip shortens foreign text to so many bytes, for messages.
func Clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
