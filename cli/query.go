package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

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

docs/warehouse.md describes every table and view.

Values are shown as DuckDB's own shell shows them. In a table NULL is NULL, and
control characters are escaped (\n, \x1b). In CSV NULL is nothing and empty text
is "". JSON is an array of objects: numbers have all their digits, lists, structs
and maps are arrays and objects, NULL, NaN and infinity are null, everything else
is text; of columns with equal names the second is called name_2.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if a.json {
				format = "json"
			}
			if !slices.Contains(queryFormats, format) {
				return usagef("--format %q is none of %s", format, strings.Join(queryFormats, ", "))
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
				switch format {
				case "csv":
					return runQuery(cmd.Context(), w.Query, query, a.Out, rowsAsCSV)
				case "json":
					return runQuery(cmd.Context(), w.QueryJSON, query, a.Out, rowsAsJSON)
				}
				return runQuery(cmd.Context(), w.Query, query, a.Out, rowsAsTable)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv or json")
	return cmd
}

var queryFormats = []string{"table", "csv", "json"}

// maxQuery bounds a statement read from standard input, in bytes.
const maxQuery = 1 << 20

// printQuery prints the answer to a query of ours: a table, or JSON with --json.
func (a *app) printQuery(ctx context.Context, w *warehouse.Warehouse, query string) error {
	if a.json {
		return runQuery(ctx, w.QueryJSON, query, a.Out, rowsAsJSON)
	}
	return runQuery(ctx, w.Query, query, a.Out, rowsAsSummary)
}

// runQuery runs a query of the warehouse and writes its answer. A statement that is
// refused is a usage error.
func runQuery(ctx context.Context, ask func(context.Context, string, ...any) (*warehouse.Rows, error), query string,
	out io.Writer, write func(io.Writer, *warehouse.Rows) error) (err error) {
	defer func() {
		var refused *warehouse.RefusedError
		if errors.As(err, &refused) {
			err = withCode(ExitUsage, err)
		}
	}()
	rows, err := ask(ctx, query)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriter(out)
	err = write(buffer, rows)
	return errors.Join(err, buffer.Flush(), rows.Close())
}
