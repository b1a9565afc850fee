package table

import (
	"slices"
	"strings"

	"metabench/analysis/response"
	"metabench/corpus"
)

// wideResponses turns a frame with a row per model into a table. Columns that could not be
// read are listed among those that are no items.
func wideResponses(f *Frame, o ResponseOptions, roles roles, missing missingCodes, unread []*corpus.DataError) (*Responses, error) {
	filter := newRowFilter(o.Rows)
	for k, name := range filter.names {
		var err error
		if f, err = f.Filter(name, filter.values[k]); err != nil {
			return nil, err
		}
	}
	skip := map[string]string{}
	for _, name := range o.Skip {
		if _, err := f.find(name); err != nil {
			return nil, err
		}
		skip[name] = "is named by --skip"
	}
	for _, name := range filter.names {
		skip[name] = "chooses rows"
	}
	model, err := f.modelColumn(roles, missing)
	if err != nil {
		return nil, err
	}
	models, err := f.modelNames(model, roles)
	if err != nil {
		return nil, err
	}
	r := &Responses{Table: &response.Table{Benchmark: o.Benchmark, Metric: o.Metric, Models: models},
		Columns: Columns{Model: f.names[model]}, Extra: map[string][]string{}}
	var items [][]uint8
	for k, name := range f.names {
		if k == model {
			continue
		}
		c, err := f.classify(k, model, skip[name], missing, o.Metric)
		if err != nil {
			if e := f.askLong(model, roles, k); e != nil {
				return nil, e
			}
			return nil, err
		}
		if c.because == "" {
			if err := checkName(location{file: f.file}, name, name); err != nil {
				return nil, err
			}
			r.Items = append(r.Items, name)
			items = append(items, c.answers)
			continue
		}
		r.NotItems = append(r.NotItems, NotItem{name, c.because})
		if !c.empty {
			if r.Extra[name], err = f.Strings(name); err != nil {
				return nil, err
			}
		}
	}
	for _, e := range unread {
		r.NotItems = append(r.NotItems, NotItem{e.Column, strings.TrimPrefix(e.Reason, "it ")})
	}
	if len(items) < 2 {
		if e := f.askLong(model, roles, -1); e != nil {
			return nil, e
		}
	}
	if len(items) == 0 {
		return nil, &corpus.DataError{Kind: corpus.KindColumn, File: f.file,
			Reason: "no column holds answers of 0 and 1: " + strings.Join(r.Notes(), "; "),
			Remedy: "Give a long table with the columns model, item and correct, or a wide one with a 0/1 column per item. It has the columns " + list(f.names)}
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

// modelColumn finds the column that names the models of a wide table: the one that was
// asked for, the one called model, else the first, which must not be one of answers.
func (f *Frame) modelColumn(roles roles, missing missingCodes) (int, error) {
	if roles.named.Model != "" {
		return f.find(roles.named.Model)
	}
	if name, ok := named(f.names, "model"); ok {
		return f.find(name)
	}
	if slices.Contains(roles.model, f.names[0]) {
		return 0, nil
	}
	read := answers{dict: f.columns[0].dict, missing: missing}
	names := false
	for i := range f.rows {
		names = names || read.of(&f.columns[0].cells, i) == notBinary
	}
	if names && f.names[0] != "" {
		return 0, nil
	}
	if len(roles.model) == 1 {
		if k := slices.Index(f.names, roles.model[0]); k > 0 {
			return k, nil
		}
	}
	if names {
		return 0, nil // row names, as R writes them
	}
	return 0, &corpus.DataError{Kind: corpus.KindColumn, File: f.file, Column: f.names[0],
		Reason: "is the first column and holds answers, so that nothing names the models",
		Remedy: "Put a column with a name for each row in front, or choose one with --model-column. It has the columns " + list(f.names)}
}

// modelNames returns the model of each row, which must be named and distinct.
func (f *Frame) modelNames(k int, roles roles) ([]string, error) {
	models := make([]string, f.rows)
	seen := make(map[string]int, f.rows)
	for i := range models {
		name := strings.TrimSpace(f.columns[k].text(i))
		if name == "" {
			return nil, f.location(i).errorf(corpus.KindName, f.names[k], "Name the model or remove the row", "the model has no name")
		}
		if err := checkName(f.location(i), f.names[k], name); err != nil {
			return nil, err
		}
		if before, ok := seen[name]; ok {
			if e := f.askLong(k, roles, k); e != nil {
				return nil, e
			}
			e := f.location(i).errorf(corpus.KindDuplicate, f.names[k], "Keep one of the two rows, or choose the column that names the models with --model-column",
				"the model is already in %s", f.location(before))
			e.Model = name
			return nil, e
		}
		seen[name], models[i] = i, name
	}
	return models, nil
}
