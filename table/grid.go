package table

import (
	"unicode/utf8"

	"metabench/corpus"
)

// maxName is the longest name of a model or item that is accepted, in bytes. Names
// are stored as they are; the limit only keeps a damaged file from being one name.
const maxName = 16 << 10

// unseen marks an answer that no row gave, as opposed to one given as missing.
const unseen uint8 = 253

// grid collects answers in the order in which they come: a row per model, a column
// per item, both numbered as they appear.
type grid struct {
	rows  [][]uint8
	items int
}

// put stores an answer and reports whether the cell was still free.
func (g *grid) put(model, item int, answer uint8) bool {
	for model >= len(g.rows) {
		g.rows = append(g.rows, nil)
	}
	row := g.rows[model]
	if item >= len(row) {
		row = widen(row, item+1)
		g.rows[model] = row
		g.items = max(g.items, item+1)
	}
	if row[item] != unseen {
		return false
	}
	row[item] = answer
	return true
}

// widen lengthens a row, by a half at least so that a row that grows item by item
// is copied a few times only.
func widen(row []uint8, n int) []uint8 {
	from := len(row)
	if n <= cap(row) {
		row = row[:n]
	} else {
		grown := make([]uint8, n, n+n/2+64)
		copy(grown, row)
		row = grown
	}
	for k := from; k < n; k++ {
		row[k] = unseen
	}
	return row
}

// arrange writes a row's answers to their places: the answer to item k goes to
// place[k]. Everything else is missing.
func (g *grid) arrange(model int, place []int, length int) []uint8 {
	out := make([]uint8, length)
	for k := range out {
		out[k] = corpus.Missing
	}
	for k, a := range g.rows[model] {
		if a <= 1 {
			out[place[k]] = a
		}
	}
	return out
}

// checkName refuses what can't be stored as the name of a model or an item.
func checkName(p place, column, name string) *Error {
	switch {
	case len(name) > maxName:
		return p.errorf(KindName, column, "Look at the file: a quote may never be closed",
			"a name of %d bytes, more than %d", len(name), maxName)
	case !utf8.ValidString(name):
		return p.errorf(KindName, column, "Save the table as UTF-8", "the name %q is not UTF-8", clip(name, 40))
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f {
			return p.errorf(KindName, column, "Remove it",
				"the name %q contains a control character", clip(name, 40))
		}
	}
	return nil
}

// names remembers which values of a column were checked to be names.
type names struct {
	dict    *dictionary
	checked int
}

// check looks at values not seen before, p being the row that brought the last.
func (n *names) check(p place, column string) *Error {
	for ; n.checked < len(n.dict.values); n.checked++ {
		if err := checkName(p, column, n.dict.values[n.checked]); err != nil {
			return err
		}
	}
	return nil
}
