package warehouse

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// engineTypes are the engines' names of the types that Parquet files can have here,
// as DuckDB calls them when it reads the files.
var engineTypes = map[string]map[string]string{
	"trino": {"varchar": "VARCHAR", "tinyint": "TINYINT", "integer": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE",
		"boolean": "BOOLEAN", "timestamp(6)": "TIMESTAMP", "decimal(20,0)": "DECIMAL(20,0)", "array(varchar)": "VARCHAR[]"},
	"spark": {"STRING": "VARCHAR", "TINYINT": "TINYINT", "INT": "INTEGER", "BIGINT": "BIGINT", "DOUBLE": "DOUBLE",
		"BOOLEAN": "BOOLEAN", "TIMESTAMP_NTZ": "TIMESTAMP", "DECIMAL(20,0)": "DECIMAL(20,0)", "ARRAY<STRING>": "VARCHAR[]"},
	"clickhouse": {"Nullable(String)": "VARCHAR", "Nullable(Int8)": "TINYINT", "Nullable(Int32)": "INTEGER", "Nullable(Int64)": "BIGINT",
		"Nullable(Float64)": "DOUBLE", "Nullable(Bool)": "BOOLEAN", "Nullable(DateTime64(6))": "TIMESTAMP", "Nullable(Decimal(20,0))": "DECIMAL(20,0)", "Array(Nullable(String))": "VARCHAR[]"},
}

var (
	createStatement = regexp.MustCompile(`(?ms)^CREATE (?:TABLE|VIEW) (?:hive\.metabench\.)?(\w+) (.*?);$`)
	createColumn    = regexp.MustCompile("(?m)^    [\"`](\\w+)[\"`] (.+?)(?: COMMENT '.*')?,?$")
)

// The statements for other engines, in deploy/lake and on the reference page, name the
// columns that the files of a lake have, with types that can hold theirs.
func TestStatementsForOtherEnginesFitTheLake(t *testing.T) {
	w := fresh(t)
	mustImport(t, w, randomImport(1, 6, 5))
	if err := w.StoreResults(t.Context(), "run1", someResults(1)); err != nil {
		t.Fatal(err)
	}
	lake, err := w.Export(t.Context(), ExportOptions{Dir: filepath.Join(t.TempDir(), "lake")})
	if err != nil {
		t.Fatal(err)
	}
	inFiles := map[string][][]any{}
	for _, table := range lakeTables {
		pattern := filepath.Join(lake.Dir, table.name, "*.parquet")
		if table.partitioned {
			pattern = filepath.Join(lake.Dir, table.name, "*", "*.parquet")
		}
		if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
			continue // no rows, no files
		}
		inFiles[table.name] = values(t, w, `SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet('`+pattern+`', hive_partitioning = false))`)
	}
	if len(inFiles) < 10 {
		t.Fatalf("the lake has files of %d tables only", len(inFiles))
	}
	page, err := os.ReadFile("../docs/warehouse.md")
	if err != nil {
		t.Fatal(err)
	}
	for engine, types := range engineTypes {
		text, err := os.ReadFile(filepath.Join("..", "deploy", "lake", engine+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, statement := range createStatement.FindAllStringSubmatch(string(text), -1) {
			name := statement[1]
			if name == "responses" && !strings.Contains(string(page), statement[0]) {
				t.Errorf("%s: the reference page has another statement for %s", engine, name)
			}
			want, ok := inFiles[name]
			if !ok {
				continue
			}
			seen++
			var got [][]any
			for _, column := range createColumn.FindAllStringSubmatch(statement[2], -1) {
				if column[1] == "benchmark" && name != "benchmark" { // in the path
					continue
				}
				got = append(got, []any{column[1], types[column[2]]})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s: %s", engine, name, diff)
			}
		}
		if seen != len(inFiles) {
			t.Errorf("%s: statements for %d of %d tables", engine, seen, len(inFiles))
		}
	}
}
