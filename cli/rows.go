package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"metabench/warehouse"
)

// tableSample is how many rows decide how wide the columns of a table are; what comes
// after is written as it comes, so that a table may have more rows than fit in memory.
const tableSample = 1000

// widestColumn is how far cells are filled with spaces, in characters. Wider ones are
// written whole.
const widestColumn = 120

// rowsAsTable writes a table for people. Control characters are escaped, so that no
// value can do anything to a terminal.
func rowsAsTable(out io.Writer, rows *warehouse.Rows) error {
	return writeTable(out, rows, func(v warehouse.Value, _ warehouse.Column) string {
		if v.Null {
			return "NULL"
		}
		return v.Text
	})
}

// rowsAsSummary is rowsAsTable for what this program asks itself: numbers are rounded to
// six digits, and NULL is nothing.
func rowsAsSummary(out io.Writer, rows *warehouse.Rows) error {
	return writeTable(out, rows, func(v warehouse.Value, c warehouse.Column) string {
		if x, err := strconv.ParseFloat(v.Text, 64); err == nil && c.Type == "DOUBLE" {
			return strconv.FormatFloat(x, 'g', 6, 64)
		}
		return v.Text
	})
}

func writeTable(out io.Writer, rows *warehouse.Rows, text func(warehouse.Value, warehouse.Column) string) error {
	if rows.Plan {
		return eachRow(rows, func(values []warehouse.Value) error {
			_, err := fmt.Fprintln(out, escaped(values[len(values)-1].Text, "\n"))
			return err
		})
	}
	header := make([]string, len(rows.Columns))
	right := make([]bool, len(rows.Columns))
	for k, c := range rows.Columns {
		header[k], right[k] = escaped(c.Name, ""), c.Number
	}
	var first [][]string // rows that decide how wide the columns are
	var columns *layout
	begin := func() error {
		columns = newLayout(header, first, right, widestColumn)
		return columns.begin(out, header, first)
	}
	err := eachRow(rows, func(values []warehouse.Value) error {
		cells := make([]string, len(values))
		for k, v := range values {
			cells[k] = escaped(text(v, rows.Columns[k]), "")
		}
		if columns != nil {
			return columns.row(out, cells)
		}
		if first = append(first, cells); len(first) < tableSample {
			return nil
		}
		return begin()
	})
	if err == nil && columns == nil {
		err = begin()
	}
	return err
}

// escaped is printable text of one line: line ends and tabs are escaped, but for those in keep.
func escaped(text, keep string) string {
	text = printable(text)
	for _, c := range []string{"\n", "\t"} {
		if !strings.Contains(keep, c) {
			quoted := strconv.Quote(c)
			text = strings.ReplaceAll(text, c, quoted[1:len(quoted)-1])
		}
	}
	return text
}

// rowsAsCSV writes a header and a line a row. NULL is nothing, empty text is "".
func rowsAsCSV(out io.Writer, rows *warehouse.Rows) error {
	cells := make([]string, len(rows.Columns))
	for k, c := range rows.Columns {
		cells[k] = csvCell(c.Name)
	}
	if _, err := fmt.Fprintln(out, strings.Join(cells, ",")); err != nil {
		return err
	}
	return eachRow(rows, func(values []warehouse.Value) error {
		for k, v := range values {
			if cells[k] = ""; !v.Null {
				cells[k] = csvCell(v.Text)
			}
		}
		_, err := fmt.Fprintln(out, strings.Join(cells, ","))
		return err
	})
}

// csvCell quotes text where it must be (RFC 4180), and where a reader could take it for
// nothing. encoding/csv writes NULL and empty text alike.
func csvCell(text string) string {
	if text != "" && !strings.ContainsAny(text, "\",\r\n") && text[0] != ' ' && text[len(text)-1] != ' ' {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// rowsAsJSON writes an array of objects whose keys keep the order of the columns.
func rowsAsJSON(out io.Writer, rows *warehouse.Rows) error {
	keys, err := jsonKeys(rows.Columns)
	if err != nil {
		return err
	}
	separator := "[\n"
	err = eachRow(rows, func(values []warehouse.Value) error {
		line := make([]string, len(values))
		for k, v := range values {
			line[k] = keys[k] + ": " + v.Text
		}
		_, err := io.WriteString(out, separator+"  {"+strings.Join(line, ", ")+"}")
		separator = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if separator == "[\n" {
		end = "[]\n"
	}
	_, err = io.WriteString(out, end)
	return err
}

// jsonKeys are the names of columns as keys of an object. Of several equal names the
// second and later get _2, _3 …, so that no value is lost.
func jsonKeys(columns []warehouse.Column) ([]string, error) {
	taken := map[string]bool{}
	for _, c := range columns {
		taken[c.Name] = true
	}
	used := map[string]bool{}
	keys := make([]string, len(columns))
	for k, c := range columns {
		name := c.Name
		for n := 2; used[name] || name != c.Name && taken[name]; n++ {
			name = fmt.Sprint(c.Name, "_", n)
		}
		used[name] = true
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		keys[k] = string(key)
	}
	return keys, nil
}

func eachRow(rows *warehouse.Rows, do func([]warehouse.Value) error) error {
	for {
		values, ok, err := rows.Next()
		if err != nil || !ok {
			return err
		}
		if err := do(values); err != nil {
			return err
		}
	}
}
