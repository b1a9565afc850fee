package rdata

import "fmt"

// Table is a matrix or a data frame of numbers: rows × columns.
type Table struct {
	Rows, Columns []string    // names; nil where there are none
	Values        [][]float64 // by column, NaN where missing
}

// Table reads the value as a table of numbers. Columns of a data frame that hold none
// are refused.
func (v *Value) Table() (*Table, error) {
	if v.Kind == List {
		return v.frame()
	}
	return v.matrix()
}

func (v *Value) frame() (*Table, error) {
	t := &Table{Columns: v.Names()}
	if len(t.Columns) != len(v.Elements) {
		return nil, fmt.Errorf("it is a list of %d elements with %d names, no data frame", len(v.Elements), len(t.Columns))
	}
	for k, column := range v.Elements {
		numbers, err := column.Numbers()
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", t.Columns[k], err)
		}
		if len(numbers) != len(t.column(0, numbers)) {
			return nil, fmt.Errorf("column %q has %d rows, the first has %d", t.Columns[k], len(numbers), len(t.Values[0]))
		}
		t.Values = append(t.Values, numbers)
	}
	if rows := v.Attribute("row.names"); rows.Kind == String {
		t.Rows = rows.Strings
	}
	return t, t.check()
}

// column is a column that is there, or the one that is to become it.
func (t *Table) column(k int, otherwise []float64) []float64 {
	if k < len(t.Values) {
		return t.Values[k]
	}
	return otherwise
}

func (v *Value) matrix() (*Table, error) {
	dim, err := v.Attribute("dim").Numbers()
	if err != nil || len(dim) != 2 {
		return nil, fmt.Errorf("it is %s without two dimensions, a matrix or data frame was expected", v.describe())
	}
	numbers, err := v.Numbers()
	if err != nil {
		return nil, err
	}
	rows, columns := int(dim[0]), int(dim[1])
	if rows < 0 || columns < 0 || rows > 0 && len(numbers)/rows != columns || rows*columns != len(numbers) {
		return nil, fmt.Errorf("it has %d numbers for %g × %g", len(numbers), dim[0], dim[1])
	}
	t := &Table{Values: make([][]float64, columns)}
	for k := range t.Values {
		t.Values[k] = numbers[k*rows : (k+1)*rows]
	}
	if names := v.Attribute("dimnames"); names.Kind == List && len(names.Elements) == 2 {
		t.Rows, t.Columns = names.Elements[0].Strings, names.Elements[1].Strings
	}
	return t, t.check()
}

// check compares the numbers of names with those of rows and columns.
func (t *Table) check() error {
	if t.Columns != nil && len(t.Columns) != len(t.Values) {
		return fmt.Errorf("it has %d columns and names for %d", len(t.Values), len(t.Columns))
	}
	if rows := len(t.column(0, nil)); t.Rows != nil && len(t.Rows) != rows {
		return fmt.Errorf("it has %d rows and names for %d", rows, len(t.Rows))
	}
	return nil
}

// Column is the column with a name.
func (t *Table) Column(name string) ([]float64, error) {
	for k, c := range t.Columns {
		if c == name {
			return t.Values[k], nil
		}
	}
	return nil, fmt.Errorf("it has no column %q", name)
}
