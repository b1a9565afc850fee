package cli

import (
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// layout is how wide the columns of a table of text are, and which stand to the right.
type layout struct {
	width []int
	right []bool
}

// newLayout makes columns as wide as their widest cell, up to a limit in characters.
func newLayout(header []string, rows [][]string, right []bool, limit int) *layout {
	l := &layout{width: make([]int, len(header)), right: right}
	for _, cells := range slices.Concat(rows, [][]string{header}) {
		for k, cell := range cells {
			l.width[k] = max(l.width[k], min(utf8.RuneCountInString(cell), limit))
		}
	}
	return l
}

// begin writes the header, a rule and the first rows.
func (l *layout) begin(w io.Writer, header []string, rows [][]string) error {
	rule := make([]string, len(l.width))
	for k, n := range l.width {
		rule[k] = strings.Repeat("─", n)
	}
	for _, cells := range slices.Concat([][]string{header, rule}, rows) {
		if err := l.row(w, cells); err != nil {
			return err
		}
	}
	return nil
}

// row writes a line. A cell that is wider than its column is written whole.
func (l *layout) row(w io.Writer, cells []string) error {
	var line strings.Builder
	for k, cell := range cells {
		if k > 0 {
			line.WriteString("  ")
		}
		pad := strings.Repeat(" ", max(0, l.width[k]-utf8.RuneCountInString(cell)))
		if l.right[k] {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
	}
	_, err := io.WriteString(w, strings.TrimRight(line.String(), " ")+"\n")
	return err
}

// grid is a table of text for people: columns as wide as their widest cell, columns of
// numbers to the right.
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

// count adds a row with a whole number.
func (g *grid) count(name string, n int) { g.row(name, strconv.Itoa(n)) }

// table adds a grid.
func (p *page) table(g *grid) {
	right := make([]bool, len(g.header))
	for k := range right {
		right[k] = len(g.rows) > 0 && !slices.ContainsFunc(g.rows, func(cells []string) bool { return !isNumber(cells[k]) })
	}
	_ = newLayout(g.header, g.rows, right, math.MaxInt).begin(p, g.header, g.rows) // a page takes all
}

// dash stands for what there is none of.
const dash = "–"

// isNumber reports whether a cell belongs to a column of numbers; an empty cell
// and a dash do not speak against it.
func isNumber(cell string) bool {
	if cell == "" || cell == dash {
		return true
	}
	_, err := strconv.ParseFloat(strings.TrimSuffix(strings.ReplaceAll(cell, ",", ""), "%"), 64)
	return err == nil
}

// fixed writes a number with so many decimals.
func fixed(v float64, decimals int) string { return strconv.FormatFloat(v, 'f', decimals, 64) }

// percent writes a share with one decimal.
func percent(share float64) string { return fixed(100*share, 1) + "%" }

// megabytes writes a number of bytes.
func megabytes(n int64) string { return fixed(float64(n)/1e6, 1) + " MB" }
