package cli

import (
	"github.com/spf13/pflag"

	"metabench/table"
)

// columnFlags say which columns of a table of answers hold what, where their names
// don't.
type columnFlags struct {
	model, item, correct string
	missing              []string
}

func (c *columnFlags) register(f *pflag.FlagSet) {
	f.StringVar(&c.model, "model-column", "", "column of the model's name (default: recognised, such as model, source, id)")
	f.StringVar(&c.item, "item-column", "", "column of the item's key in a long table (default: recognised, such as item, question_id)")
	f.StringVar(&c.correct, "correct-column", "", "column of the answer in a long table (default: recognised, such as correct, acc, resp)")
	f.StringSliceVar(&c.missing, "missing", nil, "codes for no answer, besides the empty cell, NA, NaN and null: -1,9")
}

// tableFlags say how to read a response table.
type tableFlags struct {
	columnFlags
	skip []string
}

func (t *tableFlags) register(f *pflag.FlagSet) {
	t.columnFlags.register(f)
	f.StringSliceVar(&t.skip, "skip", nil, "columns of a wide table that are no items")
}

// options returns how to read the rows that have the given values.
func (t *tableFlags) options(rows map[string]string) table.ResponseOptions {
	return table.ResponseOptions{Model: t.model, Item: t.item, Correct: t.correct, Missing: t.missing, Skip: t.skip, Rows: rows}
}

// notes prints what the reader of a table decided by itself.
func (a *app) notes(notes []string) {
	for _, note := range notes {
		a.note(note)
	}
}
