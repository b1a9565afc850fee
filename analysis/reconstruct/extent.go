package reconstruct

import (
	"context"
	"fmt"
	"math"
	"slices"

	"metabench/analysis/design"
	"metabench/analysis/internal/rank"
	"metabench/analysis/response"
)

// A process knows the training models' scores and draws every estimate towards them. That
// is right for a model of their population, and wrong for one beyond it. The estimate of
// the benchmark's design.Estimator draws nowhere, and is less precise. The predicted
// score is a mean of both, weighted by where the model stands.

// extent is the range of the training models' scores, in points, and the unit in which a
// distance from it is measured.
type extent struct {
	Low, High float64
	Unit      float64 // RMSE of the design's estimates by their own standard error
}

// defaultUnit is what Unit is about on real benchmarks; it stands where nothing was left
// out to measure it.
const defaultUnit = 0.6

func extentOf(scores []float64) extent {
	return extent{Low: slices.Min(scores), High: slices.Max(scores), Unit: defaultUnit}
}

// position says where a score estimated with a standard error lies: how many of its errors
// above the highest training model, or below the lowest. Inside it is negative. The side is
// 1 for above and 0 for below.
func (x extent) position(score, se float64) (u float64, side int) {
	s := x.Unit * se
	if !(s > 0) {
		return math.Inf(-1), 1
	}
	above, below := (score-x.High)/s, (x.Low-score)/s
	if below > above {
		return below, 0
	}
	return above, 1
}

// blend is the weight of the process, by the position u of a model:
//
//	w(u) = Most / (1 + exp((u - Centre) / blendWidth))
type blend struct{ Centre, Most float64 }

func (b blend) weight(u float64) float64 { return b.Most / (1 + math.Exp((u-b.Centre)/blendWidth)) }

const blendWidth = 0.4

// defaultBlend stands where nothing was left out to choose another.
var defaultBlend = blend{Centre: 0, Most: 0.85}

// blends are those to choose from.
func blends() []blend {
	var all []blend
	for _, centre := range []float64{0, -0.5, 0.5, -1, 1} {
		for _, most := range []float64{0.85, 1, 0.7} {
			all = append(all, blend{centre, most})
		}
	}
	return all
}

// located is a model's two estimates and where the design's one lies, in points.
type located struct {
	process, processSD float64
	design, designSE   float64 // NaN without answers to the benchmark
	position           float64 // NaN likewise
	side               int
}

// of returns the weight of the process where a model stands: 1 where the process is all
// there is.
func (b blend) of(x located) float64 {
	if math.IsNaN(x.design) {
		return 1
	}
	return b.weight(x.position)
}

// at blends the two estimates.
func (b blend) at(x located, unit float64) (score, sd float64) {
	w := b.of(x)
	if w == 1 {
		return x.process, x.processSD
	}
	return w*x.process + (1-w)*x.design, math.Hypot(w*x.processSD, (1-w)*unit*x.designSE)
}

// choose returns the blend with the least product of two mean squared errors, that of models
// of the training models' own population and that of models beyond its range: a tenth less
// of one is worth a tenth more of the other.
func choose(cases []leftOut, unit float64) blend {
	best, least := defaultBlend, math.Inf(1)
	for _, b := range blends() {
		var sum, n [2]float64
		for _, x := range cases {
			score, _ := b.at(x.located, unit)
			k := 0
			if x.beyond {
				k = 1
			}
			sum[k] += (x.truth - score) * (x.truth - score)
			n[k]++
		}
		loss := 0.0
		for k := range sum {
			if n[k] > 0 {
				loss += math.Log(sum[k]/n[k] + leastError)
			}
		}
		if loss < least {
			best, least = b, loss
		}
	}
	return best
}

// leastError keeps the logarithm of a mean squared error, in squared points, finite.
const leastError = 1e-6

// design learns the design's estimator of process number t, from the training models with
// answers to benchmark b.
func (f *fitting) design(ctx context.Context, number, b int, t *target, c *conditioned) error {
	if f.opts.ProcessOnly {
		return nil
	}
	bench := f.in.Benchmarks[b]
	order := rank.Order(c.points.y)
	var answers [][]float64
	var share []float64
	var rows []int
	for _, at := range design.Evenly(len(order)) {
		k := order[at]
		answers = append(answers, f.model.layout.answers(f.model.rows[t.Rows[k]], b))
		share = append(share, (t.Centre+t.Spread*c.points.y[k])/100)
		rows = append(rows, f.train[t.Rows[k]])
	}
	var bank *design.Bank
	if bench.Whole != nil && number == b {
		var err error
		if bank, err = design.NewBank(ctx, bench.Whole.SelectModels(rows), f.opts.Workers); err != nil {
			return fmt.Errorf("fit %s: %w", bench.Name, err)
		}
	}
	e, err := design.New(answers, share, bank, bench.Selected)
	if err != nil {
		return fmt.Errorf("fit %s: %w", bench.Name, err)
	}
	t.Design = e
	return nil
}

// answers returns a row's answers to the items of benchmark g as numbers.
func (l layout) answers(correct []uint64, g int) []float64 {
	x := make([]float64, l.items[g])
	for j := range x {
		x[j] = float64(correct[l.first[g]+j/64] >> (j % 64) & 1)
	}
	return x
}

// byDesign estimates a sheet's score by the answers to benchmark g that are there.
func (t *target) byDesign(l layout, s sheet, g int) (score, se float64, err error) {
	var place []int
	var x []float64
	for j, v := range l.answers(s.correct, g) {
		if s.observed[l.first[g]+j/64]>>(j%64)&1 != 0 {
			place, x = append(place, j), append(x, v)
		}
	}
	if len(place) == 0 || t.Design == nil {
		return math.NaN(), math.NaN(), nil
	}
	return t.Design.Estimate(place, x)
}

// beyondShares are the parts of the training models, in the order of their scores, that
// folds beyond the range leave out, and what they train on.
var beyondShares = []struct{ train, held [2]float64 }{
	{train: [2]float64{0, 0.9}, held: [2]float64{0.9, 1}},
	{train: [2]float64{0, 0.7}, held: [2]float64{0.7, 1}},
	{train: [2]float64{0, 0.5}, held: [2]float64{0.7, 1}},
	{train: [2]float64{0.1, 1}, held: [2]float64{0, 0.1}},
	{train: [2]float64{0.3, 1}, held: [2]float64{0, 0.3}},
}

// foldsBeyond train on one end of the scores and hold out the other: what a better model
// meets than any seen so far, and a worse one. Models that lack a score are in none, and
// folds that would train on too few are left out.
func foldsBeyond(in *Input, train response.TrainSet) []fold {
	var rows []int
	var scores []float64
	for _, i := range train.Rows {
		if y := in.truth(len(in.Benchmarks), i); !math.IsNaN(y) {
			rows, scores = append(rows, i), append(scores, y)
		}
	}
	order := rank.Order(scores)
	part := func(p [2]float64) []int {
		var out []int
		for _, at := range rank.Part(order, p[0], p[1]) {
			out = append(out, rows[at])
		}
		slices.Sort(out)
		return out
	}
	var out []fold
	for _, s := range beyondShares {
		f := fold{rest: response.TrainSet{Rows: part(s.train)}, held: part(s.held), beyond: true}
		if s.train[0] == 0 {
			f.side = 1
		}
		if len(f.rest.Rows) >= MinModels && len(f.held) > 0 {
			out = append(out, f)
		}
	}
	return out
}
