package warehouse

import (
	"context"
	"fmt"
	"strings"
)

// LakeTable is what a table of the lake looks like to those who read it.
type LakeTable struct {
	Name        string
	Partitioned bool     // by benchmark, a column that is in the path and not in Columns
	Columns     []Column // in the files, with DuckDB's types
}

// LakeSchema says which tables an exported lake has.
func (w *Warehouse) LakeSchema(ctx context.Context) ([]LakeTable, error) {
	all := make([]LakeTable, 0, len(lakeTables))
	for _, t := range lakeTables {
		table := LakeTable{Name: t.name, Partitioned: t.partitioned}
		var c Column
		err := scanEach(ctx, w.db, `SELECT column_name, column_type FROM (DESCRIBE `+strings.ReplaceAll(t.query, "$1", "0")+`)`,
			[]any{&c.Name, &c.Type}, func() { table.Columns = append(table.Columns, c) })
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", t.name, err)
		}
		all = append(all, table)
	}
	return all, nil
}
