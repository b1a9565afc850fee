//go:build interop

package interop

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	schema "metabench/sql"
)

// demoWarehouse names the warehouse of a demo that has run already; without it the
// tests that need one run the demo themselves, which takes a minute.
const demoWarehouse = "INTEROP_WAREHOUSE"

// question is a query with the program's own answer: a JSON text for each row.
type question struct {
	Name  string   `json:"name"`
	Query string   `json:"query"`
	Rows  []string `json:"rows"`
}

// TestDuckDB opens a published snapshot with other versions of DuckDB and asks them the
// worked queries of docs/warehouse.md.
func TestDuckDB(t *testing.T) {
	snapshot := publishDemo(t)
	questions := workedQuestions(t)
	model := ask(t, snapshot, "SELECT min(model) AS text FROM lineage WHERE regexp_full_match(model, '[A-Za-z0-9._/-]+')")[0]
	for k, q := range questions {
		questions[k].Query = strings.ReplaceAll(q.Query, "org/model-3", model)
		questions[k].Rows = ask(t, snapshot, questions[k].Query)
	}
	for _, partner := range []string{"duckdb", "duckdb-1.5", "duckdb-1.1"} {
		t.Run(partner, func(t *testing.T) {
			check(t, partner, map[string]any{"snapshot": snapshot, "questions": questions}, len(questions)+3)
		})
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(snapshot), "*.wal")); err != nil || len(left) > 0 {
		t.Errorf("readers left write-ahead logs: %v %v", left, err)
	}
}

// workedQuestions are the worked queries, and the comments that a reader sees.
func workedQuestions(t *testing.T) []question {
	t.Helper()
	names, err := fs.Glob(schema.Files, "queries/*.sql")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d worked queries: %v", len(names), err)
	}
	questions := []question{
		{Name: "comments_of_columns", Query: "SELECT to_json(c)::VARCHAR AS text FROM (SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL) AS c"},
		{Name: "comments_of_tables_and_views", Query: "SELECT to_json(c)::VARCHAR AS text FROM (SELECT table_name AS name, comment FROM duckdb_tables() UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL) AS c"},
	}
	for _, name := range names {
		text, err := fs.ReadFile(schema.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		query := strings.TrimSuffix(strings.TrimSpace(string(text)), ";")
		questions = append(questions, question{
			Name:  strings.TrimSuffix(filepath.Base(name), ".sql"),
			Query: "SELECT to_json(answer)::VARCHAR AS text FROM (\n" + query + "\n) AS answer",
		})
	}
	return questions
}

func ask(t *testing.T, snapshot, query string) []string {
	t.Helper()
	var rows []struct{ Text string }
	out := run(t, "", metabench(t), "--warehouse", snapshot, "query", "--json", query)
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	texts := make([]string, len(rows))
	for k, row := range rows {
		texts[k] = row.Text
	}
	return texts
}

// publishDemo publishes the demo's warehouse.
func publishDemo(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "published")
	run(t, "", metabench(t), "--warehouse", demo(t), "publish", "--dir", dir)
	return filepath.Join(dir, "metabench.duckdb")
}

// demo is the warehouse of a demo.
func demo(t *testing.T) string {
	t.Helper()
	if warehouse := os.Getenv(demoWarehouse); warehouse != "" {
		return warehouse
	}
	dir := filepath.Join(scratch, "demo")
	demoOnce.Do(func() { run(t, "", metabench(t), "--no-progress", "demo", "--dir", dir) })
	return filepath.Join(dir, "metabench.duckdb")
}

var demoOnce sync.Once
