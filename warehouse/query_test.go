package warehouse

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"metabench/corpus"
)

// reader returns a warehouse with three answers, opened for reading.
func reader(t *testing.T) *Warehouse {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	w := openAt(t, path)
	mustImport(t, w, corpus.Import{Blocks: []corpus.Block{blockOf("x.csv", "m", 1, 0, corpus.Missing)}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestQueryReads(t *testing.T) {
	r := reader(t)
	for query, want := range map[string]int{
		"SELECT model, item, correct FROM responses": 2,
		"from reconstruction_metric":                 0,
		"WITH x AS (FROM item) SELECT * FROM x;":     3,
		"-- all\nFROM item_responses('quiz', '1')":   1,
		"DESCRIBE item":        6,
		"EXPLAIN FROM item":    1,
		"SELECT 'pragma' AS x": 1,
		"SELECT 'prepare context; disabled by configuration; read-only mode' AS x;":                     1,
		"PIVOT (SELECT position, item FROM item) ON position IN (0, 1, 2) USING count(*) GROUP BY item": 3,
		"SELECT correct, sd FROM item_statistics LIMIT 1":                                               1,
	} {
		rows, err := r.Query(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		n := 0
		for {
			values, ok, err := rows.Next()
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			if !ok {
				break
			}
			if len(values) != len(rows.Columns) || rows.Columns[0].Name == "" || rows.Columns[0].Type == "" {
				t.Errorf("%s: %d values in columns %v", query, len(values), rows.Columns)
			}
			n++
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
		if n != want {
			t.Errorf("%s: %d rows, want %d", query, n, want)
		}
	}
}

func TestQueryRefusesWhatDoesNotOnlyReadTheWarehouse(t *testing.T) {
	r := reader(t)
	for _, query := range []string{
		"", "  ", "-- nothing", ";;", "SELECT 1; SELECT 2", "PIVOT item ON position USING count(*)",
		"DELETE FROM item", "INSERT INTO item SELECT * FROM item", "UPDATE item SET item = 'x'", "DROP TABLE item",
		"CREATE TABLE x (a INT)", "CREATE TEMP TABLE x AS SELECT 1", "CREATE MACRO f(a) AS a", "PREPARE p AS SELECT 1",
		"EXPLAIN ANALYZE DELETE FROM item", "BEGIN", "CHECKPOINT", "VACUUM", "CALL duckdb_settings()",
		"SET threads = 1", "RESET threads", "PRAGMA threads = 1", "PRAGMA table_info('item')", "/* x */ PRAGMA database_list;", "/* /* x */ */ -- y\n pragma enable_profiling", "USE memory",
		"COPY item TO '/tmp/x.csv'", "COPY item FROM '/etc/passwd'", "EXPORT DATABASE '/tmp/x'", "IMPORT DATABASE '/tmp/x'",
		"ATTACH '/tmp/x.duckdb'", "ATTACH ':memory:' AS m", "DETACH w", "INSTALL httpfs", "LOAD json",
		"FROM read_csv('/etc/passwd')", "FROM read_text('/etc/passwd')", "FROM read_parquet('/tmp/*')", "FROM glob('/etc/*')",
		"FROM sniff_csv('/etc/passwd')", "FROM parquet_metadata('/tmp/x.parquet')",
	} {
		rows, err := r.Query(t.Context(), query)
		if err == nil {
			_ = rows.Close()
			t.Errorf("%s: was run", query)
			continue
		}
		var refused *RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a *RefusedError", query, err)
		}
	}
	for _, query := range []string{"FROM '/etc/passwd'", "SELECT getenv('HOME')", "SELECT * FROM nowhere"} {
		if rows, err := r.Query(t.Context(), query); err == nil {
			_ = rows.Close()
			t.Errorf("%s: was run", query)
		}
	}
}

// What is wrong with a query is known from DuckDB's parser and types of errors: words in it
// mean nothing.
func TestWordsInAQueryDoNotDecideAboutIt(t *testing.T) {
	r := reader(t)
	for query, want := range map[string]string{
		"SELECT 'prepare context' + 1":                              "Binder Error",
		"SELECT * FROM \"external access in read-only mode\"":       "Catalog Error",
		"SELECT 'disabled by configuration'::INTEGER":               "Conversion Error",
		"SELECT error('attached in read-only mode: checksum')":      "read-only mode: checksum",
		"SELECT 'could not prepare query' FROM prepare_the_context": "Catalog Error",
		"SELEKT 'prepare', 'context'":                               "Parser Error",
	} {
		_, err := r.Query(t.Context(), query)
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
}

func TestQueryNeedsAReader(t *testing.T) {
	if _, err := fresh(t).Query(t.Context(), "SELECT 1"); err == nil || !strings.Contains(err.Error(), "open it for reading") {
		t.Errorf("error %v", err)
	}
}

func TestReaderChangesNothing(t *testing.T) {
	if _, err := reader(t).Import(t.Context(), corpus.Import{}); err == nil {
		t.Error("a reader imported")
	}
}
