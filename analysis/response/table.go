package response

import "fmt"

// Table is a matrix with the names of its rows and columns, all of one benchmark.
type Table struct {
	Benchmark string
	Metric    string   // what "correct" means: acc, acc_norm, mc1, exact_match
	Models    []string // one a row
	Items     []string // one a column; stable keys such as "17" or "anatomy.3"
	Answers   *Matrix
}

// Validate checks that names and matrix have the same shape and that no name
// occurs twice.
func (t *Table) Validate() error {
	models, items := t.Answers.Dims()
	if len(t.Models) != models || len(t.Items) != items {
		return fmt.Errorf("response table %s: %d models and %d items named, matrix is %d × %d",
			t.Benchmark, len(t.Models), len(t.Items), models, items)
	}
	if name, ok := duplicate(t.Models); ok {
		return fmt.Errorf("response table %s: model %q occurs twice", t.Benchmark, name)
	}
	if name, ok := duplicate(t.Items); ok {
		return fmt.Errorf("response table %s: item %q occurs twice", t.Benchmark, name)
	}
	return nil
}

func duplicate(names []string) (string, bool) {
	seen := make(map[string]struct{}, len(names))
	for _, n := range names {
		if _, ok := seen[n]; ok {
			return n, true
		}
		seen[n] = struct{}{}
	}
	return "", false
}

// SelectModels returns the table of the given rows, in the given order.
func (t *Table) SelectModels(rows []int) *Table {
	s := *t
	s.Models = pick(t.Models, rows)
	s.Answers = t.Answers.SelectModels(rows)
	return &s
}

// SelectItems returns the table of the given columns, in the given order.
func (t *Table) SelectItems(cols []int) *Table {
	s := *t
	s.Items = pick(t.Items, cols)
	s.Answers = t.Answers.SelectItems(cols)
	return &s
}

func pick(names []string, at []int) []string {
	out := make([]string, len(at))
	for k, i := range at {
		out[k] = names[i]
	}
	return out
}
