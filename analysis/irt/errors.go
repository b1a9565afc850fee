package irt

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// StandardErrors are the standard errors of a fit's parameters.
type StandardErrors struct {
	// Items holds the standard error of each parameter in the parameter's own
	// units; 0 stands for a parameter that has none because it is fixed by the
	// kind, lies on its bound, or belongs to an item without both answers.
	Items []Item
	// Index gives the row of each parameter (a, d, g, u) in Covariance, -1 if it
	// has none.
	Index [][4]int
	// Covariance is the inverse of the observed information.
	Covariance *mat.SymDense
	// Ridge is what had to be added to the diagonal of the information, relative
	// to it, to make it positive definite: 0 at a proper maximum. If it is not 0
	// the errors of the parameters concerned are lower limits.
	Ridge float64
}

// ErrNoInformation is returned where no parameter can be given a standard error.
var ErrNoInformation = errors.New("irt: no parameter off its bounds has any information")

// ComputeStandardErrors inverts the observed information of all parameters
// together at the items of a fit,
//
//	-∂²ℓ/∂ξ∂ξ' = Σ_i w_i (E_i[-∂² log L_i] - Cov_i[∂ log L_i])
//
// with expectation and covariance over model i's posterior (Louis 1982,
// J. R. Statist. Soc. B 44:226). A column of the second part is the change of the
// expected counts when the posteriors move with one parameter (Oakes 1999, J. R.
// Statist. Soc. B 61:479), so it costs one backward pass and is exact. The blocks of
// single items alone would leave out that the abilities' location and spread are
// estimated with the items.
//
// Time and memory grow with the square of the number of parameters: 8 bytes × p² and
// p passes.
func ComputeStandardErrors(ctx context.Context, m *response.Matrix, r *Result, opts Options) (*StandardErrors, error) {
	models, items := m.Dims()
	if models == 0 || items == 0 {
		return nil, ErrEmpty
	}
	if len(r.Items) != items {
		return nil, fmt.Errorf("irt: standard errors of %d items: the fit has %d", items, len(r.Items))
	}
	opts.Kind = r.Kind
	opts = opts.withDefaults()
	p := newProblem(m, opts)
	_, p.free = startItems(p.step.p)
	p.kind = r.Kind
	p.step.run(r.Items, true)
	information, index := p.information(ctx, r.Items)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("irt: standard errors: %w", err)
	}
	if information == nil {
		return nil, ErrNoInformation
	}
	covariance, ridge := invert(information)
	if covariance == nil {
		return nil, ErrNoInformation
	}
	se := &StandardErrors{Items: make([]Item, items), Index: index, Covariance: covariance, Ridge: ridge}
	for j, at := range index {
		var v [maxParams]float64
		for k, row := range at {
			if row >= 0 {
				v[k] = math.Sqrt(covariance.At(row, row))
			}
		}
		se.Items[j] = Item{A: v[0], D: v[1], G: v[2], U: v[3]}
	}
	return se, nil
}

// scores holds an item's derivatives of log P and log Q by (a, d, g, u) at every
// node.
type scores struct {
	right, wrong [maxParams][]float64
}

func newScores(it Item, nodes []float64) *scores {
	var s scores
	for k := range maxParams {
		s.right[k], s.wrong[k] = make([]float64, len(nodes)), make([]float64, len(nodes))
	}
	for q, theta := range nodes {
		z := max(-maxLogit, min(maxLogit, it.A*theta+it.D))
		up, down := logisticPair(z)
		prob, other := it.G*down+it.U*up, (1-it.G)*down+(1-it.U)*up
		dz := (it.U - it.G) * up * down
		for k, d := range [maxParams]float64{dz * theta, dz, down, up} {
			s.right[k][q], s.wrong[k][q] = d/prob, -d/other
		}
	}
	return &s
}

// information returns the observed information of the parameters that are off
// their bounds and where each of them is in it; nil if there is none.
func (p *problem) information(ctx context.Context, items []Item) (*mat.SymDense, [][4]int) {
	e := p.step
	n := 0
	index := make([][4]int, len(items))
	blocks := make([]mat4, len(items))
	all := make([]*scores, len(items))
	p.eachItem(func(j int, c counts) {
		_, blocks[j], _ = c.derivatives(items[j])
		gradient, hessian, squares := vec4{}, mat4{}, mat4{}
		p.prior.addDerivatives(items[j], p.kind, &gradient, &hessian, &squares)
		for k := range maxParams {
			blocks[j][k][k] += hessian[k][k]
		}
		all[j] = newScores(items[j], e.grid.Nodes)
	})
	type parameter struct{ item, k int }
	var parameters []parameter
	for j, it := range items {
		fixed := fixedParams(it, p.kind, vec4{it.A, it.D, -1, 1})
		for k := range maxParams {
			index[j][k] = -1
			if p.free[j] && !fixed[k] && blocks[j][k][k] > 0 {
				index[j][k] = n
				parameters = append(parameters, parameter{j, k})
				n++
			}
		}
	}
	if n == 0 {
		return nil, index
	}
	rows := make([]float64, n*n)
	shifts := make([]*shift, p.workers)
	parallel.Each(n, p.workers, func(row, worker int) {
		if ctx.Err() != nil {
			return
		}
		if shifts[worker] == nil {
			shifts[worker] = newShift(e)
		}
		s := shifts[worker]
		of := parameters[row]
		s.along(of.item, all[of.item], of.k)
		out := rows[row*n : (row+1)*n]
		for j := range items {
			for k, col := range index[j] {
				if col >= 0 {
					out[col] = -s.gradient(j, all[j], k)
				}
			}
		}
		for k, col := range index[of.item] {
			if col >= 0 {
				out[col] += blocks[of.item][of.k][k]
			}
		}
	})
	// The two halves agree but for rounding.
	for i := range n {
		for j := range i {
			v := (rows[i*n+j] + rows[j*n+i]) / 2
			rows[i*n+j], rows[j*n+i] = v, v
		}
	}
	return mat.NewSymDense(n, rows), index
}

// shift is the change of the expected counts when the posteriors move with one
// parameter while the curves stay.
type shift struct {
	e              *estep
	posterior      []float64 // patterns × nodes: change of the weights
	tables         []float64
	right, missing []float64 // items × nodes
	total          []float64
}

func newShift(e *estep) *shift {
	s := &shift{
		e: e, posterior: make([]float64, len(e.posterior)),
		tables: make([]float64, 2*256*len(e.grid.Nodes)),
		right:  make([]float64, len(e.correct)), total: make([]float64, len(e.total)),
	}
	if e.missing != nil {
		s.missing = make([]float64, len(e.missing))
	}
	return s
}

// along computes the shift for parameter k of an item:
// ∂π_iq = π_iq (S_ijk(q) - Σ_q π_iq S_ijk(q)), S the score of the item's answer.
func (s *shift) along(item int, of *scores, k int) {
	e, p := s.e, s.e.p
	q := len(e.grid.Nodes)
	group, bit := item/groupSize, uint8(1)<<(item%groupSize)
	for i := range p.n {
		lo, hi := int(e.lo[i]), int(e.hi[i])
		from, to := e.posterior[i*q+lo:i*q+hi], s.posterior[i*q+lo:i*q+hi]
		if p.missing != nil && p.missing[i*p.groups+group]&bit != 0 {
			clear(to)
			continue
		}
		score := of.wrong[k][lo:hi]
		if p.correct[i*p.groups+group]&bit != 0 {
			score = of.right[k][lo:hi]
		}
		sum := 0.0
		for l, v := range from {
			to[l] = v * score[l]
			sum += to[l]
		}
		mean := sum / p.weight[i]
		for l, v := range from {
			to[l] -= v * mean
		}
	}
	e.backwardFrom(s.posterior, 1, func(int) []float64 { return s.tables }, s.right, s.missing, s.total)
}

// gradient returns the change of the derivative by parameter k of an item.
func (s *shift) gradient(item int, of *scores, k int) float64 {
	q := len(s.total)
	right := s.right[item*q : (item+1)*q]
	sum := 0.0
	if s.missing == nil {
		for l, r := range right {
			sum += r*of.right[k][l] + (s.total[l]-r)*of.wrong[k][l]
		}
		return sum
	}
	missing := s.missing[item*q : (item+1)*q]
	for l, r := range right {
		sum += r*of.right[k][l] + (s.total[l]-missing[l]-r)*of.wrong[k][l]
	}
	return sum
}

// invert returns the inverse of a symmetric matrix, scaled to a unit diagonal and
// with as little ridge as makes it positive definite; nil if none does.
func invert(information *mat.SymDense) (*mat.SymDense, float64) {
	n := information.SymmetricDim()
	scale := make([]float64, n)
	for i := range n {
		v := information.At(i, i)
		scale[i] = 1
		if v > 0 {
			scale[i] = 1 / math.Sqrt(v)
		}
	}
	for ridge := 0.0; ridge < 1e6; ridge = max(1e-10, ridge*10) {
		work := blas64.Symmetric{N: n, Stride: n, Data: make([]float64, n*n), Uplo: blas.Upper}
		for i := range n {
			for j := i; j < n; j++ {
				work.Data[i*n+j] = information.At(i, j) * scale[i] * scale[j]
			}
			work.Data[i*n+i] += ridge
		}
		factor, ok := lapack64.Potrf(work)
		if !ok {
			continue
		}
		lapack64.Potri(factor)
		finite := true
		for i := range n {
			for j := i; j < n; j++ {
				v := work.Data[i*n+j] * scale[i] * scale[j]
				work.Data[i*n+j] = v
				finite = finite && !math.IsNaN(v) && !math.IsInf(v, 0)
			}
			finite = finite && work.Data[i*n+i] > 0
		}
		if finite {
			return mat.NewSymDense(n, work.Data), ridge
		}
	}
	return nil, 0
}
