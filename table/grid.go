package table

import "metabench/corpus"

// unseen marks an answer that no row has, as opposed to one that a row has as missing.
const unseen uint8 = 253

// grid collects answers in the order in which they come: a row per model, a column
// per item, both numbered as they appear.
type grid struct {
	rows  [][]uint8
	items int
}

// put stores an answer and reports whether it is the first in its cell.
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

// arrange puts a row's answers in order: the answer to item k goes to position[k].
// Everything else is missing.
func (g *grid) arrange(model int, position []int, length int) []uint8 {
	out := make([]uint8, length)
	for k := range out {
		out[k] = corpus.Missing
	}
	for k, a := range g.rows[model] {
		if a <= 1 {
			out[position[k]] = a
		}
	}
	return out
}
