package pipeline

import (
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
	for column, names := range result.Enumerations() {
		for _, name := range rows(t, p, `SELECT DISTINCT "`+column[1]+`" FROM `+column[0]) {
			if !slices.Contains(names, name) && !released.MatchString(name) {
				t.Errorf("%s.%s is %q, want one of %q", column[0], column[1], name, names)
			}
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
		if got, wanted := rows(t, p, `SELECT count(*) FROM (`+query+"\n)"), rows(t, p, want.rows); !slices.Equal(got, wanted) || got[0] == "0" {
			t.Errorf("query %s answers %s rows, want %s", name, got, wanted)
		}
		if gaps := rows(t, p, `FROM (`+query+"\n) WHERE "+want.gap); len(gaps) > 0 {
			t.Errorf("query %s leaves gaps: %s", name, gaps)
		}
	}
}
