// Package table reads users' tables: Parquet, CSV and gzipped CSV, told apart by
// their content, never by their name.
//
// Three views of the same bytes exist. ReadFrame gives named columns of numbers or
// text, ReadResponses a response table for the estimators, and ReadLong the blocks
// and items that the warehouse imports. None of them returns a part of a file:
// an error means that nothing was read.
package table

import (
	"fmt"
	"strings"
)

// Kind classifies what is wrong with a table, for callers that decide on it.
type Kind string

// What can be wrong with a table.
const (
	KindFormat    Kind = "format"    // not a table at all: HTML page, archive, damaged Parquet
	KindEmpty     Kind = "empty"     // no bytes, no header or no rows
	KindTruncated Kind = "truncated" // the file ends too early
	KindColumn    Kind = "column"    // a column is missing, double or of the wrong type
	KindValue     Kind = "value"     // a value is not what the column holds
	KindDuplicate Kind = "duplicate" // the same answer is given twice
	KindName      Kind = "name"      // a name of a model or item that can't be stored
	KindItem      Kind = "item"      // an item that the benchmark doesn't have
	KindLimit     Kind = "limit"     // larger than this reader is willing to hold
)

// Error says what is wrong with a table, where, and what to do about it. Fields
// that don't apply are zero.
type Error struct {
	Kind    Kind
	File    string // path as given by the user
	Line    int64  // 1-based line of a text file
	Row     int64  // 1-based row of a Parquet file
	Column  string
	Model   string
	Item    string
	Problem string // what was found and what was expected
	Remedy  string // what the user can do
	Err     error  // cause, if any
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("read ")
	b.WriteString(clip(e.File, 300))
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	if e.Row > 0 {
		fmt.Fprintf(&b, ", row %d", e.Row)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ", column %q", clip(e.Column, 80))
	}
	if e.Model != "" {
		fmt.Fprintf(&b, ", model %q", clip(e.Model, 80))
	}
	if e.Item != "" {
		fmt.Fprintf(&b, ", item %q", clip(e.Item, 80))
	}
	b.WriteString(": ")
	b.WriteString(e.Problem)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Remedy != "" {
		b.WriteString(". ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// place is a row of a file: a line of a text file, a row of a Parquet file.
type place struct {
	file      string
	line, row int64
}

func (p place) String() string {
	if p.line > 0 {
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("row %d", p.row)
}

func (p place) errorf(kind Kind, column, remedy, format string, args ...any) *Error {
	return &Error{Kind: kind, File: p.file, Line: p.line, Row: p.row, Column: column,
		Problem: fmt.Sprintf(format, args...), Remedy: remedy}
}

// clip shortens foreign text so that a message stays readable.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
