package reconstruct

import (
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// imputer is a low-rank Gaussian model of the answers to all selected items,
//
//	x_j = mean_j + w_j·z + e_j,  z ~ N(0, I),  e_j ~ N(0, noise_j),
//
// which says what missing answers probably were, given those observed (factor
// analysis; Bartholomew, Knott and Moustaki, Latent Variable Models and Factor
// Analysis, 2011). Answers are zero or one all the same: a missing one is drawn as
// a Bernoulli variable with probability mean_j + w_j·z, cut to [0.01, 0.99],
// for one z drawn from its posterior, so that missing answers of one model vary
// together as they do in the population.
type imputer struct {
	Mean    []float64 // share of correct answers, items of all benchmarks in layout order
	Loading []float64 // items × Rank
	Noise   []float64
	Rank    int
}

// validate checks that the model says something about every answer.
func (m *imputer) validate() error {
	for _, v := range slices.Concat(m.Mean, m.Loading) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("a mean or loading of the imputer is not finite")
		}
	}
	for _, v := range m.Noise {
		if !(v > 0) || math.IsInf(v, 0) {
			return errors.New("a noise of the imputer is not positive")
		}
	}
	return nil
}

// maxRank bounds the number of factors; beyond it the loadings of a few thousand
// models are mostly noise.
const maxRank = 12

// newImputer fits the factor model to rows with any answers missing at random,
// from covariances of the pairs observed together.
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
	cov := make([]float64, items*items)
	each(items, workers, func(j int) {
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
				cov[j*items+k], cov[k*items+j] = v, v
			}
		}
	})
	m.factorise(cov, rng, workers)
	return m
}

// factorise finds the loadings by iterated principal factors: the leading
// eigenpairs of the covariance with its diagonal replaced by the communalities.
func (m *imputer) factorise(cov []float64, rng *rand.Rand, workers int) {
	items, r := len(m.Mean), m.Rank
	variance := make([]float64, items)
	for j := range items {
		variance[j] = max(cov[j*items+j], 1e-4)
		m.Noise[j] = variance[j]
		cov[j*items+j] = variance[j] / 2
	}
	m.Loading = make([]float64, items*r)
	if r == 0 {
		return
	}
	basis := make([]float64, items*r)
	for q := range basis {
		basis[q] = rng.NormFloat64()
	}
	const rounds = 40
	for round := range rounds {
		image := make([]float64, items*r)
		each(items, workers, func(j int) {
			out := image[j*r : (j+1)*r]
			for k, c := range cov[j*items : (j+1)*items] {
				for f, v := range basis[k*r : (k+1)*r] {
					out[f] += c * v
				}
			}
		})
		values := orthonormalise(image, r)
		basis = image
		if round%10 != 9 {
			continue
		}
		for j := range items {
			communality := 0.0
			for f := range r {
				w := basis[j*r+f] * math.Sqrt(values[f])
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
			cov[j*items+j] = communality
			m.Noise[j] = variance[j] - communality
		}
	}
}

// orthonormalise makes the columns of an items × r matrix orthonormal by modified
// Gram-Schmidt and returns their lengths, which in subspace iteration converge to
// the leading eigenvalues.
func orthonormalise(a []float64, r int) []float64 {
	lengths := make([]float64, r)
	for f := range r {
		for e := range f {
			dot := 0.0
			for at := 0; at < len(a); at += r {
				dot += a[at+e] * a[at+f]
			}
			for at := 0; at < len(a); at += r {
				a[at+f] -= dot * a[at+e]
			}
		}
		norm := 0.0
		for at := f; at < len(a); at += r {
			norm += a[at] * a[at]
		}
		norm = math.Sqrt(norm)
		lengths[f] = norm
		if norm > 0 {
			for at := f; at < len(a); at += r {
				a[at] /= norm
			}
		}
	}
	return lengths
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
	root root // R of the inverse: covariance is R⁻ᵀR⁻¹
}

func (m *imputer) posterior(l layout, s sheet) posterior {
	r := m.Rank
	precision, score := make([]float64, r*r), make([]float64, r)
	for f := range r {
		precision[f*r+f] = 1
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
				precision[f*r+e] += a * w[e] / noise
			}
		}
	})
	root, err := newRoot(precision, r)
	if err != nil { // I plus squares over positive noise: see validate
		panic("reconstruct: the noise of an imputer is not positive")
	}
	root.solve(score)
	return posterior{mean: score, root: root}
}

// complete returns a copy of the answers in which the missing ones are drawn.
func (m *imputer) complete(l layout, s sheet, p posterior, rng *rand.Rand) []uint64 {
	r := m.Rank
	z := make([]float64, r)
	for f := range z {
		z[f] = rng.NormFloat64()
	}
	p.root.backward(z)
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
