package cli

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// grid is a table of text for people: columns as wide as their widest cell,
// columns of numbers to the right.
type grid struct {
	header []string
	rows   [][]string
}

func newGrid(header ...string) *grid {
	g := &grid{}
	g.row(header...)
	g.header, g.rows = g.rows[0], nil
	return g
}

func (g *grid) row(cells ...string) {
	shown := make([]string, len(cells))
	for k, cell := range cells {
		shown[k] = printable(cell)
	}
	g.rows = append(g.rows, shown)
}

// print writes the header, a rule and the rows. Nothing but the header is written
// when there are no rows.
func (g *grid) print(w io.Writer) error {
	width := make([]int, len(g.header))
	number := make([]bool, len(g.header))
	for c, h := range g.header {
		width[c] = utf8.RuneCountInString(h)
		number[c] = len(g.rows) > 0
		for _, r := range g.rows {
			width[c] = max(width[c], utf8.RuneCountInString(r[c]))
			number[c] = number[c] && isNumber(r[c])
		}
	}
	var b strings.Builder
	line := func(cells []string) {
		var l strings.Builder
		for c, cell := range cells {
			if c > 0 {
				l.WriteString("  ")
			}
			pad := strings.Repeat(" ", width[c]-utf8.RuneCountInString(cell))
			if number[c] {
				l.WriteString(pad + cell)
			} else {
				l.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	line(g.header)
	rule := make([]string, len(width))
	for c, n := range width {
		rule[c] = strings.Repeat("─", n)
	}
	line(rule)
	for _, r := range g.rows {
		line(r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// isNumber reports whether a cell belongs to a column of numbers; an empty cell
// and a dash do not speak against it.
func isNumber(cell string) bool {
	if cell == "" || cell == "–" {
		return true
	}
	_, err := strconv.ParseFloat(strings.TrimSuffix(strings.ReplaceAll(cell, ",", ""), "%"), 64)
	return err == nil
}
