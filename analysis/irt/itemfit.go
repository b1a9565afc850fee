package irt

import (
	"fmt"

	"gonum.org/v1/gonum/stat/distuv"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// ItemFit is the fit of an item's curve to its answers.
type ItemFit struct {
	// Infit and Outfit are mean squares of the residuals, each averaged over the
	// models' posteriors π_i; 1 is expected, more means noise, less means answers
	// that are too regular (Wright and Masters 1982):
	//
	//	outfit = 1/n Σ_i Σ_q π_iq (x - P_q)² / (P_q Q_q)
	//	infit  = Σ_i Σ_q π_iq (x - P_q)² / Σ_i Σ_q π_iq P_q Q_q
	//
	// Both are 0 for an item without answers.
	Infit, Outfit float64

	// SX2 compares the share of correct answers among the models with the same
	// number of correct answers with what the model expects, DF its degrees of
	// freedom and PValue the chance of one as large (Orlando and Thissen 2000,
	// Applied Psychological Measurement 24:50). DF is 0 where it can't be computed:
	// with missing answers, or too few models.
	SX2    float64
	DF     int
	PValue float64
}

// ComputeItemFit returns the fit of every item of a result to the answers.
func ComputeItemFit(m *response.Matrix, r *Result, opts Options) ([]ItemFit, error) {
	models, items := m.Dims()
	if models == 0 || items == 0 {
		return nil, ErrEmpty
	}
	if len(r.Items) != items {
		return nil, fmt.Errorf("irt: fit of %d items: the result has %d", items, len(r.Items))
	}
	opts = opts.withDefaults()
	p := newProblem(m, opts)
	_, p.free = startItems(p.step.p)
	p.step.run(r.Items, true)
	out := make([]ItemFit, items)
	p.eachItem(func(j int, c counts) { out[j] = c.residuals(r.Items[j]) })
	if p.step.p.missing == nil {
		p.sumScoreFit(r, out)
	}
	return out, nil
}

// residuals returns infit and outfit.
func (c counts) residuals(it Item) ItemFit {
	var f ItemFit
	var n, square, variance float64
	for q, theta := range c.nodes {
		t, r := c.total[q], c.right[q]
		if t == 0 {
			continue
		}
		s, d := logisticPair(max(-maxLogit, min(maxLogit, it.A*theta+it.D)))
		p, o := it.G*d+it.U*s, (1-it.G)*d+(1-it.U)*s
		n += t
		square += r*o*o + (t-r)*p*p
		variance += t * p * o
		f.Outfit += r*o/p + (t-r)*p/o
	}
	if n > 0 && variance > 0 {
		f.Outfit /= n
		f.Infit = square / variance
	}
	return f
}

// sumScoreFit adds S-X².
func (p *problem) sumScoreFit(r *Result, out []ItemFit) {
	e := p.step
	nodes, items := len(e.grid.Nodes), len(r.Items)
	models, right := e.p.byScore()
	// likelihood[q·(items+1)+s] is the probability of the sum s at node q.
	likelihood := make([]float64, nodes*(items+1))
	curve := make([]float64, nodes*items)
	parallel.Each(nodes, p.workers, func(q, _ int) {
		row := likelihood[q*(items+1) : (q+1)*(items+1)]
		row[0] = 1
		for j, it := range r.Items {
			prob := it.Prob(e.grid.Nodes[q])
			curve[q*items+j] = prob
			for s := j + 1; s > 0; s-- {
				row[s] = row[s]*(1-prob) + row[s-1]*prob
			}
			row[0] *= 1 - prob
		}
	})
	weight := weights(e.grid)
	p.eachItem(func(j int, _ counts) {
		if !p.free[j] {
			return
		}
		expected, all := make([]float64, items+1), make([]float64, items+1)
		rest := make([]float64, items)
		for q := range nodes {
			row, prob := likelihood[q*(items+1):(q+1)*(items+1)], curve[q*items+j]
			without(row, prob, rest)
			for s := 1; s <= items; s++ {
				expected[s] += weight[q] * prob * rest[s-1]
				all[s] += weight[q] * row[s]
			}
		}
		out[j].sumScores(models, right[j*(items+1):(j+1)*(items+1)], expected, all, r.Kind.Params())
	})
}

// without removes an item with probability p from the distribution of a sum. It
// divides by the larger of p and 1-p, so that errors shrink on the way.
func without(sum []float64, p float64, rest []float64) {
	n := len(rest)
	if p < 0.5 {
		rest[0] = sum[0] / (1 - p)
		for s := 1; s < n; s++ {
			rest[s] = max(0, (sum[s]-p*rest[s-1])/(1-p))
		}
		return
	}
	rest[n-1] = sum[n] / p
	for s := n - 1; s > 0; s-- {
		rest[s-1] = max(0, (sum[s]-(1-p)*rest[s])/p)
	}
}

// sumScores sets S-X² from the numbers of models and of correct answers by sum and
// the expected shares expected/all. Neighbouring sums are merged until at least one
// right and one wrong answer are expected.
func (f *ItemFit) sumScores(models, right, expected, all []float64, params int) {
	type cell struct{ n, right, expected float64 }
	var cells []cell
	var open cell
	for s := 1; s < len(models)-1; s++ {
		if models[s] == 0 || !(all[s] > 0) {
			continue
		}
		open.n += models[s]
		open.right += right[s]
		open.expected += models[s] * min(1, expected[s]/all[s])
		if open.expected >= 1 && open.n-open.expected >= 1 {
			cells = append(cells, open)
			open = cell{}
		}
	}
	if len(cells) > 0 {
		last := &cells[len(cells)-1]
		last.n, last.right, last.expected = last.n+open.n, last.right+open.right, last.expected+open.expected
	}
	if len(cells) <= params {
		return
	}
	for _, c := range cells {
		d := c.right - c.expected
		f.SX2 += d * d * c.n / (c.expected * (c.n - c.expected))
	}
	f.DF = len(cells) - params
	f.PValue = distuv.ChiSquared{K: float64(f.DF)}.Survival(f.SX2)
}

// byScore returns, by the number of correct answers, how many models have it, and by
// item and that number how many of them answer the item correctly.
func (p *patterns) byScore() (models, right []float64) {
	models = make([]float64, p.items+1)
	right = make([]float64, p.items*(p.items+1))
	for i, w := range p.weight {
		row := p.correct[i*p.groups : (i+1)*p.groups]
		s := 0
		for j := range p.items {
			s += int(row[j/groupSize] >> (j % groupSize) & 1)
		}
		models[s] += w
		for j := range p.items {
			if row[j/groupSize]>>(j%groupSize)&1 == 1 {
				right[j*(p.items+1)+s] += w
			}
		}
	}
	return models, right
}
