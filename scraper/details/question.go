package details

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"metabench/corpus"
	"metabench/internal/parquetfile"
)

// The columns with the text of a question. Files of 2024 have the index of the right choice
// in gold_index, and its text in gold.
const (
	promptColumn    = "full_prompt"
	choicesColumn   = "choices"
	goldColumn      = "gold"
	goldIndexColumn = "gold_index"
)

// HasQuestions checks, in the footer alone, whether a file may have the texts of questions:
// the columns are there, and not of the type null, as in many files of 2024. The error is a
// *FileError with FaultQuestions that names what is missing.
func (f *File) HasQuestions(b corpus.Benchmark) error {
	_, err := f.questionParts(b)
	return err
}

// questionParts are the leaf columns that a benchmark's questions are read from;
// -1 for those that are not needed or empty.
type questionParts struct{ prompt, choices, gold, goldIndex int }

func (f *File) questionParts(b corpus.Benchmark) (questionParts, error) {
	p := questionParts{f.nested(promptColumn), f.nested(choicesColumn), f.nested(goldColumn), f.nested(goldIndexColumn)}
	free := b.Asked == corpus.Generated
	if free {
		p.choices, p.goldIndex = -1, -1
	}
	if b.Metric == "mc1" { // the first choice is the right one
		p.gold, p.goldIndex = -1, -1
	}
	switch {
	case p.prompt < 0:
		return p, faultf(FaultQuestions, "no prompts in %s", promptColumn)
	case !free && p.choices < 0:
		return p, faultf(FaultQuestions, "no choices in %s", choicesColumn)
	case p.gold < 0 && p.goldIndex < 0 && b.Metric != "mc1":
		return p, faultf(FaultQuestions, "no right answers in %s", goldColumn)
	}
	return p, nil
}

// nested finds the only leaf of a column, flat or a list; -1 where there is none, or where
// its type is null.
func (f *File) nested(name string) int {
	column := -1
	for i, path := range f.pf.Schema().Columns() {
		if path[0] != name {
			continue
		}
		if column >= 0 {
			return -1 // a struct
		}
		column = i
	}
	if column < 0 || f.declaredEmpty(column) {
		return -1
	}
	return column
}

// declaredEmpty reports whether a leaf has the logical type null, which Arrow gives to lists
// that never have an element.
func (f *File) declaredEmpty(column int) bool {
	leaf := 0
	for _, e := range f.pf.Metadata().Schema[1:] {
		if e.NumChildren.Valid && e.NumChildren.V > 0 {
			continue
		}
		if leaf == column {
			_, null := e.LogicalType.Value.(*format.NullType)
			return null
		}
		leaf++
	}
	return false
}

// Questions reads the texts of the given rows, in their order: the prompt with its examples,
// the choices and the right one, or for a benchmark with free answers the reference answer.
// Only row groups with one of the rows are read. Which items the rows are, Identity finds.
//
// A *FileError with FaultQuestions means that this file has no texts; another one may.
func (f *File) Questions(b corpus.Benchmark, rows []int) ([]corpus.Question, error) {
	parts, err := f.questionParts(b)
	if err != nil {
		return nil, err
	}
	questions := make([]corpus.Question, len(rows))
	first := 0
	for g, group := range f.pf.Metadata().RowGroups {
		next := first + int(group.NumRows)
		var at []int // indexes of rows that this group has
		for k, row := range rows {
			if row >= first && row < next {
				at = append(at, k)
			}
		}
		if len(at) > 0 {
			if err := f.groupQuestions(b, parts, g, first, rows, at, questions); err != nil {
				return nil, err
			}
		}
		first = next
	}
	if k := slices.IndexFunc(rows, func(row int) bool { return row < 0 || row >= first }); k >= 0 {
		return nil, faultf(FaultRows, "row %d of %d", rows[k], first)
	}
	return questions, nil
}

// groupQuestions reads the questions of one row group: those of rows, at the indexes
// at. The prompts, which are nearly all of the bytes, go last, so that a file with empty
// lists takes little.
func (f *File) groupQuestions(b corpus.Benchmark, parts questionParts, group, first int, rows, at []int, into []corpus.Question) error {
	var lists [3][][]parquet.Value
	columns := [3]int{parts.choices, parts.gold, parts.goldIndex}
	for k, column := range columns {
		if column < 0 {
			continue
		}
		var err error
		if lists[k], err = f.cells(group, column); err != nil {
			return err
		}
	}
	for _, k := range at {
		var parsed [3][]element
		var err error
		for part, column := range columns {
			if column >= 0 && err == nil {
				parsed[part], err = elements(lists[part][rows[k]-first], f.isFlat(column))
			}
		}
		if err == nil {
			into[k], err = question(b, parsed[0], parsed[1], parsed[2])
		}
		if err != nil {
			return &FileError{Fault: FaultQuestions, Detail: fmt.Sprintf("row %d", rows[k]), Err: err}
		}
	}
	prompts, err := f.cells(group, parts.prompt)
	if err != nil {
		return err
	}
	for _, k := range at {
		cell := prompts[rows[k]-first]
		if len(cell) != 1 || cell[0].Kind() != parquet.ByteArray || len(cell[0].ByteArray()) == 0 {
			return faultf(FaultQuestions, "row %d has no prompt", rows[k])
		}
		into[k].Prompt = strings.ToValidUTF8(string(cell[0].ByteArray()), "\uFFFD")
	}
	return nil
}

// isFlat reports whether a leaf is a column of its own, not part of a list.
func (f *File) isFlat(column int) bool { return len(f.pf.Schema().Columns()[column]) == 1 }

// cells reads a column of one row group, flat or a list: each row's elements that are
// not null.
func (f *File) cells(group, column int) ([][]parquet.Value, error) {
	meta := f.pf.Metadata().RowGroups[group]
	m, err := f.pf.Chunk(group, column)
	if err != nil {
		return nil, fileError(err)
	}
	if m.NumValues == 0 {
		return make([][]parquet.Value, meta.NumRows), nil
	}
	if err := f.src.Prefetch(Span{parquetfile.Start(m), m.TotalCompressedSize}); err != nil {
		return nil, err
	}
	values, err := f.chunkValues(group, column, m)
	if err != nil {
		return nil, err
	}
	cells := make([][]parquet.Value, 0, meta.NumRows)
	for _, v := range values {
		if v.RepetitionLevel() == 0 {
			cells = append(cells, nil)
		}
		if len(cells) == 0 {
			return nil, faultf(FaultCorrupt, "a list that begins before the first row")
		}
		if !v.IsNull() {
			cells[len(cells)-1] = append(cells[len(cells)-1], v)
		}
	}
	if int64(len(cells)) != meta.NumRows {
		return nil, faultf(FaultCorrupt, "%d cells in a column of %d rows", len(cells), meta.NumRows)
	}
	return cells, nil
}
