package table

import (
	"context"
	"fmt"

	"metabench/analysis/response"
	"metabench/corpus"
)

// ResponseOptions says how to read a response table. The zero value reads the
// usual layouts.
type ResponseOptions struct {
	Model   string            // column of the model; recognised by its name (long), or the first column (wide)
	Item    string            // column of the item in a long table; recognised by its name
	Correct string            // column of the answer in a long table; recognised by its name
	Rows    map[string]string // keep only rows that have these values in these columns
	Missing []string          // codes for no answer, besides the empty cell: -1, 9
	Skip    []string          // columns of a wide table that are no items

	Benchmark, Metric string // copied to the table, and used in messages
}

// Responses is a response table with the other columns of its file.
type Responses struct {
	*response.Table

	// Columns are those that model, item and answer were read from.
	Columns Columns

	// Extra holds the columns of a wide table that are no items, such as set, as
	// text aligned with the table's rows. It is empty for a long table. Columns without
	// a single answer are not in it.
	Extra map[string][]string

	// NotItems lists the columns of a wide table, or the items of a long one, that are
	// not among the table's items.
	NotItems []NotItem

	guess string
}

// NotItem is a column that was not taken for an item.
type NotItem struct {
	Column  string `json:"column"`
	Because string `json:"because"` // holds text
}

// Notes lists what the reader decided by itself: which columns it took for which role, and
// which are no items and why.
func (r *Responses) Notes() []string {
	var notes []string
	if r.guess != "" {
		notes = append(notes, r.guess)
	}
	var reasons []string
	columns := map[string][]string{}
	for _, n := range r.NotItems {
		if columns[n.Because] == nil {
			reasons = append(reasons, n.Because)
		}
		columns[n.Because] = append(columns[n.Because], n.Column)
	}
	for _, because := range reasons {
		each := "each"
		if len(columns[because]) == 1 {
			each = "it"
		}
		notes = append(notes, fmt.Sprintf("not items, because %s %s: %s", each, because, list(columns[because])))
	}
	return notes
}

// ReadResponses reads the answers of models to items from a Parquet or CSV file.
//
// A long table has one row per answer; its columns model, item and correct are
// recognised by name, whatever the case, also as id, item, resp or acc. A wide table
// has one row per model: the column model or else the first one names it, and columns
// of 0 and 1, or true and false, are items. NotItems says which columns are not, and
// Extra carries them along. A column that may be an item in another coding (1 and 2,
// yes and no, or -1 for most of the models) is an error that says what to do.
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
	r, err := readResponses(ctx, src, path, o)
	if err == nil {
		err = r.dropUnanswered(path)
	}
	if err == nil {
		err = r.Validate()
	}
	if closing := src.close(); err == nil && closing != nil {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func readResponses(ctx context.Context, src source, path string, o ResponseOptions) (*Responses, error) {
	missing, err := newMissingCodes(path, o.Missing)
	if err != nil {
		return nil, err
	}
	roles := recognise(src, Columns{Model: o.Model, Item: o.Item, Correct: o.Correct})
	if roles.long() {
		return readLongResponses(ctx, src, path, o, roles, missing)
	}
	f, err := readFrame(src, path)
	if err != nil {
		return nil, err
	}
	return wideResponses(f, o, roles, missing, src.unreadColumns())
}

// dropUnanswered removes the items without answers.
func (r *Responses) dropUnanswered(path string) error {
	models, items := r.Answers.Dims()
	var observed []uint64 // a bit an item that any model answered
	for i := range models {
		for w, bits := range r.Answers.ObservedWords(i) {
			if i == 0 {
				observed = append(observed, 0)
			}
			observed[w] |= bits
		}
	}
	var keep []int
	for j := range items {
		if observed[j/64]>>(j%64)&1 == 1 {
			keep = append(keep, j)
		} else {
			r.NotItems = append(r.NotItems, NotItem{r.Items[j], "has no answers"})
		}
	}
	switch len(keep) {
	case items:
		return nil
	case 0:
		return &corpus.DataError{Kind: corpus.KindEmpty, File: path, Reason: "the table holds no answers: every one is missing",
			Remedy: "Look at the column of the answers; an answer is 0 or 1"}
	}
	r.Table = r.SelectItems(keep)
	return nil
}
