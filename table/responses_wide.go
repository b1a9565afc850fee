package table

import (
	"strings"

	"metabench/analysis/response"
	"metabench/corpus"
)

// wideResponses turns a frame with a row per model into a table.
func wideResponses(f *Frame, o ResponseOptions) (*Responses, error) {
	filter := newRowFilter(o.Rows)
	for k, name := range filter.names {
		var err error
		if f, err = f.Filter(name, filter.values[k]); err != nil {
			return nil, err
		}
	}
	model := 0
	if o.Model != "" {
		var err error
		if model, err = f.find(o.Model); err != nil {
			return nil, err
		}
	}
	models, err := f.modelNames(model)
	if err != nil {
		return nil, err
	}
	r := &Responses{Table: &response.Table{Benchmark: o.Benchmark, Metric: o.Metric, Models: models},
		Extra: map[string][]string{}}
	var items [][]uint8
	for k, name := range f.names {
		if k == model {
			continue
		}
		values, err := f.itemColumn(k, o.Metric)
		if err != nil {
			return nil, err
		}
		if values == nil {
			if r.Extra[name], err = f.Strings(name); err != nil {
				return nil, err
			}
			continue
		}
		r.Items = append(r.Items, name)
		items = append(items, values)
	}
	if len(items) == 0 {
		return nil, &Error{Kind: KindColumn, File: f.file,
			Problem: "no column holds answers of 0 and 1",
			Remedy:  "Give a long table with the columns model, item and correct, or a wide one with a 0/1 column per item. It has the columns " + list(f.names)}
	}
	r.Answers = response.New(len(models), len(items))
	row := make([]uint8, len(items))
	for i := range models {
		for j, values := range items {
			row[j] = values[i]
		}
		r.Answers.SetRow(i, 0, row)
	}
	return r, nil
}

// modelNames returns the model of each row, which must be named and distinct.
func (f *Frame) modelNames(k int) ([]string, error) {
	models := make([]string, f.rows)
	seen := make(map[string]int, f.rows)
	for i := range models {
		name := strings.TrimSpace(f.columns[k].text(i))
		if name == "" {
			return nil, f.place(i).errorf(KindName, f.names[k], "Name the model or remove the row", "the model has no name")
		}
		if err := checkName(f.place(i), f.names[k], name); err != nil {
			return nil, err
		}
		if before, ok := seen[name]; ok {
			e := f.place(i).errorf(KindDuplicate, f.names[k], "Keep one of the two rows",
				"the model is already in %s", f.place(before))
			e.Model = name
			return nil, e
		}
		seen[name], models[i] = i, name
	}
	return models, nil
}

// itemColumn returns the answers of a column, or nil if it is no item.
func (f *Frame) itemColumn(k int, metric string) ([]uint8, error) {
	name, c := f.names[k], &f.columns[k]
	if lower := strings.ToLower(name); lower == "set" || lower == "split" {
		return nil, nil
	}
	read := answers{dict: c.dict}
	out := make([]uint8, f.rows)
	binary, other, firstOther := 0, 0, -1
	for i := range out {
		switch out[i] = read.of(&c.cells, i); out[i] {
		case 0, 1:
			binary++
		case notBinary:
			if other++; firstOther < 0 {
				firstOther = i
			}
		case corpus.Missing:
		}
	}
	if other >= binary { // a score, some text, or nothing at all
		return nil, nil
	}
	if other > 0 {
		e := wrongAnswer(f.place(firstOther), name, c.text(firstOther), metric)
		e.Model, e.Item = f.columns[0].text(firstOther), name
		return nil, e
	}
	return out, nil
}
