package table

import (
	"fmt"

	"metabench/corpus"
)

// location is a row of a file: a line of a text file, a row of a Parquet file.
type location struct {
	file      string
	line, row int64
}

func (p location) String() string {
	if p.line > 0 {
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("row %d", p.row)
}

func (p location) errorf(kind corpus.Kind, column, remedy, format string, args ...any) *corpus.DataError {
	return &corpus.DataError{Kind: kind, File: p.file, Line: p.line, Row: p.row, Column: column,
		Reason: fmt.Sprintf(format, args...), Remedy: remedy}
}
