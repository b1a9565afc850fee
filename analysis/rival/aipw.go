package rival

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// augmented is augmented inverse propensity weighting on n of J items drawn at random
// (Zhang and Hardt, "How benchmark prediction from fewer data misses the mark", 2025). A
// ridge regression across items, fitted for each test model on the items drawn, predicts
// its answer x̂_j from the answers of all training models to item j. The mean answer is
// corrected by how the drawn items differ from the others in what is predicted,
//
//	score = x̄_drawn + λ (mean of x̂ over the items not drawn - mean of x̂ over those drawn),
//	λ = 1 / (1 + n / (J - n)).
//
// The penalty is the one of least leave-one-out error on the drawn items. The interval is
// that of a difference estimator with the residuals where each item is left out.
func augmented(_ context.Context, t *Task, size, draw int) ([]reconstruct.Prediction, error) {
	drawn := t.randomItems(size, draw)
	k := newItemKernel(t, drawn)
	out := make([]reconstruct.Prediction, len(t.Test.Rows))
	for q, i := range t.Test.Rows {
		out[q] = t.augmentedOne(i, drawn, k)
	}
	return out, nil
}

func (t *Task) augmentedOne(model int, drawn []int, k *itemKernel) reconstruct.Prediction {
	right, n := t.right(model, drawn)
	_, items := t.Table.Answers.Dims()
	_, seen := t.Table.Answers.Counts(model)
	if n < len(drawn) { // what is missing has no part in the regression
		var have []int
		for _, j := range drawn {
			if t.Table.Answers.At(model, j) != response.Missing {
				have = append(have, j)
			}
		}
		if n < 2 {
			return reconstruct.Prediction{Score: t.meanScore()}
		}
		drawn, k = have, newItemKernel(t, have)
	}
	mean := float64(right) / float64(n)
	y := make([]float64, n)
	for a, j := range drawn {
		y[a] = -mean
		if t.Table.Answers.At(model, j) == response.Correct {
			y[a]++
		}
	}
	fitted, residual := k.regress(y)
	inside, all := 0.0, 0.0
	for _, j := range drawn {
		inside += fitted[j]
	}
	for _, v := range fitted {
		all += v
	}
	if n == items {
		return around(100*mean, 0)
	}
	outside := (all - inside) / float64(items-n)
	lambda := 1 / (1 + float64(n)/float64(items-n))
	square := 0.0
	for _, e := range residual {
		square += e * e
	}
	sd := math.Sqrt(square / float64(max(1, n-1)) / float64(n) * (1 - float64(n)/float64(seen)))
	return around(100*(mean+lambda*(outside-inside/float64(n))), 100*sd)
}

// penalties are those of the regression across items, in units of the mean variance of an
// item's answers.
var penalties = []float64{0.01, 0.03, 0.1, 0.3, 1, 3, 10}

// itemKernel holds what ridge regressions across drawn items share: the products of the
// items' columns of training answers, centred over the drawn items.
type itemKernel struct {
	values  []float64   // eigenvalues of the drawn items' kernel, per model
	vectors *mat.Dense  // its eigenvectors, in columns
	cross   [][]float64 // all items × drawn items
}

// newItemKernel computes the kernel k(j, l) = Σ_models ±1 · ±1 / models: answers alike
// less answers that differ. It depends on the number of differing bits alone.
func newItemKernel(t *Task, drawn []int) *itemKernel {
	columns := t.Table.Answers.SelectModels(t.Train.Rows).Transpose()
	items, models := columns.Dims()
	n := len(drawn)
	k := &itemKernel{cross: make([][]float64, items)}
	mean, rowMean := 0.0, make([]float64, n)
	for j := range items {
		k.cross[j] = make([]float64, n)
		for b, l := range drawn {
			differ, both := columns.Differing(j, l)
			k.cross[j][b] = float64(both-2*differ) / float64(models)
		}
	}
	for b := range drawn {
		for _, j := range drawn {
			rowMean[b] += k.cross[j][b] / float64(n)
		}
		mean += rowMean[b] / float64(n)
	}
	for j := range items {
		own := 0.0
		for b := range drawn {
			own += k.cross[j][b] / float64(n)
		}
		for b := range drawn {
			k.cross[j][b] += mean - own - rowMean[b]
		}
	}
	square := mat.NewSymDense(n, nil)
	for a, j := range drawn {
		for b := a; b < n; b++ {
			square.SetSym(a, b, k.cross[j][b])
		}
	}
	var eigen mat.EigenSym
	k.vectors = new(mat.Dense)
	if eigen.Factorize(square, true) {
		k.values = eigen.Values(nil)
		eigen.VectorsTo(k.vectors)
	}
	return k
}

// regress returns the fitted deviation from the mean of every item, and the drawn items'
// residuals where each is left out,
//
//	e_a = (α)_a / (K + λ)⁻¹_aa,   α = (K + λ)⁻¹ y.
//
// The mean, too, is that of the others: the constant adds 1/n to the leverage.
func (k *itemKernel) regress(y []float64) (fitted, residual []float64) {
	n := len(y)
	fitted = make([]float64, len(k.cross))
	if k.values == nil {
		return fitted, y
	}
	scale := 0.0
	for _, v := range k.values {
		scale += max(v, 0) / float64(n)
	}
	if scale <= 0 {
		return fitted, y
	}
	turned := make([]float64, n)
	for c := range n {
		for a := range n {
			turned[c] += k.vectors.At(a, c) * y[a]
		}
	}
	best := math.Inf(1)
	var alpha []float64
	for _, penalty := range penalties {
		lambda := penalty * scale
		some, rest := make([]float64, n), make([]float64, n)
		sum := 0.0
		for a := range n {
			leverage := 1 / float64(n)
			for c := range n {
				u, v := k.vectors.At(a, c), max(k.values[c], 0)
				some[a] += u * turned[c] / (v + lambda)
				leverage += u * u * v / (v + lambda)
			}
			rest[a] = lambda * some[a] / max(1-leverage, 1e-6)
			sum += rest[a] * rest[a]
		}
		if sum < best {
			best, alpha, residual = sum, some, rest
		}
	}
	for j, row := range k.cross {
		for b, v := range row {
			fitted[j] += v * alpha[b]
		}
	}
	return fitted, residual
}
