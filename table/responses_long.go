package table

import (
	"context"
	"slices"
	"strings"

	"metabench/analysis/response"
	"metabench/corpus"
)

// rowFilter keeps the rows that have certain values in certain columns.
type rowFilter struct {
	names  []string
	values []string
	used   []bool // whether any row has the value
}

func newRowFilter(rows map[string]string) *rowFilter {
	f := &rowFilter{}
	for name := range rows {
		f.names = append(f.names, name)
	}
	slices.Sort(f.names)
	for _, name := range f.names {
		f.values = append(f.values, rows[name])
	}
	f.used = make([]bool, len(f.names))
	return f
}

// keeps reports whether a row has all the values; the filter's columns are those from the
// first on.
func (f *rowFilter) keeps(t *longTable, first, i int) bool {
	all := true
	for k, want := range f.values {
		if t.text(first+k, i) == want {
			f.used[k] = true
		} else {
			all = false
		}
	}
	return all
}

// readLongResponses reads one row an answer.
func readLongResponses(ctx context.Context, src source, path string, o ResponseOptions, roles roles, missing missingCodes) (*Responses, error) {
	columns, err := roles.columns(path)
	if err != nil {
		return nil, err
	}
	filter := newRowFilter(o.Rows)
	const model, item, value, filtered = 0, 1, 2, 3
	chosen := append([]string{columns.Model, columns.Item, columns.Correct}, filter.names...)
	benchmark := -1
	if name, ok := named(src.columns(), "benchmark"); ok && o.Rows[name] == "" {
		benchmark = len(chosen)
		chosen = append(chosen, name)
	}
	t, err := openLong(src, path, chosen, model, item, value, missing)
	if err != nil {
		return nil, err
	}
	identity := []int{model, item} // columns that tell answers apart
	for k := range filter.names {
		identity = append(identity, filtered+k)
	}
	var answers grid
	var kept int64
	var only string // benchmark of the rows that are kept
	err = t.eachRow(func(i int) error {
		if !filter.keeps(t, filtered, i) {
			return nil
		}
		if kept++; benchmark >= 0 {
			name := t.text(benchmark, i)
			if kept == 1 {
				only = name
			}
			if name != only {
				return t.at(i).errorf(corpus.KindColumn, chosen[benchmark], "Choose one of "+list(t.dicts[benchmark].values),
					"the table holds several benchmarks")
			}
		}
		m, err := t.modelCode(i)
		if err != nil {
			return err
		}
		j, err := t.itemCode(i)
		if err != nil {
			return err
		}
		a, err := t.answer(i, m, j, o.Metric)
		if err != nil {
			return err
		}
		if !answers.put(int(m), int(j), a) {
			return t.duplicate(ctx, i, identity...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for k, used := range filter.used {
		if !used {
			return nil, noSuchValue(path, filter.names[k], filter.values[k], t.dicts[filtered+k].values)
		}
	}
	if kept == 0 {
		return nil, &corpus.DataError{Kind: corpus.KindEmpty, File: path, Reason: "no row has all the values asked for",
			Remedy: "Loosen the choice of rows"}
	}
	table := answers.table(t.models.dict.values, t.items.dict.values)
	table.Benchmark, table.Metric = o.Benchmark, o.Metric
	return &Responses{Table: table, Columns: columns, Extra: map[string][]string{}, guess: columns.guess(roles.named)}, nil
}

// table arranges answers by the names of models and items.
func (g *grid) table(models, items []string) *response.Table {
	rows, columns := g.answering(models), g.answered(items)
	t := &response.Table{Models: pickNames(models, rows), Items: pickNames(items, columns), Answers: response.New(len(rows), len(columns))}
	position := make([]int, g.items)
	for to, k := range columns {
		position[k] = to
	}
	for i, m := range rows {
		t.Answers.SetRow(i, 0, g.arrange(m, position, len(columns)))
	}
	return t
}

// answered lists the items that some row speaks of, in order of their keys.
func (g *grid) answered(keys []string) []int {
	used := make([]bool, g.items)
	for _, row := range g.rows {
		for k, a := range row {
			used[k] = used[k] || a != unseen
		}
	}
	return slices.DeleteFunc(sortKeys(keys[:g.items]), func(k int) bool { return !used[k] })
}

// answering lists the models that have a row, in order of their names.
func (g *grid) answering(names []string) []int {
	var rows []int
	for m, row := range g.rows {
		if len(row) > 0 {
			rows = append(rows, m)
		}
	}
	slices.SortFunc(rows, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	return rows
}

func pickNames(values []string, at []int) []string {
	out := make([]string, len(at))
	for k, i := range at {
		out[k] = values[i]
	}
	return out
}
