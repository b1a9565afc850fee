package warehouse

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/result"
	schema "metabench/sql"
)

// Whoever reads the comment of a column knows all values that are in it.
func TestCommentsListTheNamesInResults(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	comments := map[[2]string]string{}
	for _, row := range values(t, w, `SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal AND comment IS NOT NULL`) {
		comments[[2]string{row[0].(string), row[1].(string)}] = row[2].(string)
	}
	for column, names := range result.Enumerations() {
		comment := comments[column]
		if strings.Contains(comment, "as in irt_fit") {
			comment = comments[[2]string{"irt_fit", "stage"}]
		}
		for _, name := range names {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(comment) {
				t.Errorf("%s.%s may be %q, which its comment does not say: %q", column[0], column[1], name, comment)
			}
		}
	}
}

// A view or query that compares a column with a name that nothing writes finds nothing,
// without an error.
func TestSQLComparesWithNamesThatAreWritten(t *testing.T) {
	known := map[string][]string{"target": {result.JointName}, "part": {"benchmark"}} // of left_out
	for column, names := range result.Enumerations() {
		known[column[1]] = append(known[column[1]], names...)
	}
	literal := regexp.MustCompile(`\b(scheme|part|grp|method|form|stage|grid|axis|estimator|target) (?:=|<>|IN) \(?((?:'[^']*'(?:, )?)+)`)
	found := 0
	for _, dir := range []string{"views", "checks", "queries"} {
		files, err := fs.Glob(schema.Files, dir+"/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(schema.Files, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
				for _, name := range strings.Split(strings.TrimSuffix(m[2], ", "), ", ") {
					found++
					if !slices.Contains(known[m[1]], strings.Trim(name, "'")) {
						t.Errorf("%s: %s is never %s", file, m[1], name)
					}
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d comparisons were found", found)
	}
}
