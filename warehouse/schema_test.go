package warehouse

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	schema "metabench/sql"
)

func TestEverythingHasAComment(t *testing.T) {
	w := fresh(t)
	missing := values(t, w, `
		SELECT 'table ' || table_name FROM duckdb_tables() WHERE coalesce(comment, '') = ''
		UNION ALL SELECT 'view ' || view_name FROM duckdb_views() WHERE NOT internal AND coalesce(comment, '') = ''
		UNION ALL SELECT 'macro ' || function_name FROM duckdb_functions() WHERE NOT internal AND coalesce(comment, '') = ''
		UNION ALL SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''`)
	for _, r := range missing {
		t.Errorf("%s has no comment", r[0])
	}
}

func TestEveryObjectHasItsFileWithGrainAndKey(t *testing.T) {
	for _, dir := range []string{"migrations", "views"} {
		steps, err := readMigrations(schema.Files, dir)
		if err != nil {
			t.Fatal(err)
		}
		for k, s := range steps {
			if dir == "migrations" && s.version != k+1 {
				t.Errorf("%s/%s has number %d, want %d", dir, s.name, s.version, k+1)
			}
			if !strings.HasPrefix(s.text, "-- "+s.name) || !strings.Contains(s.text, "\n-- Grain:") {
				t.Errorf("%s/%04d_%s.sql does not begin with its name and grain", dir, s.version, s.name)
			}
		}
	}
}

func TestReopeningChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	if err := openAt(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := openAt(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("opening a second time changed the file")
	}
	if _, err := os.Stat(path + ".wal"); err == nil {
		t.Error("a write-ahead log stayed behind")
	}
}

// tamper changes a closed warehouse behind the program's back.
func tamper(t *testing.T, path, statement string) {
	t.Helper()
	connector, err := duckdb.NewConnector(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFilesThatAreNoWarehouseOfOursAreRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		statement string // run on a good warehouse
		want      string
	}{
		"newer_schema":        {"INSERT INTO schema_migration VALUES (9999, 'future', 'x', now())", "newer"},
		"edited_step":         {"UPDATE schema_migration SET checksum = 'x' WHERE version = 3", "metabench that made it"},
		"somebody_elses_file": {"DROP TABLE schema_migration", "choose another path"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			path := w.path
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			tamper(t, path, c.statement)
			_, err := Open(t.Context(), Options{Path: path})
			var schemaErr *SchemaError
			if !errors.As(err, &schemaErr) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("open for writing: %v", err)
			}
			_, err = OpenReadOnly(t.Context(), Options{Path: path})
			if !errors.As(err, &schemaErr) {
				t.Errorf("open for reading: %v", err)
			}
		})
	}
}

func TestFileThatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	if err := os.WriteFile(path, []byte(strings.Repeat("<html>not a database</html>\n", 500)), 0o644); err != nil {
		t.Fatal(err)
	}
	var damaged *DamagedError
	if _, err := Open(t.Context(), Options{Path: path}); !errors.As(err, &damaged) {
		t.Errorf("error %v, want a *DamagedError", err)
	}
}

func TestAbsentWarehouseIsNotMadeByOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	var none *NotFoundError
	if _, err := Open(t.Context(), Options{Path: path}); !errors.As(err, &none) {
		t.Errorf("error %v, want a *NotFoundError", err)
	}
	if _, err := OpenReadOnly(t.Context(), Options{Path: path}); !errors.As(err, &none) {
		t.Errorf("error %v, want a *NotFoundError", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was made")
	}
}

// TestOlderSchemaIsBroughtUpToDate makes warehouses as they were after some of the
// steps, with a row in them.
func TestOlderSchemaIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	steps, err := readMigrations(schema.Files, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	want := values(t, fresh(t), `SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL`)
	for _, version := range []int{1, len(steps) - 1} {
		path := filepath.Join(t.TempDir(), "w.duckdb")
		connector, err := duckdb.NewConnector(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		statements := []string{createMigrationTable}
		for _, s := range steps[:version] {
			statements = append(statements, s.text, fmt.Sprintf("INSERT INTO schema_migration VALUES (%d, '%s', '%s', now())", s.version, s.name, s.checksum))
		}
		statements = append(statements, `INSERT INTO benchmark (benchmark_id, benchmark, title, metric, shots, options, min_point_biserial, in_catalogue) VALUES (1, 'old', 'Old', 'acc', 0, 4, NULL, false)`)
		if _, err := db.ExecContext(t.Context(), "BEGIN;"+strings.Join(statements, ";")+";COMMIT"); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		w := openAt(t, path)
		if got := values(t, w, `SELECT benchmark FROM benchmark`); len(got) != 1 || got[0][0] != "old" {
			t.Errorf("from version %d: benchmarks %v", version, got)
		}
		got := values(t, w, `SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("from version %d:\n%s", version, diff)
		}
	}
}
