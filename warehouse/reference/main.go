// Reference writes docs/warehouse.md: the schema's reference page, from the
// comments in a new warehouse and the worked queries of sql/queries; and deploy/lake:
// what makes engines know the lake's tables.
//
//	go run ./warehouse/reference -o docs/warehouse.md -lake deploy/lake
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	schema "metabench/sql"
	"metabench/warehouse"
)

//go:embed frame.md
var frame string

func main() {
	out := flag.String("o", "", "file to write; standard output when empty")
	lake := flag.String("lake", "", "directory for the lake's statements; empty for none")
	flag.Parse()
	if err := run(context.Background(), *out, *lake); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, lake string) error {
	page, statements, err := generate(ctx)
	if err != nil {
		return err
	}
	if lake != "" {
		for name, text := range statements {
			if err := renameio.WriteFile(filepath.Join(lake, name), []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	if out == "" {
		_, err := io.WriteString(os.Stdout, page)
		return err
	}
	return renameio.WriteFile(out, []byte(page), 0o644)
}

// generate makes the whole page, frame.md with its marks replaced, and the lake's
// statements by file.
func generate(ctx context.Context) (text string, statements map[string]string, err error) {
	dir, err := os.MkdirTemp("", "reference")
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o := warehouse.Options{Path: filepath.Join(dir, "w.duckdb")}
	w, err := warehouse.Create(ctx, o)
	if err != nil {
		return "", nil, err
	}
	if err := w.Close(); err != nil {
		return "", nil, err
	}
	if w, err = warehouse.OpenReadOnly(ctx, o); err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	tables, err := objects(ctx, w, `SELECT table_name, comment FROM duckdb_tables() ORDER BY table_name`)
	if err != nil {
		return "", nil, err
	}
	views, err := objects(ctx, w, `SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY view_name`)
	if err != nil {
		return "", nil, err
	}
	macros, err := objects(ctx, w, `SELECT DISTINCT concat(function_name, '(', array_to_string(parameters, ', '), ')'), comment
		FROM duckdb_functions() WHERE NOT internal ORDER BY ALL`)
	if err != nil {
		return "", nil, err
	}
	queries, err := queries()
	if err != nil {
		return "", nil, err
	}
	lake, err := w.LakeSchema(ctx)
	if err != nil {
		return "", nil, err
	}
	marks := []string{"<!-- tables -->", tables, "<!-- views -->", views, "<!-- macros -->", macros, "<!-- queries -->", queries}
	statements = map[string]string{}
	for _, e := range engines {
		if statements[e.name+".sql"], err = e.file(lake); err != nil {
			return "", nil, err
		}
		example, err := e.statement(lake[0])
		if err != nil {
			return "", nil, err
		}
		marks = append(marks, "<!-- "+e.name+" -->", "```sql\n"+example+"```")
	}
	return strings.NewReplacer(marks...).Replace(frame), statements, nil
}

// objects describes what a query for (name, comment) names, with its columns.
func objects(ctx context.Context, w *warehouse.Warehouse, query string) (string, error) {
	found, err := rows(ctx, w, query)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, o := range found {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", o[0], o[1])
		columns, err := rows(ctx, w, `SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index`, o[0])
		if err != nil {
			return "", err
		}
		if len(columns) > 0 {
			b.WriteString("| column | type | |\n| --- | --- | --- |\n")
		}
		for _, c := range columns {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c[0], c[1], strings.ReplaceAll(c[2], "|", `\|`))
		}
		if len(columns) > 0 {
			b.WriteString("\n")
		}
	}
	return strings.TrimSpace(b.String()), nil
}

func rows(ctx context.Context, w *warehouse.Warehouse, query string, args ...any) (all [][]string, err error) {
	r, err := w.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		values, ok, err := r.Next()
		if err != nil || !ok {
			return all, err
		}
		row := make([]string, len(values))
		for k, v := range values {
			row[k] = fmt.Sprint(v)
		}
		all = append(all, row)
	}
}

// queries shows each file of sql/queries under the question of its first line.
func queries() (string, error) {
	files, err := fs.Glob(schema.Files, "queries/*.sql")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for k, name := range files {
		text, err := fs.ReadFile(schema.Files, name)
		if err != nil {
			return "", err
		}
		question, query, _ := strings.Cut(string(text), "\n")
		fmt.Fprintf(&b, "%d. %s\n\n   ```sql\n   %s\n   ```\n\n", k+1, strings.TrimPrefix(question, "-- "),
			strings.ReplaceAll(strings.TrimSpace(query), "\n", "\n   "))
	}
	return strings.TrimSpace(b.String()), nil
}
