package table

import (
	"context"
	"slices"

	"metabench/corpus"
)

// Labels returns what a column of the file at path says of each model of the table, such
// as its family, as text; empty where it says nothing. Two values for one model are an
// error.
func (r *Responses) Labels(ctx context.Context, path, column string) ([]string, error) {
	f, err := ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	names, err := f.Strings(r.Columns.Model)
	if err != nil {
		return nil, err
	}
	texts, err := f.Strings(column)
	if err != nil {
		return nil, err
	}
	label := map[string]string{}
	for i, name := range names {
		if seen, ok := label[name]; ok && seen != texts[i] {
			values := []string{seen, texts[i]}
			slices.Sort(values)
			return nil, f.location(i).errorf(corpus.KindValue, column, "Give each model one value, in all of its rows",
				"model %q has two values, %q and %q", corpus.Clip(name, 60), corpus.Clip(values[0], 40), corpus.Clip(values[1], 40))
		}
		label[name] = texts[i]
	}
	out := make([]string, len(r.Models))
	for i, name := range r.Models {
		out[i] = label[name]
	}
	return out, nil
}
