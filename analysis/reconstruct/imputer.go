package reconstruct

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"metabench/analysis/internal/parallel"
)

// imputer is a low-rank Gaussian model of the answers to all selected items,
//
//	x_j = mean_j + w_j·z + e_j,  z ~ N(0, I),  e_j ~ N(0, noise_j),
//
// from which missing answers are drawn given those observed (factor analysis;
// Bartholomew, Knott and Moustaki, Latent Variable Models and Factor Analysis, 2011).
// As answers are zero or one, a missing one is drawn as a Bernoulli variable with
// probability mean_j + w_j·z, cut to [0.01, 0.99]. All missing answers of a model
// share one z, drawn from its posterior, so that they are correlated as in the
// population.
type imputer struct {
	Mean    []float64 // share of correct answers, items of all benchmarks in layout order
	Loading []float64 // items × Rank
	Noise   []float64
	Rank    int
}

// maxRank bounds the number of factors; beyond it the loadings of a few thousand
// models are mostly noise.
const maxRank = 12

// newImputer fits the factor model to rows, of which answers may be missing at random,
// by the pairwise covariances of the items.
func newImputer(l layout, rows []sheet, rng *rand.Rand, workers int) *imputer {
	items := 0
	for _, n := range l.items {
		items += n
	}
	correct, observed := planes(l, rows)
	m := &imputer{Mean: make([]float64, items), Noise: make([]float64, items)}
	m.Rank = max(0, min(maxRank, items/3, len(rows)/10))
	for j := range items {
		n, c := count(observed[j]), count(correct[j])
		m.Mean[j] = (float64(c) + 0.5) / (float64(n) + 1)
	}
	cov := mat.NewDense(items, items, nil)
	parallel.Each(items, workers, func(j, _ int) {
		for k := j; k < items; k++ {
			n, cj, ck, both := 0, 0, 0, 0
			for w, oj := range observed[j] {
				o := oj & observed[k][w]
				n += bits.OnesCount64(o)
				cj += bits.OnesCount64(correct[j][w] & o)
				ck += bits.OnesCount64(correct[k][w] & o)
				both += bits.OnesCount64(correct[j][w] & correct[k][w])
			}
			if n > 1 {
				f := float64(n)
				v := float64(both)/f - float64(cj)/f*float64(ck)/f
				cov.Set(j, k, v)
				cov.Set(k, j, v)
			}
		}
	})
	m.factorise(cov, rng)
	return m
}

// factorise finds the loadings by iterated principal factors: the leading
// eigenpairs of the covariance with its diagonal replaced by the communalities. The
// eigenpairs are those of a subspace iteration: for 850 items a whole decomposition
// takes ten times as long as the fit of all loadings.
func (m *imputer) factorise(cov *mat.Dense, rng *rand.Rand) {
	items, r := len(m.Mean), m.Rank
	variance := make([]float64, items)
	for j := range items {
		variance[j] = max(cov.At(j, j), 1e-4)
		m.Noise[j] = variance[j]
		cov.Set(j, j, variance[j]/2)
	}
	m.Loading = make([]float64, items*r)
	if r == 0 {
		return
	}
	basis, image := mat.NewDense(r, items, nil), mat.NewDense(r, items, nil)
	for j := range items {
		for f := range r {
			basis.Set(f, j, rng.NormFloat64())
		}
	}
	const rounds = 40
	for round := range rounds {
		image.Mul(basis, cov)
		basis, image = image, basis
		values := orthonormalise(basis.RawMatrix())
		if round%10 != 9 {
			continue
		}
		for j := range items {
			communality := 0.0
			for f, v := range values {
				w := basis.At(f, j) * math.Sqrt(v)
				m.Loading[j*r+f] = w
				communality += w * w
			}
			if limit := 0.95 * variance[j]; communality > limit {
				shrink := math.Sqrt(limit / communality)
				for f := range r {
					m.Loading[j*r+f] *= shrink
				}
				communality = limit
			}
			cov.Set(j, j, communality)
			m.Noise[j] = variance[j] - communality
		}
	}
}

// orthonormalise replaces a matrix A = LQ by Q, whose rows are orthonormal, with the
// signs that make the diagonal of L positive. It returns that diagonal, which in a
// subspace iteration converges to the leading eigenvalues.
func orthonormalise(a blas64.General) []float64 {
	diagonal, tau := make([]float64, a.Rows), make([]float64, a.Rows)
	work := make([]float64, 1)
	lapack64.Gelqf(a, tau, work, -1) // how much work space it needs
	work = make([]float64, int(work[0]))
	lapack64.Gelqf(a, tau, work, len(work))
	for f := range diagonal {
		diagonal[f] = a.Data[f*a.Stride+f]
	}
	lapack64.Orglq(a, tau, work, len(work))
	for f, v := range diagonal {
		if v < 0 {
			diagonal[f] = -v
			blas64.Scal(-1, blas64.Vector{N: a.Cols, Inc: 1, Data: a.Data[f*a.Stride:]})
		}
	}
	return diagonal
}

// planes returns the bit planes of each item over the rows.
func planes(l layout, rows []sheet) (correct, observed [][]uint64) {
	words := (len(rows) + 63) / 64
	for g, n := range l.items {
		for j := range n {
			c, o := make([]uint64, words), make([]uint64, words)
			w, b := l.first[g]+j/64, j%64
			for i, row := range rows {
				c[i/64] |= row.correct[w] >> b & 1 << (i % 64)
				o[i/64] |= row.observed[w] >> b & 1 << (i % 64)
			}
			correct, observed = append(correct, c), append(observed, o)
		}
	}
	return correct, observed
}

func count(words []uint64) int {
	n := 0
	for _, w := range words {
		n += bits.OnesCount64(w)
	}
	return n
}

// posterior is the distribution of the factors given the answers observed.
type posterior struct {
	mean []float64
	root blas64.Triangular // upper triangle U with U'U the inverse of the covariance
}

// NotPositiveError says that a factor model is damaged: the posterior precision of its
// factors is not positive definite.
type NotPositiveError struct{ Factors int }

func (e *NotPositiveError) Error() string {
	return fmt.Sprintf("impute answers: the precision of the %d factors is not positive definite, as the reconstruction is damaged; build it again", e.Factors)
}

func (m *imputer) posterior(l layout, s sheet) (posterior, error) {
	r := m.Rank
	if r == 0 {
		return posterior{}, nil
	}
	precision, score := mat.NewSymDense(r, nil), make([]float64, r)
	for f := range r {
		precision.SetSym(f, f, 1)
	}
	m.visit(l, func(item, word int, bit uint64) {
		if s.observed[word]&bit == 0 {
			return
		}
		x := -m.Mean[item]
		if s.correct[word]&bit != 0 {
			x++
		}
		w, noise := m.Loading[item*r:(item+1)*r], m.Noise[item]
		for f, a := range w {
			score[f] += a * x / noise
			for e := 0; e <= f; e++ {
				precision.SetSym(f, e, precision.At(f, e)+a*w[e]/noise)
			}
		}
	})
	var c mat.Cholesky
	if !c.Factorize(precision) {
		return posterior{}, &NotPositiveError{r}
	}
	root := c.RawU().(*mat.TriDense).RawTriangular()
	at := blas64.Vector{N: r, Inc: 1, Data: score}
	blas64.Trsv(blas.Trans, root, at)
	blas64.Trsv(blas.NoTrans, root, at)
	return posterior{mean: score, root: root}, nil
}

// complete returns the answers with the missing ones drawn.
func (m *imputer) complete(l layout, s sheet, p posterior, rng *rand.Rand) []uint64 {
	r := m.Rank
	z := make([]float64, r)
	for f := range z {
		z[f] = rng.NormFloat64()
	}
	if r > 0 {
		blas64.Trsv(blas.NoTrans, p.root, blas64.Vector{N: r, Inc: 1, Data: z})
	}
	for f := range z {
		z[f] += p.mean[f]
	}
	out := append([]uint64(nil), s.correct...)
	m.visit(l, func(item, word int, bit uint64) {
		if s.observed[word]&bit != 0 {
			return
		}
		share := m.Mean[item]
		for f, v := range m.Loading[item*r : (item+1)*r] {
			share += v * z[f]
		}
		if rng.Float64() < min(max(share, 0.01), 0.99) {
			out[word] |= bit
		}
	})
	return out
}

// visit calls f for every item of every benchmark.
func (m *imputer) visit(l layout, f func(item, word int, bit uint64)) {
	item := 0
	for g, n := range l.items {
		for j := range n {
			f(item, l.first[g]+j/64, uint64(1)<<(j%64))
			item++
		}
	}
}
