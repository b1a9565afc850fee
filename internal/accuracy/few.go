package accuracy

import (
	"context"
	"fmt"

	"metabench/analysis/distill"
)

// fewSeeds is the number of splits averaged where there are few models.
const fewSeeds = 5

// few repeats the comparison on benchmarks with few models, where it must show how
// far the method carries.
func few(ctx context.Context, s *study) ([]Table, error) {
	t := Table{Section: "few", Title: "Benchmarks with few models: mean absolute error in points, five splits", Columns: []Column{
		text("benchmark"), text("selector"), number("items", 0),
	}, Notes: []string{"inside, width: our 90 % intervals, choice and fit cross-fitted; low, middle, high within the thirds of the true score"}}
	for _, e := range estimators {
		t.Columns = append(t.Columns, number(e.name, 2))
	}
	t.Columns = append(t.Columns, number("ours RMSE", 2), number("inside %", 1), number("low", 1), number("middle", 1), number("high", 1), number("width", 2))
	for f, file := range fewFiles {
		var splits []*whole
		for seed := range fewSeeds {
			w, err := s.whole(ctx, file.path, file.name, uint64(seed+1))
			if err != nil {
				return nil, err
			}
			if err := w.fitItems(ctx, s.opts.Workers); err != nil {
				return nil, err
			}
			splits = append(splits, w)
		}
		models, items := len(splits[0].split.Train.Rows), len(splits[0].table.Items)
		head := fmt.Sprintf("%s, %d × %d", file.name, models, items)
		for k, sel := range []distill.Selector{distill.Random{Seed: 1}, distill.Forward{}} {
			name := sel.Name()
			for l, size := range itemNumbers {
				s.progress((f*2+k)*len(itemNumbers)+l, len(fewFiles)*2*len(itemNumbers))
				cells, err := fewRow(ctx, splits, sel, size, s.opts.Workers)
				if err != nil {
					return nil, err
				}
				t.add(append([]any{head, name, size}, cells...)...)
				head, name = "", ""
			}
		}
	}
	s.progress(1, 1)
	return []Table{t}, nil
}

// fewRow averages all estimators over the splits.
func fewRow(ctx context.Context, splits []*whole, sel distill.Selector, size, workers int) ([]any, error) {
	errors := make([]float64, len(estimators))
	for _, w := range splits {
		sample, err := distill.NewSample(w.table.Answers, w.scores, w.split.Train)
		if err != nil {
			return nil, err
		}
		c, err := sel.Select(ctx, sample, size)
		if err != nil {
			return nil, err
		}
		for k, e := range estimators {
			x, err := e.estimate(ctx, w, c, workers)
			if err != nil {
				return nil, fmt.Errorf("%s of %d items chosen by %s: %w", e.name, size, sel.Name(), err)
			}
			errors[k] += w.evaluate(x).MAE / float64(len(splits))
		}
	}
	a, th, err := pooledIntervals(ctx, splits, sel, size, workers)
	if err != nil {
		return nil, err
	}
	var cells []any
	for _, v := range errors {
		cells = append(cells, v)
	}
	return append(cells, a.RMSE, 100*a.Coverage, 100*th[0].Coverage, 100*th[1].Coverage, 100*th[2].Coverage, a.Width), nil
}
