package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"metabench/corpus"
)

// Scores are models' scores on whole benchmarks, in points from 0 to 100.
type Scores struct {
	ByModel map[string]map[string]float64 // benchmark → model → points
	Metrics map[string]string             // benchmark → metric, as far as the table says it
}

// ReadScores reads scores from a Parquet or CSV file: one row a score with the columns
// model, score and, unless benchmark names it, benchmark, perhaps also metric; or one
// row a model with a column a benchmark, of those that names lists. A score that is
// missing is left out.
func ReadScores(ctx context.Context, path, benchmark string, names []string) (*Scores, error) {
	f, err := ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	models, err := f.namesOfModels()
	if err != nil {
		return nil, err
	}
	s := &Scores{ByModel: map[string]map[string]float64{}, Metrics: map[string]string{}}
	if column, ok := named(f.names, "score"); ok {
		err = s.long(f, models, column, benchmark)
	} else {
		err = s.wide(f, models, names)
	}
	if err != nil {
		return nil, err
	}
	return s, s.points(path)
}

// namesOfModels is the column of the models.
func (f *Frame) namesOfModels() ([]string, error) {
	found := modelRole.among(f.names)
	if len(found) != 1 {
		return nil, &corpus.DataError{Kind: corpus.KindColumn, File: f.file, Reason: fmt.Sprintf("which column names the model isn't clear: the columns are %s", list(f.names)),
			Remedy: "Call it model"}
	}
	return f.Strings(found[0])
}

func (s *Scores) long(f *Frame, models []string, column, benchmark string) error {
	values, err := f.Floats(column)
	if err != nil {
		return err
	}
	text := func(name, otherwise string) ([]string, error) {
		if c, ok := named(f.names, name); ok {
			return f.Strings(c)
		}
		return slices.Repeat([]string{otherwise}, len(models)), nil
	}
	benchmarks, err := text("benchmark", benchmark)
	if err != nil {
		return err
	}
	metrics, err := text("metric", "")
	if err != nil {
		return err
	}
	for i, b := range benchmarks {
		if b == "" {
			return f.location(i).errorf(corpus.KindColumn, "benchmark", "Add a column benchmark, or name it with --benchmark", "nothing says which benchmark the score is of")
		}
		if known := s.Metrics[b]; known != "" && metrics[i] != known {
			return f.location(i).errorf(corpus.KindValue, "metric", "Keep the scores of one metric", "%s has scores by %s and by %s", b, known, metrics[i])
		}
		if metrics[i] != "" {
			s.Metrics[b] = metrics[i]
		}
		if err := s.add(f, i, b, models[i], column, values[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scores) wide(f *Frame, models, names []string) error {
	for _, b := range names {
		column, ok := named(f.names, b)
		if !ok {
			continue
		}
		values, err := f.Floats(column)
		if err != nil {
			return err
		}
		for i, y := range values {
			if err := s.add(f, i, b, models[i], column, y); err != nil {
				return err
			}
		}
	}
	if len(s.ByModel) == 0 {
		return &corpus.DataError{Kind: corpus.KindColumn, File: f.file, Reason: "it has neither a column score nor one of " + list(names),
			Remedy: "Give one row a score (model, benchmark, score), or one row a model with a column a benchmark"}
	}
	return nil
}

func (s *Scores) add(f *Frame, i int, benchmark, model, column string, points float64) error {
	if model = strings.TrimSpace(model); model == "" {
		return f.location(i).errorf(corpus.KindValue, "model", "Fill it in, or leave the row out", "the model has no name")
	}
	of := s.ByModel[benchmark]
	if of == nil {
		of = map[string]float64{}
		s.ByModel[benchmark] = of
	}
	if math.IsNaN(points) {
		return nil
	}
	if points < 0 || points > 100 {
		return f.location(i).errorf(corpus.KindValue, column, "Scores are in points from 0 to 100", "the score of %s is %g", model, points)
	}
	if known, ok := of[model]; ok && known != points {
		return f.location(i).errorf(corpus.KindDuplicate, column, "Keep one of them", "%s has two scores on %s, %g and %g", model, benchmark, known, points)
	}
	of[model] = points
	return nil
}

// points refuses scores that are shares: they would be taken for very low ones.
func (s *Scores) points(path string) error {
	for _, b := range slices.Sorted(maps.Keys(s.ByModel)) {
		of := s.ByModel[b]
		highest := math.Inf(-1)
		for _, y := range of {
			highest = max(highest, y)
		}
		if len(of) > 1 && highest <= 1 {
			return &corpus.DataError{Kind: corpus.KindValue, File: path, Column: "score", Reason: fmt.Sprintf("no score on %s is above 1", b),
				Remedy: "Scores are in points from 0 to 100: multiply shares by 100"}
		}
	}
	return nil
}

// ReadAnswers reads a table of answers to one or several benchmarks: ReadResponses for
// each value of its column benchmark or, without one, for the benchmark that o names. Where
// nobody names the metric, the column of the answers may: acc_norm, mc1.
func ReadAnswers(ctx context.Context, path string, o ResponseOptions) ([]*Responses, error) {
	all, err := readAnswers(ctx, path, o)
	for _, r := range all {
		if r.Metric == "" {
			r.Metric = metricOf(r.Columns.Correct)
		}
	}
	return all, err
}

func readAnswers(ctx context.Context, path string, o ResponseOptions) ([]*Responses, error) {
	names, column, err := benchmarksOf(ctx, path)
	if err != nil {
		return nil, err
	}
	if column == "" {
		if o.Benchmark == "" {
			return nil, &corpus.DataError{Kind: corpus.KindColumn, File: path, Reason: "nothing says which benchmark the answers are to",
				Remedy: "Add a column benchmark, or name it with --benchmark"}
		}
		r, err := ReadResponses(ctx, path, o)
		if err != nil {
			return nil, err
		}
		return []*Responses{r}, nil
	}
	var all []*Responses
	for _, name := range names {
		if o.Benchmark != "" && name != o.Benchmark {
			continue
		}
		of := o
		of.Benchmark, of.Rows = name, map[string]string{column: name}
		r, err := ReadResponses(ctx, path, of)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, noSuchValue(path, column, o.Benchmark, names)
	}
	return all, nil
}

// benchmarksOf are the values of the column benchmark, sorted; without one, column is "".
func benchmarksOf(ctx context.Context, path string) (names []string, column string, err error) {
	src, err := open(ctx, path)
	if err != nil {
		return nil, "", err
	}
	column, ok := named(src.columns(), "benchmark")
	if ok {
		names, err = distinct(src, path, column)
	}
	if closing := src.close(); err == nil {
		err = closing
	}
	return names, column, err
}

// distinct are the values of one column, sorted.
func distinct(src source, path, column string) ([]string, error) {
	if err := chooseByName(src, path, []string{column}); err != nil {
		return nil, err
	}
	var b batch
	for {
		switch err := src.next(&b); {
		case errors.Is(err, io.EOF):
			return slices.Sorted(slices.Values(src.dictionary(0).values)), nil
		case err != nil:
			return nil, err
		case len(b.cells[0].floats) > 0:
			return nil, &corpus.DataError{Kind: corpus.KindColumn, File: path, Column: column, Reason: "it holds numbers, and names of benchmarks were expected"}
		}
	}
}

// Named reports whether a path has the name of a table rather than of a log: it ends in
// csv or parquet, perhaps packed.
func Named(path string) bool {
	switch filepath.Ext(strings.TrimSuffix(strings.ToLower(path), ".gz")) {
	case ".csv", ".parquet":
		return true
	}
	return false
}
