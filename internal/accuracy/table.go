package accuracy

import (
	"encoding/json"
	"math"
	"strconv"
)

// Table is one table of results.
type Table struct {
	Section string
	Title   string
	Columns []Column
	Rows    [][]any // string or float64, one a column
	Notes   []string
}

// Column is the head of a column and the number of decimals of its numbers.
type Column struct {
	Head     string
	Decimals int
}

func text(head string) Column                 { return Column{Head: head} }
func number(head string, decimals int) Column { return Column{head, decimals} }

func (t *Table) add(cells ...any) { t.Rows = append(t.Rows, cells) }

// Text returns the cell of a row as text; a dash where there is nothing.
func (t *Table) Text(row, column int) string {
	switch v := t.Rows[row][column].(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case float64:
		if math.IsNaN(v) {
			return "–"
		}
		return strconv.FormatFloat(v, 'f', t.Columns[column].Decimals, 64)
	}
	panic("accuracy: a cell is neither text nor number")
}

// MarshalJSON writes the heads and the rows as arrays, NaN as null.
func (t Table) MarshalJSON() ([]byte, error) {
	out := struct {
		Section string   `json:"section"`
		Title   string   `json:"title"`
		Columns []string `json:"columns"`
		Rows    [][]any  `json:"rows"`
		Notes   []string `json:"notes,omitempty"`
	}{Section: t.Section, Title: t.Title, Notes: t.Notes}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, c.Head)
	}
	for _, r := range t.Rows {
		row := append([]any(nil), r...)
		for c, v := range row {
			if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
				row[c] = nil
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return json.Marshal(out)
}
