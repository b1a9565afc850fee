package survey

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"metabench/analysis/response"
)

// predictor predicts a model's answers from those that it has given.
type predictor interface {
	add(item int, correct bool)
	// into writes the probability of a right answer to every item.
	into(p []float64)
}

// mixture averages predictors by how well each has foretold the answers so far: Bayesian
// model averaging, a predictor's weight being the product of the probabilities that it
// gave to what was answered.
type mixture struct {
	parts []predictor
	own   [][]float64 // what each predicts
	log   []float64   // its log weight
	p     []float64   // what all predict
}

func (f *Frame) predictor() *mixture {
	m := &mixture{p: make([]float64, f.items)}
	for _, p := range f.priors {
		m.parts = append(m.parts, newRegression(f, p))
	}
	for _, noise := range templateNoise {
		m.parts = append(m.parts, newTemplates(f, noise))
	}
	for range m.parts {
		m.own = append(m.own, make([]float64, f.items))
		m.log = append(m.log, 0)
	}
	m.predict()
	return m
}

func (m *mixture) add(item int, correct bool) {
	for k, part := range m.parts {
		p := m.own[k][item]
		if !correct {
			p = 1 - p
		}
		m.log[k] += math.Log(max(p, 1e-6))
		part.add(item, correct)
	}
	m.predict()
}

func (m *mixture) predict() {
	most, sum := slices.Max(m.log), 0.0
	clear(m.p)
	for k, part := range m.parts {
		part.into(m.own[k])
		sum += math.Exp(m.log[k] - most)
	}
	for k, own := range m.own {
		w := math.Exp(m.log[k]-most) / sum
		for j, p := range own {
			m.p[j] += w * p
		}
	}
}

// regression is a logistic regression of the model's own answers on the items' variables,
// at the maximum of the likelihood times a prior.
type regression struct {
	f     *Frame
	prior prior
	items []int
	right []bool
	beta  []float64
}

func newRegression(f *Frame, p prior) *regression {
	return &regression{f: f, prior: p, beta: slices.Clone(p.mean)}
}

func (r *regression) add(item int, correct bool) {
	r.items, r.right = append(r.items, item), append(r.right, correct)
}

func (r *regression) into(p []float64) {
	r.fit(3) // from where the last answer left it
	for j := range p {
		p[j] = r.at(j)
	}
}

func (r *regression) at(item int) float64 {
	z := 0.0
	for k, v := range r.f.of(item) {
		z += v * r.beta[k]
	}
	return 1 / (1 + math.Exp(-z))
}

// fit takes up to so many Newton steps, none longer than one logit a coefficient.
func (r *regression) fit(steps int) {
	w := r.f.width
	h, g := make([]float64, w*w), make([]float64, w)
	for range steps {
		clear(h)
		for k := range g {
			h[k*w+k] = r.prior.precision[k]
			g[k] = r.prior.precision[k] * (r.prior.mean[k] - r.beta[k])
		}
		for a, j := range r.items {
			p := r.at(j)
			e := -p
			if r.right[a] {
				e++
			}
			for k, v := range r.f.of(j) {
				g[k] += e * v
				row, scaled := h[k*w:k*w+k+1], p*(1-p)*v
				for l, u := range r.f.of(j)[:k+1] {
					row[l] += scaled * u
				}
			}
		}
		root, ok := lapack64.Potrf(blas64.Symmetric{Uplo: blas.Lower, N: w, Stride: w, Data: h})
		if !ok {
			return // the prior's precision rules it out but for rounding
		}
		step := blas64.General{Rows: w, Cols: 1, Stride: 1, Data: g}
		lapack64.Potrs(root, step)
		longest := 0.0
		for _, v := range g {
			longest = max(longest, math.Abs(v))
		}
		for k, v := range g {
			r.beta[k] += v / max(1, longest)
		}
		if longest < 1e-3 {
			return
		}
	}
}

// templateNoise is the share of answers in which a model differs from the training model
// that it takes after: near copies, and relatives.
var templateNoise = []float64{0.05, 0.2}

// templates takes the model for one of the training models with some answers changed at
// random: each is as likely as the answers so far make it.
type templates struct {
	f     *Frame
	noise float64
	log   []float64 // likelihood of each training model
	order []int
}

// nearest is how many training models have a say, the likeliest.
const nearest = 64

func newTemplates(f *Frame, noise float64) *templates {
	models, _ := f.templates.Dims()
	t := &templates{f: f, noise: noise, log: make([]float64, models), order: make([]int, models)}
	for i := range t.order {
		t.order[i] = i
	}
	return t
}

func (t *templates) add(item int, correct bool) {
	alike, other := math.Log(1-t.noise), math.Log(t.noise)
	for i := range t.log {
		switch a := t.f.templates.At(i, item); {
		case a == response.Missing:
			t.log[i] += math.Log(0.5)
		case (a == response.Correct) == correct:
			t.log[i] += alike
		default:
			t.log[i] += other
		}
	}
}

func (t *templates) into(p []float64) {
	slices.SortFunc(t.order, func(a, b int) int { return cmp.Or(cmp.Compare(t.log[b], t.log[a]), cmp.Compare(a, b)) })
	some := t.order[:min(nearest, len(t.order))]
	weight, sum := make([]float64, len(some)), 0.0
	for k, i := range some {
		weight[k] = math.Exp(t.log[i] - t.log[some[0]])
		sum += weight[k]
	}
	for j := range p {
		p[j] = t.noise
	}
	for k, i := range some {
		w := weight[k] / sum
		correct, observed := t.f.templates.CorrectWords(i), t.f.templates.ObservedWords(i)
		for at, word := range correct {
			base := 64 * at
			for ; word != 0; word &= word - 1 {
				p[base+bits.TrailingZeros64(word)] += w * (1 - 2*t.noise)
			}
			missing := ^observed[at]
			if left := t.f.items - base; left < 64 {
				missing &= 1<<left - 1
			}
			for ; missing != 0; missing &= missing - 1 {
				p[base+bits.TrailingZeros64(missing)] += w * (0.5 - t.noise)
			}
		}
	}
}
