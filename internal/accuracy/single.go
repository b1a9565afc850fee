package accuracy

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/rival"
	"metabench/analysis/split"
	"metabench/table"
)

// itemNumbers are the sizes of the distilled benchmarks that are compared.
var itemNumbers = []int{25, 50, 100, 200}

// whole reads a benchmark with all answers and splits its models.
func (s *study) whole(ctx context.Context, path, name string, seed uint64) (*whole, error) {
	r, err := table.ReadResponses(ctx, filepath.Join(s.dir, path), table.ResponseOptions{Benchmark: name, Metric: "acc"})
	if err != nil {
		return nil, err
	}
	w := newWhole(r.Table, response.Split{}, seed)
	w.split, err = split.Stratified(w.scores, split.Shares{Test: testShare}, seed)
	return w, err
}

// selectors are the ways of choosing items that are compared.
func (w *whole) selectors() []distill.Selector {
	return []distill.Selector{
		distill.Random{Seed: w.seed},
		distill.Disagreement{},
		rival.Information{Items: w.items},
		distill.Clusters{Items: w.items, Seed: w.seed},
		distill.Anchors{Seed: w.seed},
		distill.Forward{Seed: w.seed},
	}
}

// single compares all selectors and estimators on one whole benchmark with
// thousands of models.
func single(ctx context.Context, s *study) ([]Table, error) {
	w, err := s.whole(ctx, mmluProMathFile, "mmlu_pro_math", 1)
	if err != nil {
		return nil, err
	}
	if err := w.fitItems(ctx, s.opts.Workers); err != nil {
		return nil, err
	}
	sample, err := distill.NewSample(w.table.Answers, w.scores, w.split.Train)
	if err != nil {
		return nil, err
	}
	models, items := sample.Dims()
	t := Table{Section: "single", Title: fmt.Sprintf("MMLU-Pro math, %d training and %d test models, %d items: mean absolute error in points", models, len(w.split.Test.Rows), items),
		Columns: []Column{text("selector"), number("items", 0)},
		Notes: []string{
			"share correct weights items where the selector does; quadratic and smooth calibrate it; ridge regresses on the answers;",
			"p-IRT and gp-IRT: Polo et al. 2024, a 2PL of all items fitted to the training models, the mixture's weight to their scores.",
		}}
	for _, e := range estimators {
		t.Columns = append(t.Columns, number(e.name, 2))
	}
	t.Columns = append(t.Columns, number("ours RMSE", 2))
	selectors := w.selectors()
	for k, sel := range selectors {
		name := sel.Name()
		for l, size := range itemNumbers {
			s.progress(k*len(itemNumbers)+l, (len(selectors)+1)*len(itemNumbers))
			c, err := sel.Select(ctx, sample, size)
			if err != nil {
				return nil, err
			}
			cells := []any{name, len(c.Items)}
			var last reconstruct.Metrics
			for _, e := range estimators {
				x, err := e.estimate(ctx, w, c, s.opts.Workers)
				if err != nil {
					return nil, fmt.Errorf("%s of %d items chosen by %s: %w", e.name, size, sel.Name(), err)
				}
				last = w.evaluate(x)
				cells = append(cells, last.MAE)
			}
			t.add(append(cells, last.RMSE)...)
			name = ""
		}
	}
	intervals, err := s.intervalTable(ctx, "single", "MMLU-Pro math: our 90 % intervals, choice and fit cross-fitted", []*whole{w},
		[]distill.Selector{distill.Random{Seed: w.seed}, distill.Forward{Seed: w.seed}}, itemNumbers)
	if err != nil {
		return nil, err
	}
	s.progress(1, 1)
	return []Table{t, intervals}, nil
}

// intervalTable evaluates intervals on splits of one benchmark, pooled.
func (s *study) intervalTable(ctx context.Context, section, title string, splits []*whole, selectors []distill.Selector, sizes []int) (Table, error) {
	t := Table{Section: section, Title: title, Columns: []Column{
		text("selector"), number("items", 0), number("MAE", 2), number("RMSE", 2), number("inside %", 1),
		number("low", 1), number("middle", 1), number("high", 1), number("width", 2),
	}, Notes: []string{"low, middle, high: share of scores inside their interval, within the thirds of the true score"}}
	for _, sel := range selectors {
		name := sel.Name()
		for _, size := range sizes {
			a, th, err := pooledIntervals(ctx, splits, sel, size, s.opts.Workers)
			if err != nil {
				return t, err
			}
			t.add(name, size, a.MAE, a.RMSE, 100*a.Coverage, 100*th[0].Coverage, 100*th[1].Coverage, 100*th[2].Coverage, a.Width)
			name = ""
		}
	}
	return t, nil
}

// pooledIntervals averages the metrics over splits.
func pooledIntervals(ctx context.Context, splits []*whole, sel distill.Selector, size, workers int) (reconstruct.Metrics, reconstruct.Thirds, error) {
	var all reconstruct.Metrics
	var thirds reconstruct.Thirds
	for _, w := range splits {
		a, th, err := w.intervals(ctx, sel, size, workers)
		if err != nil {
			return all, thirds, err
		}
		f := 1 / float64(len(splits))
		for k, m := range append([]reconstruct.Metrics{a}, th[:]...) {
			into := &all
			if k > 0 {
				into = &thirds[k-1]
			}
			into.N += m.N
			into.RMSE = math.Sqrt(into.RMSE*into.RMSE + f*m.RMSE*m.RMSE)
			into.MAE += f * m.MAE
			into.Coverage += f * m.Coverage
			into.Width += f * m.Width
		}
	}
	return all, thirds, nil
}
