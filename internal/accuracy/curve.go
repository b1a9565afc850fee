package accuracy

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// curveSeeds is the number of splits that a learning curve averages.
const curveSeeds = 2

// itemCurve measures our error with fewer of the 751 items, and finds the number at
// which it equals that of the published recipe with all.
func itemCurve(ctx context.Context, s *study) ([]Table, error) {
	d, err := s.sixData(ctx)
	if err != nil {
		return nil, err
	}
	sizes := []int{60, 100, 150, 200, 300, 450, 751}
	seeds := min(curveSeeds, s.opts.Seeds)
	whole := &pool{}
	pools := make([]*pool, len(sizes))
	for k := range pools {
		pools[k] = &pool{}
	}
	for seed := range seeds {
		sp, err := d.randomSplit(uint64(seed + 1))
		if err != nil {
			return nil, err
		}
		p, err := recipe(ctx, d, sp.same, sp.test, 0)
		if err != nil {
			return nil, err
		}
		for q, i := range sp.test.Rows {
			whole.add(d.in, i, p[q])
		}
		order, err := d.forward(ctx, sp.same)
		if err != nil {
			return nil, err
		}
		for k, size := range sizes {
			s.progress(seed*len(sizes)+k, seeds*len(sizes))
			less := *d
			less.in = d.fewer(order, size)
			p, err := process(reconstruct.Options{Workers: s.opts.Workers, PointsOnly: true})(ctx, &less, sp.same, sp.test, uint64(seed+1))
			if err != nil {
				return nil, err
			}
			for q, i := range sp.test.Rows {
				pools[k].add(d.in, i, p[q])
			}
		}
	}
	s.progress(1, 1)
	t := Table{Section: "items", Title: "Error by number of items, all six benchmarks together", Columns: []Column{
		text("method"), number("items", 0), number("RMSE each", 3), number("MAE each", 3), number("RMSE mean", 3), number("MAE mean", 3),
	}}
	t.add("published recipe", 751, whole.each(nil, rmse), whole.each(nil, mae), whole.mean(nil, rmse), whole.mean(nil, mae))
	var each, mean []float64
	for k, size := range sizes {
		p := pools[k]
		t.add("ours", size, p.each(nil, rmse), p.each(nil, mae), p.mean(nil, rmse), p.mean(nil, mae))
		each, mean = append(each, p.each(nil, rmse)), append(mean, p.mean(nil, rmse))
	}
	t.Notes = []string{
		fmt.Sprintf("Ours has the recipe's error each with %.0f items and its error of the mean with %.0f, by interpolation in the logarithm of the number.",
			crossing(sizes, each, whole.each(nil, rmse)), crossing(sizes, mean, whole.mean(nil, rmse))),
		"The items of each benchmark are taken in the order of forward selection on the training models, in proportion to its form-B items.",
	}
	return []Table{t}, nil
}

// forward orders the items of every benchmark by forward selection on its own score.
func (d *sixData) forward(ctx context.Context, train response.TrainSet) ([][]int, error) {
	var order [][]int
	for _, b := range d.in.Benchmarks {
		sample, err := distill.NewSample(b.Answers, b.Scores, train)
		if err != nil {
			return nil, err
		}
		c, err := distill.Forward{}.Select(ctx, sample, len(b.Items))
		if err != nil {
			return nil, err
		}
		order = append(order, c.Items)
	}
	return order, nil
}

// fewer returns the input with about size items, the first of each order.
func (d *sixData) fewer(order [][]int, size int) *reconstruct.Input {
	total := 0
	for _, b := range d.in.Benchmarks {
		total += len(b.Items)
	}
	out := &reconstruct.Input{Models: d.in.Models}
	for g, b := range d.in.Benchmarks {
		keep := order[g][:max(3, int(math.Round(float64(size*len(b.Items))/float64(total))))]
		b.Answers = b.Answers.SelectItems(keep)
		b.Items = pickStrings(b.Items, keep)
		out.Benchmarks = append(out.Benchmarks, b)
	}
	return out
}

func pickStrings(names []string, at []int) []string {
	out := make([]string, len(at))
	for k, i := range at {
		out[k] = names[i]
	}
	return out
}

// crossing returns the size at which errors fall to a level; NaN if they never do.
func crossing(sizes []int, errors []float64, level float64) float64 {
	for k := 1; k < len(sizes); k++ {
		if errors[k-1] > level && errors[k] <= level {
			f := (errors[k-1] - level) / (errors[k-1] - errors[k])
			a, b := math.Log(float64(sizes[k-1])), math.Log(float64(sizes[k]))
			return math.Exp(a + f*(b-a))
		}
	}
	return math.NaN()
}

// modelCurve measures the errors with fewer training models.
func modelCurve(ctx context.Context, s *study) ([]Table, error) {
	d, err := s.sixData(ctx)
	if err != nil {
		return nil, err
	}
	sizes := []int{100, 200, 400, 800, 1600}
	seeds := min(curveSeeds, s.opts.Seeds)
	methods := []method{
		{"published recipe", false, recipe},
		{"ours", false, process(reconstruct.Options{Workers: s.opts.Workers})},
	}
	t := Table{Section: "models", Title: "Error by number of training models, 751 items", Columns: []Column{
		text("method"), number("models", 0), number("RMSE each", 3), number("RMSE mean", 3), number("MAE mean", 3),
		number("inside %", 1), number("low", 1), number("middle", 1), number("high", 1),
	}, Notes: []string{"inside = share of the six benchmarks' true scores in their 90 % interval, and within the thirds of the true score"}}
	done := 0
	for _, m := range methods {
		for _, size := range sizes {
			p := &pool{}
			for seed := range seeds {
				s.progress(done, len(methods)*len(sizes)*seeds)
				done++
				sp, err := d.randomSplit(uint64(seed + 1))
				if err != nil {
					return nil, err
				}
				rng := rand.New(rand.NewPCG(uint64(seed+1), 77))
				rows := append([]int(nil), sp.same.Rows...)
				rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
				predictions, err := m.predict(ctx, d, response.TrainSet{Rows: rows[:size]}, sp.test, uint64(seed+1))
				if err != nil {
					// The recipe has more coefficients than the smallest sets have models.
					p = nil
					break
				}
				for q, i := range sp.test.Rows {
					p.add(d.in, i, predictions[q])
				}
			}
			if p == nil {
				nan := math.NaN()
				t.add(m.name, size, nan, nan, nan, nan, nan, nan, nan)
				continue
			}
			t.add(m.name, size, p.each(nil, rmse), p.mean(nil, rmse), p.mean(nil, mae),
				p.each(nil, coverage), p.each(nil, third(0)), p.each(nil, third(1)), p.each(nil, third(2)))
		}
	}
	s.progress(1, 1)
	return []Table{t}, nil
}
