package table

import (
	"errors"
	"io"
	"slices"
	"strings"

	"metabench/analysis/response"
	"metabench/corpus"
)

// rowFilter keeps the rows that have given values in given columns.
type rowFilter struct {
	names  []string
	values []string
	used   []bool
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

// readLongResponses reads one row per answer.
func readLongResponses(src source, path string, o ResponseOptions, roles roles, missing missingCodes) (*Responses, error) {
	columns, err := roles.columns(path)
	if err != nil {
		return nil, err
	}
	filter := newRowFilter(o.Rows)
	wanted := append([]string{columns.Model, columns.Item, columns.Correct}, filter.names...)
	if benchmark, ok := named(src.columns(), "benchmark"); ok && o.Rows[benchmark] == "" {
		wanted = append(wanted, benchmark)
	}
	if err := chooseByName(src, path, wanted); err != nil {
		return nil, err
	}
	l := longReader{file: path, filter: filter, columns: wanted,
		models: names{dict: src.dictionary(0)}, items: names{dict: src.dictionary(1)},
		answers: answers{dict: src.dictionary(2), missing: missing}, metric: o.Metric}
	for k := range wanted {
		l.dicts = append(l.dicts, src.dictionary(k))
	}
	var b batch
	for {
		err := src.next(&b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := l.take(&b); err != nil {
			return nil, err
		}
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	t := l.table()
	t.Benchmark, t.Metric = o.Benchmark, o.Metric
	return &Responses{Table: t, Columns: columns, Extra: map[string][]string{},
		guess: columns.guess(roles.given)}, nil
}

// chooseByName chooses columns, explaining one that does not exist.
func chooseByName(src source, path string, wanted []string) error {
	have := src.columns()
	at := make([]int, len(wanted))
	for k, name := range wanted {
		if at[k] = slices.Index(have, name); at[k] < 0 {
			if e := src.whyNot(name); e != nil {
				return e
			}
			return missingColumn(path, name, have)
		}
	}
	src.choose(at)
	return nil
}

// longReader collects the answers of a long table. Its columns are model, item,
// correct, those of the filter, and perhaps benchmark.
type longReader struct {
	file    string
	columns []string
	dicts   []*dictionary
	filter  *rowFilter
	metric  string
	models  names
	items   names
	answers answers
	grid    grid
	rows    int64
	kept    int64

	benchmark string // of the first row kept
}

func (l *longReader) take(b *batch) error {
	benchmark := 3 + len(l.filter.names)
	l.rows += int64(b.n)
	for i := range b.n {
		if !l.keeps(b, i) {
			continue
		}
		l.kept++
		if benchmark < len(b.cells) {
			name := cellText(&b.cells[benchmark], l.dicts[benchmark], i)
			if l.kept == 1 {
				l.benchmark = name
			}
			if name != l.benchmark {
				return b.location(l.file, i).errorf(corpus.KindColumn, l.columns[benchmark], "Choose one of "+list(l.dicts[benchmark].values),
					"the table holds several benchmarks")
			}
		}
		model, item, err := l.identity(b, i)
		if err != nil {
			return err
		}
		a := l.answers.of(&b.cells[2], i)
		if a == notBinary {
			e := wrongAnswer(b.location(l.file, i), l.columns[2], cellText(&b.cells[2], l.dicts[2], i), l.metric)
			e.Model, e.Item = l.dicts[0].values[model], l.dicts[1].values[item]
			return e
		}
		if !l.grid.put(model, item, a) {
			return &duplicateError{at: b.location(l.file, i),
				columns: append(slices.Clone(l.columns[:2]), l.filter.names...),
				values:  append([]string{l.dicts[0].values[model], l.dicts[1].values[item]}, l.filter.values...)}
		}
	}
	return nil
}

func (l *longReader) keeps(b *batch, i int) bool {
	all := true
	for k, want := range l.filter.values {
		if cellText(&b.cells[3+k], l.dicts[3+k], i) == want {
			l.filter.used[k] = true
		} else {
			all = false
		}
	}
	return all
}

// identity returns the codes of the model and the item of a row.
func (l *longReader) identity(b *batch, i int) (model, item int, err error) {
	m, err := l.models.of(b, 0, i, l.file, l.columns[0])
	if err != nil {
		return 0, 0, err
	}
	t, err := l.items.of(b, 1, i, l.file, l.columns[1])
	if err != nil {
		return 0, 0, err
	}
	return int(m), int(t), nil
}

// check looks at what was kept of the table as a whole.
func (l *longReader) check() error {
	if l.rows == 0 {
		return &corpus.DataError{Kind: corpus.KindEmpty, File: l.file, Reason: "the table has a header but no rows"}
	}
	for k, used := range l.filter.used {
		if !used {
			return noSuchValue(l.file, l.filter.names[k], l.filter.values[k], l.dicts[3+k].values)
		}
	}
	if l.kept == 0 {
		return &corpus.DataError{Kind: corpus.KindEmpty, File: l.file, Reason: "no row has all the values asked for",
			Remedy: "Loosen the choice of rows"}
	}
	return nil
}

// table sorts what was collected.
func (l *longReader) table() *response.Table {
	models, items := l.seenModels(), l.seenItems()
	modelNames, itemNames := pickNames(l.dicts[0].values, models), pickNames(l.dicts[1].values, items)
	place := make([]int, l.grid.items)
	for to, k := range items {
		place[k] = to
	}
	t := &response.Table{Models: modelNames, Items: itemNames, Answers: response.New(len(models), len(items))}
	for i, m := range models {
		t.Answers.SetRow(i, 0, l.grid.arrange(m, place, len(items)))
	}
	return t
}

// seenModels lists the models that have a row, in order of their names.
func (l *longReader) seenModels() []int {
	var seen []int
	for m, row := range l.grid.rows {
		if len(row) > 0 {
			seen = append(seen, m)
		}
	}
	slices.SortFunc(seen, func(a, b int) int { return strings.Compare(l.dicts[0].values[a], l.dicts[0].values[b]) })
	return seen
}

// seenItems lists the items that some kept row speaks of, in order of their keys.
func (l *longReader) seenItems() []int {
	used := make([]bool, l.grid.items)
	for _, row := range l.grid.rows {
		for k, a := range row {
			used[k] = used[k] || a != unseen
		}
	}
	var seen []int
	for _, k := range sortKeys(l.dicts[1].values[:l.grid.items]) {
		if used[k] {
			seen = append(seen, k)
		}
	}
	return seen
}

func pickNames(values []string, at []int) []string {
	out := make([]string, len(at))
	for k, i := range at {
		out[k] = values[i]
	}
	return out
}
