package reconstruct

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// A model that lacks answers is predicted by the process of the answers that are there:
// distances and sub-scores are of the items it answered, lengths are shortened by the share
// of these, and the variance of the noise is raised to what has the largest marginal
// likelihood. The process is conditioned anew, on the training models nearest by these
// answers.

// partialModels is the number of them.
const partialModels = 200

// partialNoise are the variances of the noise that are tried: multiples of the process's own,
// and the whole variance of the scores.
var partialNoise = []float64{1, 8, 64}

// partial is the process of one sheet's answers.
type partial struct {
	m        *Model
	observed []uint64
	answered []int     // items of each benchmark
	rows     []int     // training models, nearest first
	own      []float64 // sub-scores of the sheet
}

// newPartial finds the training models nearest to a sheet, one left out if asked for.
func (m *Model) newPartial(s sheet, without int) *partial {
	groups := m.layout.groups()
	p := &partial{m: m, observed: s.observed, answered: make([]int, groups), own: make([]float64, groups)}
	for g, n := range m.layout.items {
		p.answered[g] = n - m.layout.missing(s, g)
	}
	p.shares(s.correct, p.own)
	total := make([]int, len(m.rows))
	for i, row := range m.rows {
		for w, o := range s.observed {
			total[i] += bits.OnesCount64((s.correct[w] ^ row[w]) & o)
		}
		if i != without {
			p.rows = append(p.rows, i)
		}
	}
	slices.SortStableFunc(p.rows, func(a, b int) int { return total[a] - total[b] })
	return p
}

// shares fills u with the share of right answers in each benchmark, of the items answered;
// one half where there are none.
func (p *partial) shares(correct []uint64, u []float64) {
	for g := range u {
		u[g] = 0.5
		if p.answered[g] > 0 {
			n := 0
			for w := p.m.layout.first[g]; w < p.m.layout.first[g+1]; w++ {
				n += bits.OnesCount64(correct[w] & p.observed[w])
			}
			u[g] = float64(n) / float64(p.answered[g])
		}
	}
}

// distances fills h with the number of items answered, of each benchmark, that two models
// answered differently.
func (p *partial) distances(a, b []uint64, h []int) {
	for g := range h {
		h[g] = 0
		for w := p.m.layout.first[g]; w < p.m.layout.first[g+1]; w++ {
			h[g] += bits.OnesCount64((a[w] ^ b[w]) & p.observed[w])
		}
	}
}

// hyper returns a process's hyper-parameters for the items answered.
func (p *partial) hyper(h hyper) hyper {
	out := hyper{Linear: slices.Clone(h.Linear), Noise: h.Noise}
	for g, n := range p.answered {
		if n == 0 {
			out.Linear[g] = 0
		}
	}
	for _, s := range h.Scales {
		length := make([]float64, len(s.Length))
		for g, v := range s.Length {
			length[g] = v * float64(p.answered[g]) / float64(p.m.layout.items[g])
			if p.answered[g] == 0 {
				length[g] = math.Inf(1)
			}
		}
		out.Scales = append(out.Scales, scale{s.Amplitude, length})
	}
	return out
}

// conditional returns the predictive mean and variance of a process for the sheet with the
// given answers, in points.
func (p *partial) conditional(t *target, correct []uint64) (mean, variance float64, err error) {
	place := make(map[int]int, len(t.Rows))
	for k, i := range t.Rows {
		place[int(i)] = k
	}
	var rows []int
	var y []float64
	for _, i := range p.rows {
		if k, ok := place[i]; ok && len(rows) < partialModels {
			rows, y = append(rows, i), append(y, t.Scores[k])
		}
	}
	n, groups := len(rows), p.m.layout.groups()
	if n == 0 {
		return t.Centre, t.Spread * t.Spread, nil
	}
	share, centre := make([][]float64, n), make([]float64, groups)
	middle := 0.0
	for a, i := range rows {
		share[a] = make([]float64, groups)
		p.shares(p.m.rows[i], share[a])
		for g, v := range share[a] {
			centre[g] += v / float64(n)
		}
		middle += y[a] / float64(n)
	}
	for a := range y {
		y[a] -= middle
	}
	k := newKernel(p.hyper(t.Hyper), p.m.layout, centre)
	h := make([]int, groups)
	covariance := blas64.Symmetric{Uplo: blas.Upper, N: n, Stride: n, Data: make([]float64, n*n)}
	c := make([]float64, n)
	for a, i := range rows {
		for b := a; b < n; b++ {
			p.distances(p.m.rows[i], p.m.rows[rows[b]], h)
			covariance.Data[a*n+b] = k.at(h, share[a], share[b])
		}
		p.distances(correct, p.m.rows[i], h)
		c[a] = k.at(h, p.own, share[a])
	}
	own := k.at(make([]int, groups), p.own, p.own)
	best := math.Inf(1)
	for _, noise := range append(slices.Clone(partialNoise), 1/t.Hyper.Noise) {
		noise *= t.Hyper.Noise
		a := covariance
		a.Data = slices.Clone(covariance.Data)
		for q := range n {
			a.Data[q*n+q] += noise + noiseFloor
		}
		root, ok := lapack64.Potrf(a)
		if !ok {
			continue
		}
		u, v := slices.Clone(y), slices.Clone(c)
		blas64.Trsv(blas.Trans, root, blas64.Vector{N: n, Inc: 1, Data: u})
		blas64.Trsv(blas.Trans, root, blas64.Vector{N: n, Inc: 1, Data: v})
		evidence, fitted, explained := 0.0, 0.0, 0.0
		for q := range n {
			evidence += u[q]*u[q]/2 + math.Log(root.Data[q*n+q])
			fitted += u[q] * v[q]
			explained += v[q] * v[q]
		}
		if evidence < best {
			best = evidence
			mean = t.Centre + t.Spread*(middle+fitted)
			variance = t.Spread * t.Spread * max(own+noise+noiseFloor-explained, noiseFloor)
		}
	}
	if math.IsInf(best, 1) {
		return 0, 0, fmt.Errorf("condition on %d answers: %w", slices.Max(p.answered), errNotPositive)
	}
	return mean, variance, nil
}
