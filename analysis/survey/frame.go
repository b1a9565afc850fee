// Package survey estimates the score of one model from a probability sample of the items,
// with an interval that holds for this model, whatever it is like.
//
// The answers of other models only help: they predict the model's answers, and choose
// what to ask. What was predicted is corrected by what was answered, each answer weighted
// by the inverse of the known probability of asking it (the difference estimator of
// survey sampling: Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 1992).
// Bad predictions make the interval wide; they don't make it wrong.
//
// # Estimator
//
// Of N items, let R_t be those not asked before the t-th question and A_t the number of
// right answers so far. From these answers alone come a prediction p_j of every answer
// left, and the probabilities q_j with which the next item is drawn from R_t. With the
// answer y to the item i that was drawn,
//
//	φ_t = (A_t + Σ_{j in R_t} p_j + (y - p_i) / q_i) / N
//
// has the score as its expectation, given all that went before. So has any mean of
// φ_1 … φ_n with weights fixed in advance, and the deviations are those of a martingale,
// whose central limit theorem gives the interval
//
//	S = Σ w_t φ_t / Σ w_t,   S ± t_{ν} √(Σ w_t² (φ_t - S)² / (Σ w_t)² · m / (m - 1)),
//
// m = (Σ w_t)² / Σ w_t² being the number of answers that count and ν = m - 1 (Zrnic and
// Candès, "Active statistical inference", 2024; for a finite number of items Wu, Nair and
// Candès, "Efficient evaluation of LLM performance with statistical guarantees", 2026,
// arXiv 2601.20251).
//
// The variance of φ_t is least for q_j in proportion to √(p_j (1 - p_j)); a constant under
// the root, spare, keeps an answer that nobody expected from having any weight it likes.
package survey

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"metabench/analysis/response"
)

// Frame is the items with what the training models' answers say of each. It is read-only.
type Frame struct {
	items     int
	width     int       // variables an item
	variables []float64 // items × width: difficulty, principal components, 1
	priors    []prior
	templates *response.Matrix // answers of the training models
}

// prior is a normal distribution of a model's coefficients, independent of one another.
type prior struct{ mean, precision []float64 }

// Sizes of what is learned from the training models.
const (
	components = 25   // principal components of the items, at most
	mostModels = 1500 // training models that they are computed from, evenly spaced by score
	learnt     = 200  // training models whose coefficients make a prior, likewise
	bestShare  = 0.1  // training models by whom difficulty is measured: the best
)

// LeastModels is the smallest number of training models.
const LeastModels = 20

// TooFewModelsError says that nothing can be predicted from so few models.
type TooFewModelsError struct{ Models int }

func (e *TooFewModelsError) Error() string {
	return fmt.Sprintf("survey: answers are predicted from %d models, at least %d are needed", e.Models, LeastModels)
}

// NewFrame learns from the training models. An item's variables are its difficulty for
// the best tenth of them, log((r + 1) / (n - r + 4)) with r right answers of n, and its
// coordinates on the principal components of the answers, less what model and item explain
// on their own. The difficulty for all would say little of models that are better than
// most.
func NewFrame(m *response.Matrix, train response.TrainSet) (*Frame, error) {
	if len(train.Rows) < LeastModels {
		return nil, &TooFewModelsError{len(train.Rows)}
	}
	rows := slices.Clone(train.Rows)
	share := func(i int) float64 {
		right, n := m.Counts(i)
		return float64(right) / float64(max(1, n))
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(share(a), share(b)) })
	_, items := m.Dims()
	f := &Frame{items: items, templates: m.SelectModels(rows)}
	difficulty := f.difficulty()
	axes, k := f.axes()
	f.width = k + 2
	f.variables = make([]float64, items*f.width)
	for j := range items {
		v := f.of(j)
		v[0], v[k+1] = difficulty[j], 1
		for c := range k {
			v[c+1] = axes.At(j, c)
		}
	}
	f.priors = []prior{f.wide()}
	f.priors = append(f.priors, f.learned())
	return f, nil
}

// of returns the variables of an item.
func (f *Frame) of(item int) []float64 { return f.variables[item*f.width : (item+1)*f.width] }

// evenly returns up to n of the training models, evenly spaced by score.
func (f *Frame) evenly(n int) []int {
	models, _ := f.templates.Dims()
	n = min(n, models)
	rows := make([]int, n)
	for k := range rows {
		rows[k] = k * models / n
	}
	return rows
}

// difficulty returns the items' logits for the best training models, less their mean.
func (f *Frame) difficulty() []float64 {
	models, _ := f.templates.Dims()
	best := make([]int, 0, models)
	for i := models - max(LeastModels, int(bestShare*float64(models))); i < models; i++ {
		best = append(best, i)
	}
	columns := f.templates.SelectModels(best).Transpose()
	out := make([]float64, f.items)
	mean := 0.0
	for j := range out {
		right, n := columns.Counts(j)
		out[j] = math.Log(float64(right+1) / float64(n-right+4))
		mean += out[j] / float64(f.items)
	}
	for j := range out {
		out[j] -= mean
	}
	return out
}

// axes returns items × k coordinates on the principal components, each of variance 1.
// Missing answers count as the mean. The components are found by subspace iteration from
// a fixed start.
func (f *Frame) axes() (*mat.Dense, int) {
	rows := f.evenly(mostModels)
	x := mat.NewDense(f.items, len(rows), nil)
	item := make([]float64, f.items)
	for c, i := range rows {
		right, n := f.templates.Counts(i)
		mean := float64(right) / float64(max(1, n))
		for j := range f.items {
			if a := f.templates.At(i, j); a != response.Missing {
				x.Set(j, c, float64(a)-mean)
				item[j] += (float64(a) - mean) / float64(len(rows))
			}
		}
	}
	for j := range f.items {
		for c, i := range rows {
			if f.templates.At(i, j) != response.Missing {
				x.Set(j, c, x.At(j, c)-item[j])
			}
		}
	}
	k := min(components, len(rows)/4, f.items/4)
	if k < 1 {
		return nil, 0
	}
	gram := mat.NewDense(len(rows), len(rows), nil)
	gram.Mul(x.T(), x)
	base := mat.NewDense(len(rows), k, nil)
	for r := range rows {
		for c := range k { // any start that no component is at right angles to
			base.Set(r, c, math.Cos(math.Pi*(float64(r)+0.5)*float64(c+1)/float64(len(rows)))+1/float64(r+c+2))
		}
	}
	for range 20 {
		next := mat.NewDense(len(rows), k, nil)
		next.Mul(gram, base)
		var qr mat.QR
		qr.Factorize(next)
		var q mat.Dense
		qr.QTo(&q)
		base = mat.DenseCopyOf(q.Slice(0, len(rows), 0, k))
	}
	out := mat.NewDense(f.items, k, nil)
	out.Mul(x, base)
	for c := range k {
		square := 0.0
		for j := range f.items {
			square += out.At(j, c) * out.At(j, c) / float64(f.items)
		}
		if square > 0 {
			for j := range f.items {
				out.Set(j, c, out.At(j, c)/math.Sqrt(square))
			}
		}
	}
	return out, k
}

// wide is the prior of a model of any kind: items are about as much harder than others as
// for the best training models, the level is anything, and the components matter a little.
func (f *Frame) wide() prior {
	p := prior{make([]float64, f.width), make([]float64, f.width)}
	for k := range p.precision {
		p.precision[k] = 1 / (0.3 * 0.3)
	}
	p.mean[0], p.precision[0] = 1, 1/(0.5*0.5)
	p.precision[f.width-1] = 0.1
	return p
}

// learned is the prior of a model like the training models: mean and variance of the
// coefficients that their answers to all items give.
func (f *Frame) learned() prior {
	start := f.wide()
	p := prior{make([]float64, f.width), make([]float64, f.width)}
	rows := f.evenly(learnt)
	all := make([][]float64, len(rows))
	for k, i := range rows {
		r := newRegression(f, start)
		for j := range f.items {
			if a := f.templates.At(i, j); a != response.Missing {
				r.add(j, a == response.Correct)
			}
		}
		r.fit(10)
		all[k] = r.beta
		for c, v := range r.beta {
			p.mean[c] += v / float64(len(rows))
		}
	}
	for c := range p.precision {
		variance := 0.0
		for _, beta := range all {
			variance += (beta[c] - p.mean[c]) * (beta[c] - p.mean[c]) / float64(len(rows))
		}
		p.precision[c] = 1 / (variance + 0.005)
	}
	return p
}
