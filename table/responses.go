package table

import (
	"context"
	"slices"

	"metabench/analysis/response"
)

// ResponseOptions says how to read a response table. The zero value reads the
// usual layouts.
type ResponseOptions struct {
	Model   string            // column of the model; default model or source (long), the first column (wide)
	Item    string            // column of the item in a long table; default item
	Correct string            // column of the answer in a long table; default correct
	Rows    map[string]string // keep only rows that have these values in these columns

	Benchmark, Metric string // copied to the table, and used in messages
}

// Responses is a response table with what the file said about its models besides.
type Responses struct {
	*response.Table

	// Extra holds the columns of a wide table that are no items, such as set, as
	// text aligned with the table's rows. It is empty for a long table.
	Extra map[string][]string
}

// ReadResponses reads the answers of models to items from a Parquet or CSV file.
//
// A long table has one row per answer, with the columns model, item and correct. A
// wide table has one row per model: the first column names it, columns of 0 and 1
// are items, and a column called set or split, a column of other text, and a column
// of numbers that are mostly neither 0 nor 1 are carried along in Extra.
//
// An answer that is empty, NA, NaN or null is missing, and so is one that no row of
// a long table gives. Models and items of a wide table keep the file's order. Those
// of a long table are sorted, runs of digits as numbers, so that shuffling the rows
// changes nothing. A second answer of a model to an item is an error.
func ReadResponses(ctx context.Context, path string, o ResponseOptions) (*Responses, error) {
	src, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	r, err := readResponses(src, path, o)
	if err == nil {
		err = r.Validate()
	}
	if closing := src.close(); err == nil && closing != nil {
		err = closing
	}
	if err != nil {
		return nil, locateDuplicate(ctx, path, err)
	}
	return r, nil
}

func readResponses(src source, path string, o ResponseOptions) (*Responses, error) {
	have := src.columns()
	item, correct := defaultName(o.Item, "item"), defaultName(o.Correct, "correct")
	long := slices.Contains(have, item) && slices.Contains(have, correct)
	if long || o.Item != "" || o.Correct != "" {
		return readLongResponses(src, path, o, item, correct)
	}
	f, err := readFrame(src, path)
	if err != nil {
		return nil, err
	}
	return wideResponses(f, o)
}

func defaultName(given, usual string) string {
	if given != "" {
		return given
	}
	return usual
}
