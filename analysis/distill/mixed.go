package distill

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"metabench/analysis/design"
	"metabench/analysis/internal/rank"
	"metabench/analysis/response"
)

// Mixed chooses for models like the known ones and for those that will be unlike them:
// a share of the items by Forward, the others as a probability sample of what is left,
// stratified by difficulty. Of many such samples it takes one on which the known models do
// as on all items, and with which a ridge regression predicts their scores well.
//
// The items chosen come first, then the sampled ones in random order.
type Mixed struct {
	Share   float64 // of the items that Forward chooses, 0 to 1; see Decide
	Seed    uint64
	Workers int // see Forward
}

// Name returns "mixed".
func (Mixed) Name() string { return "mixed" }

const (
	// sampleDraws is the number of samples that the balanced one is taken from.
	sampleDraws = 200
	// judgeRidge is the ridge of the regression that judges them, in answers.
	judgeRidge = 10
)

// Select chooses size of the available items. The choice has the probabilities with which
// its items were included.
func (m Mixed) Select(ctx context.Context, s *Sample, size int) (Choice, error) {
	if err := s.check(size); err != nil {
		return Choice{}, err
	}
	var chosen []int
	if n := m.chosen(size); n > 0 {
		c, err := Forward{Seed: m.Seed, Workers: m.Workers}.Select(ctx, s, n)
		if err != nil {
			return Choice{}, err
		}
		chosen = c.Items
	}
	return m.fill(s, newKnown(s), chosen, size)
}

// chosen is how many of size items Forward chooses.
func (m Mixed) chosen(size int) int {
	return min(max(int(math.Round(m.Share*float64(size))), 0), size)
}

// fill samples as many items as a choice lacks.
func (m Mixed) fill(s *Sample, k *known, chosen []int, size int) (Choice, error) {
	choice := Choice{Items: slices.Clone(chosen)}
	for range chosen {
		choice.Inclusion = append(choice.Inclusion, 1)
	}
	n := size - len(chosen)
	if n == 0 {
		return choice, nil
	}
	strata, err := design.Strata(s.Without(chosen).available, k.difficulty, n)
	if err != nil {
		return Choice{}, fmt.Errorf("mixed selection: %w", err)
	}
	rng := rand.New(rand.NewPCG(m.Seed, uint64(size)))
	judge := func(d design.Sample) (float64, error) { return k.leaveOneOut(slices.Concat(chosen, d.Items)) }
	d, err := design.Balanced(strata, k.answers, sampleDraws, judge, rng)
	if err != nil {
		return Choice{}, fmt.Errorf("mixed selection: %w", err)
	}
	for _, at := range rng.Perm(n) {
		choice.Items = append(choice.Items, d.Items[at])
		choice.Inclusion = append(choice.Inclusion, d.Inclusion[at])
	}
	return choice, nil
}

// shares are those that Decide tries. A fifth of the items chosen by Forward costs models
// beyond the range nothing, since the others are a sample of what is left.
var shares = []float64{0.2, 0.3, 0.4, 0.5}

const (
	insideFolds = 4
	decideDraws = 2
)

// beyond are the folds beyond the range: the parts of the models, in the order of their
// scores, that are known, and those that are met.
var beyond = []struct{ known, met [2]float64 }{
	{[2]float64{0, 0.9}, [2]float64{0.9, 1}},
	{[2]float64{0, 0.5}, [2]float64{0.7, 1}},
	{[2]float64{0.3, 1}, [2]float64{0, 0.3}},
}

// leastError is added to mean squared errors, points², whose logarithm is taken.
const leastError = 1e-9

// leastKnown is the smallest number of models that a fold may know.
const leastKnown = 10

// insideWeight is how many times a relative error for models like the known ones counts
// against one for models beyond their range: most models are of the first kind.
const insideWeight = 2

// Decide returns the selector with the share for which the sum
//
//	insideWeight × log(inside) + log(beyond)
//
// of two mean squared errors, each a geometric mean over folds, is least: that of a ridge
// regression for models left out at random, and that of the estimate by design for models
// better, or worse, than all that are known. Where there are too few models to leave out,
// it is the least share.
func (m Mixed) Decide(ctx context.Context, s *Sample, size int) (Mixed, error) {
	m.Share = shares[0]
	if err := s.check(size); err != nil {
		return m, err
	}
	models, _ := s.Dims()
	var loss [2][]float64 // inside and beyond: logarithms summed over the folds
	var folds [2]float64
	for k := range loss {
		loss[k] = make([]float64, len(shares))
	}
	add := func(met, rest []int, beyond bool) error {
		if len(rest) < leastKnown || len(met) == 0 {
			return nil
		}
		errs, err := m.try(ctx, s, met, rest, size, beyond)
		k := 0
		if beyond {
			k = 1
		}
		folds[k]++
		for at, e := range errs {
			loss[k][at] += math.Log(e + leastError)
		}
		return err
	}
	fold := balancedFolds(s.scores, insideFolds, m.Seed)
	for f := range insideFolds {
		var met, rest []int
		for i := range models {
			if fold[i] == f {
				met = append(met, i)
			} else {
				rest = append(rest, i)
			}
		}
		if err := add(met, rest, false); err != nil {
			return m, err
		}
	}
	order := rank.Order(s.scores)
	part := func(p [2]float64) []int { return rank.Part(order, p[0], p[1]) }
	for _, b := range beyond {
		if err := add(part(b.met), part(b.known), true); err != nil {
			return m, err
		}
	}
	best := 0
	mean := func(k int) float64 {
		return insideWeight*loss[0][k]/max(folds[0], 1) + loss[1][k]/max(folds[1], 1)
	}
	for k := range shares {
		if mean(k) < mean(best) {
			best = k
		}
	}
	m.Share = shares[best]
	return m, nil
}

// try returns the mean squared error, for models that are met, of choices made with the
// others, one for each of the shares.
func (m Mixed) try(ctx context.Context, s *Sample, met, rest []int, size int, beyond bool) ([]float64, error) {
	some, err := NewSample(s.answers, s.scores, response.TrainSet{Rows: rest})
	if err != nil {
		return nil, err
	}
	some.available = s.available
	k := newKnown(some)
	if beyond {
		if k.bank, err = design.NewBank(ctx, some.answers.SelectModels(k.rows), m.Workers); err != nil {
			return nil, fmt.Errorf("mixed selection: %w", err)
		}
	}
	most, err := Forward{Seed: m.Seed, Workers: m.Workers, Folds: min(5, len(rest)/2)}.Select(ctx, some, Mixed{Share: slices.Max(shares)}.chosen(size))
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(shares))
	for at, share := range shares {
		for draw := range decideDraws {
			by := Mixed{Share: share, Seed: m.Seed + uint64(draw)}
			c, err := by.fill(some, k, most.Items[:by.chosen(size)], size)
			if err != nil {
				return nil, err
			}
			e, err := k.errorOf(s, met, c.Items, beyond)
			if err != nil {
				return nil, err
			}
			out[at] += e / decideDraws
		}
	}
	return out, ctx.Err()
}

// known are the models that samples are balanced and judged by: at most as many as a design
// learns from, evenly along the score.
type known struct {
	answers    [][]float64  // models × items; a missing one is the item's share of right ones
	scores     []float64    // points
	difficulty []float64    // share of right answers, by item
	rows       []int        // of the sample
	bank       *design.Bank // of all items; made for models beyond the range
}

func newKnown(s *Sample) *known {
	_, items := s.Dims()
	k := &known{difficulty: make([]float64, items)}
	for j := range items {
		k.difficulty[j] = s.share(j)
	}
	order := rank.Order(s.scores)
	for _, at := range design.Evenly(len(order)) {
		i := order[at]
		k.answers = append(k.answers, k.row(s, i))
		k.scores = append(k.scores, s.scores[i])
		k.rows = append(k.rows, i)
	}
	return k
}

func (k *known) row(s *Sample, i int) []float64 {
	row := make([]float64, len(k.difficulty))
	for j := range row {
		switch s.answers.At(i, j) {
		case response.Correct:
			row[j] = 1
		case response.Missing:
			row[j] = k.difficulty[j]
		}
	}
	return row
}

// ridge is a regression of the scores on answers to some items.
type ridge struct {
	rows   [][]float64 // answers less their means
	means  []float64
	mean   float64 // score
	root   mat.Cholesky
	weight *mat.VecDense
}

// regress fits (X'X + judgeRidge I) w = X'y with centred answers X and scores y.
func (k *known) regress(items []int) (*ridge, error) {
	n, models := len(items), float64(len(k.answers))
	r := &ridge{means: make([]float64, n)}
	for i, row := range k.answers {
		x := make([]float64, n)
		for p, j := range items {
			x[p] = row[j]
			r.means[p] += row[j] / models
		}
		r.rows = append(r.rows, x)
		r.mean += k.scores[i] / models
	}
	x := mat.NewDense(len(r.rows), n, nil)
	y := mat.NewVecDense(len(r.rows), nil)
	for i, row := range r.rows {
		for p := range row {
			row[p] -= r.means[p]
		}
		x.SetRow(i, row)
		y.SetVec(i, k.scores[i]-r.mean)
	}
	gram := mat.NewSymDense(n, nil)
	gram.SymOuterK(1, x.T())
	for p := range n {
		gram.SetSym(p, p, gram.At(p, p)+judgeRidge)
	}
	if !r.root.Factorize(gram) {
		return nil, fmt.Errorf("mixed selection: the regression on %d items is not determined", n)
	}
	right := mat.NewVecDense(n, nil)
	right.MulVec(x.T(), y)
	r.weight = mat.NewVecDense(n, nil)
	return r, r.root.SolveVecTo(r.weight, right)
}

// leaveOneOut returns the mean squared error of the regression for models that it is fitted
// without: (y - ŷ) / (1 - h), with h the model's leverage.
func (k *known) leaveOneOut(items []int) (float64, error) {
	r, err := k.regress(items)
	if err != nil {
		return 0, err
	}
	var inverse mat.SymDense
	if err := r.root.InverseTo(&inverse); err != nil {
		return 0, fmt.Errorf("mixed selection: %w", err)
	}
	n := float64(len(k.answers))
	sum := 0.0
	for i, row := range r.rows {
		x := mat.NewVecDense(len(items), row)
		e := (k.scores[i] - r.mean - mat.Dot(x, r.weight)) / (1 - 1/n - mat.Inner(x, &inverse, x))
		sum += e * e / n
	}
	return sum, nil
}

// errorOf returns the mean squared error for models that are met, by the regression, or for
// those beyond the range by design.
func (k *known) errorOf(s *Sample, met, items []int, beyond bool) (float64, error) {
	estimate, err := k.estimator(items, beyond)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, i := range met {
		row := k.row(s, i)
		x := make([]float64, len(items))
		for p, j := range items {
			x[p] = row[j]
		}
		v, err := estimate(x)
		if err != nil {
			return 0, fmt.Errorf("mixed selection: %w", err)
		}
		e := s.scores[i] - v
		sum += e * e / float64(len(met))
	}
	return sum, nil
}

// estimator returns the estimate of a score, in points, from answers to the items.
func (k *known) estimator(items []int, beyond bool) (func(x []float64) (float64, error), error) {
	if !beyond {
		r, err := k.regress(items)
		if err != nil {
			return nil, err
		}
		return func(x []float64) (float64, error) {
			v := r.mean
			for p := range x {
				v += (x[p] - r.means[p]) * r.weight.AtVec(p)
			}
			return v, nil
		}, nil
	}
	answers, share := make([][]float64, len(k.answers)), make([]float64, len(k.answers))
	for i, row := range k.answers {
		answers[i] = make([]float64, len(items))
		for p, j := range items {
			answers[i][p] = row[j]
		}
		share[i] = k.scores[i] / 100
	}
	e, err := design.New(answers, share, k.bank, items)
	if err != nil {
		return nil, err
	}
	all := make([]int, len(items))
	for p := range all {
		all[p] = p
	}
	return func(x []float64) (float64, error) {
		score, _, err := e.Estimate(all, x)
		return score, err
	}, nil
}
