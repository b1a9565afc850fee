package pipeline

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/result"
	schema "metabench/sql"
)

// mustWriteKnownNames wants a build to write the names that the schema lists, and the
// worked queries about results to answer without gaps.
func mustWriteKnownNames(t *testing.T, p *Pipeline) {
	t.Helper()
	released := regexp.MustCompile(`^(form )?[AB]@.`)
	known := result.Enumerations()
	var queries []string
	for column := range known { // in one query: rows opens the warehouse anew
		queries = append(queries, fmt.Sprintf(`SELECT DISTINCT concat_ws('|', '%s', '%s', "%[2]s") FROM %[1]s WHERE "%[2]s" IS NOT NULL`, column[0], column[1]))
	}
	for _, row := range rows(t, p, strings.Join(queries, " UNION ALL ")) {
		name := strings.Split(row, "|")
		if names := known[[2]string{name[0], name[1]}]; !slices.Contains(names, name[2]) && !released.MatchString(name[2]) {
			t.Errorf("%s.%s is %q, want one of %q", name[0], name[1], name[2], names)
		}
	}
	for name, want := range map[string]struct {
		rows string // a query for how many there should be
		gap  string // a condition that no row should meet
	}{
		"07_how_good": {`SELECT count(*) FROM reconstruction_metric WHERE method = 'gaussian process' AND form IN ('A', 'B') AND grp = 'all' AND target = benchmark`,
			`coverage IS NULL`},
		"08_selected_items":    {`SELECT count(*) FROM selected_item WHERE benchmark = 'left' AND form = 'A'`, `COLUMNS(c -> c NOT IN ('prompt')) IS NULL`},
		"09_worst_predictions": {`SELECT 10`, `COLUMNS(*) IS NULL`},
	} {
		text, err := fs.ReadFile(schema.Files, "queries/"+name+".sql")
		if err != nil {
			t.Fatal(err)
		}
		query := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(string(text)), ";"), "'arc'", "'left'")
		counts := fmt.Sprintf("SELECT count(*), (%s), (SELECT count(*) FROM (%s\n) WHERE %s) FROM (%[2]s\n)", want.rows, query, want.gap)
		var n, wanted, gaps int
		if _, err := fmt.Sscan(rows(t, p, counts)[0], &n, &wanted, &gaps); err != nil || n == 0 || n != wanted || gaps > 0 {
			t.Errorf("query %s answers %d rows with %d gaps, want %d without: %v", name, n, gaps, wanted, err)
		}
	}
}
