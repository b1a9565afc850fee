package reconstruct

import (
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/internal/rank"
)

// Two models that answer alike are estimated from the same neighbours, and their errors are
// alike as well: what the joint process of both says, and two processes do not.

// answering is what the process of some items needs: kernels for them.
type answering struct {
	partial
	kernel []*kernel // one a benchmark
}

// answeringOf makes the kernels for the items that a mask has.
func (m *Model) answeringOf(observed []uint64) *answering {
	groups := m.layout.groups()
	v := &answering{partial: partial{m: m, observed: observed, answered: make([]int, groups)}}
	all := true
	for g, n := range m.layout.items {
		v.answered[g] = n - m.layout.missing(sheet{observed: observed}, g)
		all = all && v.answered[g] == n
	}
	if all {
		for _, t := range m.targets {
			v.kernel = append(v.kernel, t.kernel)
		}
		return v
	}
	share := make([][]float64, len(m.rows))
	for i, row := range m.rows {
		share[i] = make([]float64, groups)
		v.shares(row, share[i])
	}
	for _, t := range m.targets {
		centre := make([]float64, groups)
		for _, i := range t.Rows {
			for g, u := range share[i] {
				centre[g] += u / float64(len(t.Rows))
			}
		}
		v.kernel = append(v.kernel, newKernel(v.hyper(t.Hyper), m.layout, centre))
	}
	return v
}

// nearRows returns the training models that answer most like a sheet, nearest first.
func (m *Model) nearRows(s sheet) []int {
	type at struct{ row, distance int }
	var near []at // ascending, at most neighbourCount
	for i, row := range m.rows {
		d := 0
		for w, o := range s.observed {
			d += bits.OnesCount64((s.correct[w] ^ row[w]) & o)
		}
		if len(near) == neighbourCount {
			if d >= near[neighbourCount-1].distance {
				continue
			}
			near = near[:neighbourCount-1]
		}
		k := len(near)
		for k > 0 && near[k-1].distance > d {
			k--
		}
		near = slices.Insert(near, k, at{i, d})
	}
	rows := make([]int, len(near))
	for k, n := range near {
		rows[k] = n.row
	}
	return rows
}

// knowing says of which training models each benchmark's process knows the score.
func (m *Model) knowing() [][]bool {
	all := make([][]bool, len(m.targets))
	for t, p := range m.targets {
		all[t] = make([]bool, len(m.rows))
		for _, i := range p.Rows {
			all[t][i] = true
		}
	}
	return all
}

// correlations returns, for each benchmark, the correlation of the errors of two sheets'
// estimates given the scores of the training models near to either: with the Cholesky factor
// L of the joint covariance of those and, behind them, of the two, its last rows have
//
//	Cov = l₁₁ l₂₁,  Var = l₁₁² and l₂₁² + l₂₂²
//
// Where rounding leaves the covariance not positive definite, the correlation is 0, with
// which intervals are widest.
func (v *answering) correlations(a, b []uint64, near [2][]int, knowing [][]bool) []float64 {
	rows := slices.Concat(near[0], near[1])
	slices.Sort(rows)
	rows = slices.Compact(rows)
	points := make([][]uint64, 0, len(rows)+2)
	for _, i := range rows {
		points = append(points, v.m.rows[i])
	}
	points = append(points, a, b)
	groups, n := v.m.layout.groups(), len(points)
	share, distance := make([][]float64, n), make([]int, n*n*groups)
	for p, x := range points {
		share[p] = make([]float64, groups)
		v.shares(x, share[p])
		for q := range p {
			v.distances(x, points[q], distance[(p*n+q)*groups:(p*n+q+1)*groups])
		}
	}
	out := make([]float64, len(v.m.targets))
	for t, target := range v.m.targets {
		var use []int
		for p := range points {
			if p >= len(rows) || knowing[t][rows[p]] {
				use = append(use, p)
			}
		}
		size := len(use)
		k := blas64.Symmetric{Uplo: blas.Lower, N: size, Stride: size, Data: make([]float64, size*size)}
		for x, p := range use {
			for y, q := range use[:x+1] {
				k.Data[x*size+y] = v.kernel[t].at(distance[(p*n+q)*groups:(p*n+q+1)*groups], share[p], share[q])
			}
			k.Data[x*size+x] += target.Hyper.Noise + noiseFloor
		}
		root, ok := lapack64.Potrf(k)
		if !ok {
			continue
		}
		last := root.Data[(size-1)*size:]
		out[t] = last[size-2] / math.Hypot(last[size-2], last[size-1])
	}
	return out
}

// pair is two models that were left out of the same fit.
type pair struct {
	a, b        int       // of the models that were left out
	differ      float64   // share of the items both answered that they answered differently
	correlation []float64 // of their errors, by benchmark
}

// nearPairs is how many of the nearest models each is paired with.
const nearPairs = 4

// pairsOf chooses pairs among models left out of a fit, near ones and any, so that there are
// pairs of all degrees of likeness: each model with the nearest ones, with one of a rank that
// is a power of two, and with one at random.
func (m *Model) pairsOf(ctx context.Context, in *Input, held []int, rng *rand.Rand, workers int) ([]pair, error) {
	n := len(held)
	if n < 2 {
		return nil, nil
	}
	sheets, near := make([]sheet, n), make([][]int, n)
	for k, i := range held {
		sheets[k] = m.layout.row(in, i)
		near[k] = m.nearRows(sheets[k])
	}
	var pairs []pair
	seen := map[[2]int]bool{}
	add := func(k, l int) {
		at := [2]int{min(k, l), max(k, l)}
		if d, ok := differ(sheets[k], sheets[l]); ok && !seen[at] && k != l {
			seen[at] = true
			pairs = append(pairs, pair{a: at[0], b: at[1], differ: d})
		}
	}
	ranks := bits.Len(uint(n - 1)) // 1, 2, 4, … below n
	for k := range held {
		share := make([]float64, n)
		for l := range held {
			share[l], _ = differ(sheets[k], sheets[l])
		}
		order := slices.DeleteFunc(rank.Order(share), func(l int) bool { return l == k })
		for _, l := range order[:min(nearPairs, len(order))] {
			add(k, l)
		}
		add(k, order[1<<(k%ranks)-1])
		add(k, order[rng.IntN(len(order))])
	}
	knowing := m.knowing()
	whole := m.answeringOf(m.layout.everything())
	err := parallel.Try(ctx, len(pairs), workers, func(_ context.Context, k, _ int) error {
		p := &pairs[k]
		a, b := common(sheets[p.a], sheets[p.b])
		v := whole
		if !slices.Equal(a.observed, whole.observed) {
			v = m.answeringOf(a.observed)
		}
		p.correlation = v.correlations(a.correct, b.correct, [2][]int{near[p.a], near[p.b]}, knowing)
		return nil
	})
	return pairs, err
}

// everything is the mask of all items.
func (l layout) everything() []uint64 {
	mask := make([]uint64, l.words())
	for g, n := range l.items {
		for j := range n {
			mask[l.first[g]+j/64] |= 1 << (j % 64)
		}
	}
	return mask
}

// common leaves in two sheets the items that both answered.
func common(a, b sheet) (sheet, sheet) {
	x := sheet{correct: slices.Clone(a.correct), observed: slices.Clone(a.observed)}
	y := sheet{correct: slices.Clone(b.correct), observed: x.observed}
	for w := range x.observed {
		x.observed[w] &= b.observed[w]
		x.correct[w] &= x.observed[w]
		y.correct[w] &= x.observed[w]
	}
	return x, y
}

// differ returns the share of the items both answered that they answered differently; false
// where there are none.
func differ(a, b sheet) (share float64, ok bool) {
	n, d := 0, 0
	for w, o := range a.observed {
		o &= b.observed[w]
		n += bits.OnesCount64(o)
		d += bits.OnesCount64((a.correct[w] ^ b.correct[w]) & o)
	}
	if n == 0 {
		return 1, false
	}
	return float64(d) / float64(n), true
}
