package accuracy

import (
	"context"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// method predicts test models of the six benchmarks from training models.
type method struct {
	name    string
	all     bool // trains on models that lack answers, too
	predict func(ctx context.Context, d *sixData, train response.TrainSet, test response.TestSet, seed uint64) ([][]reconstruct.Prediction, error)
}

func (m method) train(s sixSplit) response.TrainSet {
	if m.all {
		return s.all
	}
	return s.same
}

func recipe(ctx context.Context, d *sixData, train response.TrainSet, test response.TestSet, _ uint64) ([][]reconstruct.Prediction, error) {
	r, err := reconstruct.FitRecipe(ctx, d.in, d.abilities, train)
	if err != nil {
		return nil, err
	}
	var out [][]reconstruct.Prediction
	for _, i := range test.Rows {
		p, err := r.PredictRow(d.in, d.abilities[i], i)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// linear is a ridge regression of each score on the benchmark's own items.
func linear(_ context.Context, d *sixData, train response.TrainSet, test response.TestSet, seed uint64) ([][]reconstruct.Prediction, error) {
	out := make([][]reconstruct.Prediction, len(test.Rows))
	mean := make([]float64, len(test.Rows))
	for _, b := range d.in.Benchmarks {
		l, err := reconstruct.FitLinear(b, train, seed)
		if err != nil {
			return nil, err
		}
		for k, i := range test.Rows {
			p := l.PredictRow(b, i)
			out[k] = append(out[k], p)
			mean[k] += p.Score / float64(len(d.in.Benchmarks))
		}
	}
	for k := range out {
		out[k] = append(out[k], reconstruct.Prediction{Benchmark: reconstruct.Mean, Score: mean[k]})
	}
	return out, nil
}

// process is the Gaussian process with the given options.
func process(opts reconstruct.Options) func(context.Context, *sixData, response.TrainSet, response.TestSet, uint64) ([][]reconstruct.Prediction, error) {
	return func(ctx context.Context, d *sixData, train response.TrainSet, test response.TestSet, seed uint64) ([][]reconstruct.Prediction, error) {
		opts.Seed = seed
		m, err := reconstruct.Fit(ctx, d.in, train, opts)
		if err != nil {
			return nil, err
		}
		return m.PredictTest(d.in, test)
	}
}

// joint compares the methods on random splits of the models with all answers to
// the form-B items of all six benchmarks.
func joint(ctx context.Context, s *study) ([]Table, error) {
	d, err := s.sixData(ctx)
	if err != nil {
		return nil, err
	}
	methods := []method{
		{"published recipe", false, recipe},
		{"ridge on own items", false, linear},
		{"ours", false, process(reconstruct.Options{Workers: s.opts.Workers})},
		{"ours, all models", true, process(reconstruct.Options{Workers: s.opts.Workers})},
	}
	pools := make([]*pool, len(methods))
	low, high := make([]float64, len(methods)), make([]float64, len(methods))
	trained := make([]int, len(methods))
	for k := range methods {
		pools[k] = &pool{}
	}
	for seed := range s.opts.Seeds {
		sp, err := d.randomSplit(uint64(seed + 1))
		if err != nil {
			return nil, err
		}
		for k, m := range methods {
			s.progress(seed*len(methods)+k, s.opts.Seeds*len(methods))
			p, err := m.predict(ctx, d, m.train(sp), sp.test, uint64(seed+1))
			if err != nil {
				return nil, err
			}
			one := &pool{}
			for q, i := range sp.test.Rows {
				one.add(d.in, i, p[q])
				pools[k].add(d.in, i, p[q])
			}
			trained[k] = len(m.train(sp).Rows)
			r := one.mean(nil, rmse)
			if seed == 0 || r < low[k] {
				low[k] = r
			}
			high[k] = max(high[k], r)
		}
	}
	s.progress(1, 1)
	return []Table{
		methodTable("joint", "Six benchmarks, 751 form-B items, 2,461 models: random splits, 15 % test", methods, pools, trained, low, high),
		benchmarkTable(methods, pools),
		groupTable("The same by family of the test models", d.family, methods, pools),
		groupTable("The same by architecture of the test models", d.arch, methods, pools),
	}, nil
}

// methodTable has one row a method, with its gain on the first one.
func methodTable(name, title string, methods []method, pools []*pool, trained []int, low, high []float64) Table {
	t := Table{Section: name, Title: title, Columns: []Column{
		text("method"), number("models", 0),
		number("RMSE each", 3), number("gain %", 1), number("MAE each", 3), number("inside %", 1), number("low", 1), number("middle", 1), number("high", 1),
		number("RMSE mean", 3), number("gain %", 1), number("least", 3), number("most", 3), number("MAE mean", 3),
		number("inside %", 1), number("low", 1), number("middle", 1), number("high", 1),
	}, Notes: []string{
		"RMSE and MAE in points: each = average over the six benchmarks, mean = of the mean score of all six; least and most over splits.",
		"inside = share of true scores in their 90 % interval, over all and within the thirds of the true score.",
	}}
	gain := func(a, b float64) float64 { return 100 * (1 - a/b) }
	for k, m := range methods {
		p := pools[k]
		t.add(m.name, trained[k],
			p.each(nil, rmse), gain(p.each(nil, rmse), pools[0].each(nil, rmse)), p.each(nil, mae),
			p.each(nil, coverage), p.each(nil, third(0)), p.each(nil, third(1)), p.each(nil, third(2)),
			p.mean(nil, rmse), gain(p.mean(nil, rmse), pools[0].mean(nil, rmse)), low[k], high[k], p.mean(nil, mae),
			p.mean(nil, coverage), p.mean(nil, third(0)), p.mean(nil, third(1)), p.mean(nil, third(2)))
	}
	return t
}

// benchmarkTable has one row a benchmark and method.
func benchmarkTable(methods []method, pools []*pool) Table {
	t := Table{Section: "joint", Title: "The same by benchmark", Columns: []Column{
		text("benchmark"), text("method"), number("RMSE", 3), number("MAE", 3), number("bias", 3), number("rank r", 4),
		number("low third", 3), number("middle", 3), number("high", 3),
		number("inside %", 1), number("low", 1), number("middle", 1), number("high", 1), number("width", 2),
	}, Notes: []string{"thirds of the true score: RMSE in points, then the share of scores inside their 90 % interval"}}
	for target := range len(six) + 1 {
		name := "mean of six"
		if target < len(six) {
			name = six[target].name
		}
		for k, m := range methods {
			a, th := pools[k].of(target, nil)
			t.add(name, m.name, a.RMSE, a.MAE, a.Bias, a.Spearman, th[0].RMSE, th[1].RMSE, th[2].RMSE,
				100*a.Coverage, 100*th[0].Coverage, 100*th[1].Coverage, 100*th[2].Coverage, a.Width)
			name = ""
		}
	}
	return t
}

// groupTable has one row a label, for the most frequent ones.
func groupTable(title string, labels []string, methods []method, pools []*pool) Table {
	t := Table{Section: "joint", Title: title, Columns: []Column{text("group"), number("tests", 0)}}
	for _, m := range methods {
		t.Columns = append(t.Columns, number("each: "+m.name, 3))
	}
	for _, m := range methods {
		t.Columns = append(t.Columns, number("mean: "+m.name, 3))
	}
	t.Columns = append(t.Columns, number("inside % each", 1))
	last := pools[len(pools)-1]
	names := commonest(labels, last.row, 10)
	row := func(name string, keep func(i int) bool) {
		n := 0
		for _, i := range last.row {
			if keep(i) {
				n++
			}
		}
		if n == 0 {
			return
		}
		cells := []any{name, n}
		for _, p := range pools {
			cells = append(cells, p.each(keep, rmse))
		}
		for _, p := range pools {
			cells = append(cells, p.mean(keep, rmse))
		}
		t.add(append(cells, last.each(keep, coverage))...)
	}
	common := make(map[string]bool)
	for _, name := range names {
		common[name] = true
		row(name, func(i int) bool { return labels[i] == name })
	}
	row("all others", func(i int) bool { return !common[labels[i]] })
	return t
}

// family compares the methods on splits by family: no relative of a test model is
// trained on.
func family(ctx context.Context, s *study) ([]Table, error) {
	d, err := s.sixData(ctx)
	if err != nil {
		return nil, err
	}
	methods := []method{
		{"published recipe", false, recipe},
		{"ours", false, process(reconstruct.Options{Workers: s.opts.Workers})},
		{"ours, intervals for new families", false, process(reconstruct.Options{Workers: s.opts.Workers, Groups: d.family})},
		{"ours, all models", true, process(reconstruct.Options{Workers: s.opts.Workers, PointsOnly: true})},
	}
	pools := make([]*pool, len(methods))
	low, high, trained := make([]float64, len(methods)), make([]float64, len(methods)), make([]int, len(methods))
	for k := range methods {
		pools[k] = &pool{}
	}
	seeds := min(s.opts.Seeds, 3)
	for seed := range seeds {
		sp, err := d.familySplit(uint64(seed + 1))
		if err != nil {
			return nil, err
		}
		for k, m := range methods {
			s.progress(seed*len(methods)+k, seeds*len(methods))
			p, err := m.predict(ctx, d, m.train(sp), sp.test, uint64(seed+1))
			if err != nil {
				return nil, err
			}
			one := &pool{}
			for q, i := range sp.test.Rows {
				if m.all { // without intervals
					for t := range p[q] {
						p[q][t].Interval = false
					}
				}
				one.add(d.in, i, p[q])
				pools[k].add(d.in, i, p[q])
			}
			trained[k] = len(m.train(sp).Rows)
			r := one.mean(nil, rmse)
			if seed == 0 || r < low[k] {
				low[k] = r
			}
			high[k] = max(high[k], r)
		}
	}
	s.progress(1, 1)
	t := methodTable("family", "Six benchmarks, split by family: no relative of a test model is trained on", methods, pools, trained, low, high)
	t.Notes = append(t.Notes, "The plain intervals are made for models like the training models; those for new families from models predicted without their family.")
	return []Table{t}, nil
}
