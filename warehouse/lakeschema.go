package warehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// LakeTable is what a table of the lake looks like to those who read it.
type LakeTable struct {
	Name        string
	Comment     string
	Partitioned bool         // by benchmark, a column that is in the path and not in Columns
	Columns     []LakeColumn // in the files
}

// LakeColumn is a column of the lake's files.
type LakeColumn struct {
	Name    string
	Type    string // DuckDB's
	Comment string
}

// LakeSchema says which tables an exported lake has. Comments are those of the table
// or view of the same name; a name of something else, such as a model's, has that of
// the table which is named after it.
func (w *Warehouse) LakeSchema(ctx context.Context) ([]LakeTable, error) {
	var name, column, comment string
	tables, columns := map[string]string{}, map[[2]string]string{}
	err := scanEach(ctx, w.db, `
		SELECT table_name, coalesce(comment, '') FROM duckdb_tables() UNION ALL SELECT view_name, coalesce(comment, '') FROM duckdb_views() WHERE NOT internal`,
		[]any{&name, &comment}, func() { tables[name] = comment })
	if err == nil {
		err = scanEach(ctx, w.db, `SELECT table_name, column_name, coalesce(comment, '') FROM duckdb_columns() WHERE NOT internal`,
			[]any{&name, &column, &comment}, func() { columns[[2]string{name, column}] = comment })
	}
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	all := make([]LakeTable, 0, len(lakeTables))
	for _, t := range lakeTables {
		table := LakeTable{Name: t.name, Comment: tables[t.name], Partitioned: t.partitioned}
		var c LakeColumn
		err := scanEach(ctx, w.db, `SELECT column_name, column_type FROM (DESCRIBE `+strings.ReplaceAll(t.query, "$1", "0")+`)`,
			[]any{&c.Name, &c.Type}, func() {
				c.Comment = columns[[2]string{t.name, c.Name}]
				if c.Comment == "" {
					c.Comment = columns[[2]string{c.Name, c.Name}]
				}
				table.Columns = append(table.Columns, c)
			})
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", t.name, err)
		}
		all = append(all, table)
	}
	return all, nil
}

// metadata are members of a SQL struct that say what the table and its columns are.
func (t LakeTable) metadata() (string, error) {
	comments := make(map[string]string, len(t.Columns))
	for _, c := range t.Columns {
		comments[c.Name] = c.Comment
	}
	columns, err := json.Marshal(comments)
	if err != nil {
		return "", err
	}
	return "metabench_comment: " + quote(t.Comment) + ", metabench_columns: " + quote(string(columns)), nil
}
