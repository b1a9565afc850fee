package accuracy

import (
	"context"
	"fmt"
	"strings"

	"metabench/analysis/reconstruct"
	"metabench/analysis/smooth"
	"metabench/table"
)

// benchPrefix is how the published frames abbreviate a benchmark in the names of its
// linear prediction (.l) and sub-score (.s).
var benchPrefix = map[string]string{
	"arc": "arc", "gsm8k": "gsm8k", "hellaswag": "hs", "mmlu": "mmlu", "truthfulqa": "tfqa", "winogrande": "wg",
}

// frames refits the published score models on the published frames: 4,170 training
// and 464 test models, of which no answers exist, only abilities, linear
// predictions and sub-scores.
func frames(ctx context.Context, s *study) ([]Table, error) {
	all, err := s.frame(ctx, allFrames)
	if err != nil {
		return nil, err
	}
	t := Table{Section: "frames", Title: "The published test models, from the published predictors", Columns: []Column{
		text("form"), text("score"), number("tests", 0), number("published RMSE", 3), number("MAE", 3), number("same terms RMSE", 3), number("MAE", 3),
		number("process RMSE", 3), number("MAE", 3), number("gain %", 1),
	}, Notes: []string{
		"published: metabench's own predictions; same terms: our additive model of the same eight predictors;",
		"process: a Gaussian process on all 18 published predictors (six abilities, linear predictions and sub-scores).",
	}}
	targets := []string{"grand"}
	for _, b := range six {
		targets = append(targets, b.name)
	}
	for f, form := range []string{"A", "B"} {
		for k, target := range targets {
			s.progress(f*len(targets)+k, 2*len(targets))
			part, err := s.publishedFrame(ctx, all, target, form)
			if err != nil {
				return nil, err
			}
			row, err := part.row(ctx, s.opts.Workers)
			if err != nil {
				return nil, fmt.Errorf("%s-%s: %w", target, form, err)
			}
			t.add(append([]any{form, target}, row...)...)
		}
	}
	s.progress(1, 1)
	return []Table{t}, nil
}

// publishedFrame is one of the published score models with its data.
type publishedFrame struct {
	own         [][]float64 // eight predictors of the published model, by term
	wide        [][]float64 // all predictors, by term
	target, p   []float64
	train, test []int
}

// completeFrames are the frames of which a file with every model exists; of the
// others, four fifths of the models are in the table of all frames.
var completeFrames = map[string]string{
	"grand-A": "metabench-r/gam-grand-A.csv.gz", "grand-B": "metabench-r/gam-grand-B.csv.gz",
	"hellaswag-A": "metabench-r/gam-hellaswag-A.csv.gz",
}

// publishedFrame takes one target and form.
func (s *study) publishedFrame(ctx context.Context, all *table.Frame, target, form string) (*publishedFrame, error) {
	if path, ok := completeFrames[target+"-"+form]; ok {
		part, err := s.frame(ctx, path)
		if err != nil {
			return nil, err
		}
		return newPublishedFrame(part, target, "grand", "set")
	}
	part, err := all.Filter("target_benchmark", target)
	if err != nil {
		return nil, err
	}
	if part, err = part.Filter("form", form); err != nil {
		return nil, err
	}
	return newPublishedFrame(part, target, "target", "split")
}

// newPublishedFrame takes the columns of a frame; response and split are the names of
// two of them.
func newPublishedFrame(part *table.Frame, target, response, split string) (*publishedFrame, error) {
	var err error
	var own []string
	var wide []string
	for _, b := range six {
		own = append(own, b.name)
	}
	wide = append(wide, own...)
	for _, b := range six {
		wide = append(wide, benchPrefix[b.name]+".l", benchPrefix[b.name]+".s")
	}
	if target == "grand" {
		own = append(own, "grand.l", "grand.s")
	} else {
		own = append(own, "grand.l", "this.l")
	}
	f := &publishedFrame{}
	if f.own, err = columns(part, own); err != nil {
		return nil, err
	}
	if f.wide, err = columns(part, wide); err != nil {
		return nil, err
	}
	if f.target, err = part.Floats(response); err != nil {
		return nil, err
	}
	if f.p, err = part.Floats("p"); err != nil {
		return nil, err
	}
	set, err := part.Strings(split)
	if err != nil {
		return nil, err
	}
	for i, name := range set {
		switch strings.ToLower(name) {
		case "train":
			f.train = append(f.train, i)
		case "test":
			f.test = append(f.test, i)
		}
	}
	return f, nil
}

func columns(f *table.Frame, names []string) ([][]float64, error) {
	var out [][]float64
	for _, n := range names {
		c, err := f.Floats(n)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func at(v []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = v[i]
	}
	return out
}

// row returns the errors of the published predictions, of our additive model and of
// the process, and the process's gain.
func (f *publishedFrame) row(ctx context.Context, workers int) ([]any, error) {
	truth := at(f.target, f.test)
	published := smooth.ErrorsOf(at(f.p, f.test), truth)
	terms := make([]smooth.Smooth, len(f.own))
	x := make([][]float64, len(f.own))
	for k := range terms {
		terms[k].Name = fmt.Sprint("term ", k)
		x[k] = at(f.own[k], f.train)
	}
	m, err := smooth.Fit(ctx, terms, x, at(f.target, f.train), smooth.Settings{})
	if err != nil {
		return nil, err
	}
	var additive []float64
	for _, i := range f.test {
		v := make([]float64, len(f.own))
		for k := range v {
			v[k] = f.own[k][i]
		}
		additive = append(additive, m.Predict(v))
	}
	same := smooth.ErrorsOf(additive, truth)
	estimates, err := surface(ctx, f, workers)
	if err != nil {
		return nil, err
	}
	ours := smooth.ErrorsOf(estimates, truth)
	return []any{len(f.test), published.RMSE, published.MAE, same.RMSE, same.MAE, ours.RMSE, ours.MAE, 100 * (1 - ours.RMSE/published.RMSE)}, nil
}

// surface predicts the test models by a Gaussian process on all predictors.
func surface(ctx context.Context, f *publishedFrame, workers int) ([]float64, error) {
	x := make([][]float64, len(f.wide))
	for k := range x {
		x[k] = at(f.wide[k], f.train)
	}
	m, err := reconstruct.FitSurface(ctx, x, at(f.target, f.train), reconstruct.Options{Seed: 1, Workers: workers})
	if err != nil {
		return nil, err
	}
	var out []float64
	for _, i := range f.test {
		v := make([]float64, len(f.wide))
		for k := range v {
			v[k] = f.wide[k][i]
		}
		out = append(out, m.Predict(v))
	}
	return out, nil
}
