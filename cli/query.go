package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"metabench/warehouse"
)

func newQueryCommand(a *app) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "query SQL|-",
		Short: "Ask the warehouse a question in SQL, read-only",
		Long: `Run one SQL statement on the warehouse, or with --warehouse on a published
snapshot. Nothing can be written and no file can be reached from it.

  metabench query "from reconstruction_metric"
  metabench query "from item_statistics where benchmark = 'arc' order by difficulty"
  metabench query "select view_name, comment from duckdb_views() where not internal"
  metabench query - < question.sql

docs/warehouse.md describes every table and view. JSON output is an array of
objects; numbers that JSON cannot hold (NaN, infinity) are null.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if a.json {
				format = "json"
			}
			write, err := a.rowWriter(format)
			if err != nil {
				return err
			}
			query := args[0]
			if query == "-" {
				text, err := io.ReadAll(io.LimitReader(a.In, maxQuery+1))
				if err != nil {
					return fmt.Errorf("read the query: %w", err)
				}
				if len(text) > maxQuery {
					return usagef("the query on standard input is longer than %d bytes; a part of it would be another query", maxQuery)
				}
				query = string(text)
			}
			return a.readWarehouse(cmd.Context(), cfg, "query", func(w *warehouse.Warehouse) error {
				return runQuery(cmd.Context(), w, query, write)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv or json")
	return cmd
}

// maxQuery bounds a statement read from standard input, in bytes.
const maxQuery = 1 << 20

// printQuery prints the answer to a query of ours: a table, or JSON with --json.
func (a *app) printQuery(ctx context.Context, w *warehouse.Warehouse, query string) error {
	if a.json {
		return runQuery(ctx, w, query, a.rowsAsJSON)
	}
	return runQuery(ctx, w, query, a.rowsAsTable)
}

func runQuery(ctx context.Context, w *warehouse.Warehouse, query string, write func(*warehouse.Rows) error) (err error) {
	rows, err := w.Query(ctx, query)
	if err != nil {
		return queryError(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return queryError(write(rows))
}

// queryError makes a statement that is refused a usage error.
func queryError(err error) error {
	var refused *warehouse.RefusedError
	if errors.As(err, &refused) {
		return withCode(ExitUsage, err)
	}
	return err
}

func (a *app) rowWriter(format string) (func(*warehouse.Rows) error, error) {
	switch format {
	case "table":
		return a.rowsAsTable, nil
	case "csv":
		return a.rowsAsCSV, nil
	case "json":
		return a.rowsAsJSON, nil
	}
	return nil, usagef("--format %q is none of table, csv, json", format)
}

func (a *app) rowsAsTable(rows *warehouse.Rows) error {
	g := newGrid(columnNames(rows)...)
	err := eachRow(rows, func(values []any) error {
		cells := make([]string, len(values))
		for k, v := range values {
			cells[k] = cellText(v, 6)
		}
		g.row(cells...)
		return nil
	})
	if err != nil {
		return err
	}
	return g.print(a.Out)
}

func (a *app) rowsAsCSV(rows *warehouse.Rows) error {
	w := csv.NewWriter(a.Out)
	if err := w.Write(columnNames(rows)); err != nil {
		return err
	}
	cells := make([]string, len(rows.Columns))
	err := eachRow(rows, func(values []any) error {
		for k, v := range values {
			cells[k] = cellText(v, -1)
		}
		return w.Write(cells)
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

// rowsAsJSON writes an array of objects whose keys keep the order of the columns.
func (a *app) rowsAsJSON(rows *warehouse.Rows) error {
	names := make([]string, len(rows.Columns))
	for k, c := range rows.Columns {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		names[k] = string(name)
	}
	var b strings.Builder
	separator := "[\n"
	err := eachRow(rows, func(values []any) error {
		b.Reset()
		b.WriteString(separator + "  {")
		separator = ",\n"
		for k, v := range values {
			if k > 0 {
				b.WriteString(", ")
			}
			value, err := json.Marshal(jsonValue(v))
			if err != nil {
				return fmt.Errorf("column %s: %w", rows.Columns[k].Name, err)
			}
			b.WriteString(names[k] + ": " + string(value))
		}
		b.WriteString("}")
		_, err := a.Out.Write([]byte(b.String()))
		return err
	})
	if err != nil {
		return err
	}
	if separator == "[\n" {
		_, err = fmt.Fprintln(a.Out, "[]")
		return err
	}
	_, err = fmt.Fprintln(a.Out, "\n]")
	return err
}

func columnNames(rows *warehouse.Rows) []string {
	names := make([]string, len(rows.Columns))
	for k, c := range rows.Columns {
		names[k] = c.Name
	}
	return names
}

func eachRow(rows *warehouse.Rows, do func([]any) error) error {
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

// cellText writes a value for people or CSV: NULL as nothing, a float with the
// given number of significant digits (-1 for all of them).
func cellText(v any, digits int) string {
	switch x := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(x, 'g', digits, 64)
	case float32:
		return strconv.FormatFloat(float64(x), 'g', digits, 32)
	case []byte:
		if len(x) > 16 && digits >= 0 {
			return fmt.Sprintf("%x… (%d bytes)", x[:16], len(x))
		}
		return fmt.Sprintf("%x", x)
	case time.Time:
		if digits >= 0 {
			return x.Format(time.DateTime)
		}
		return x.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}
