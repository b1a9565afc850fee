package reconstruct

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// samplePoints turns a small population into the points of its first process.
func samplePoints(models int, items ...int) (points, []float64) {
	in := population(21, models, items...)
	l := newLayout(items)
	p := points{layout: l}
	centre := make([]float64, len(items))
	for i := range in.Models {
		s := l.row(in, i)
		u := make([]float64, len(items))
		l.shares(s.correct, u)
		p.correct, p.shares = append(p.correct, s.correct), append(p.shares, u)
		p.y = append(p.y, in.Benchmarks[0].Scores[i])
		for g, v := range u {
			centre[g] += v / float64(models)
		}
	}
	standardise(p.y)
	return p, centre
}

func TestEvidenceGradientIsItsSlope(t *testing.T) {
	p, centre := samplePoints(40, 15, 70)
	start := startHyper(p.layout, 0)
	rapid.Check(t, func(t *rapid.T) {
		x := start.logs()
		for q := range x {
			x[q] += rapid.Float64Range(-1.5, 1.5).Draw(t, "shift")
		}
		at := func(x []float64) (float64, []float64) {
			v, g, err := evidence(answerCovariance{p, newKernel(start.withLogs(x), p.layout, centre)}, p.y, 1)
			if err != nil {
				t.Fatal(err)
			}
			return v, g
		}
		_, grad := at(x)
		const step = 1e-5
		for q := range x {
			x[q] += step
			up, _ := at(x)
			x[q] -= 2 * step
			down, _ := at(x)
			x[q] += step
			slope := (up - down) / (2 * step)
			if math.Abs(slope-grad[q]) > 1e-4*(1+math.Abs(slope)) {
				t.Fatalf("hyper-parameter %d: gradient %g, slope %g", q, grad[q], slope)
			}
		}
	})
}

func TestHyperParametersSurviveTheirLogarithms(t *testing.T) {
	h := startHyper(newLayout([]int{10, 20, 30}), 1)
	back := h.withLogs(h.logs())
	for c, s := range h.Scales {
		for g, v := range s.Length {
			if w := back.Scales[c].Length[g]; w != v && math.Abs(w-v) > 1e-9*v {
				t.Errorf("scale %d, benchmark %d: length %g became %g", c, g, v, w)
			}
		}
	}
	if math.Abs(back.Noise-h.Noise) > 1e-15 {
		t.Errorf("noise %g became %g", h.Noise, back.Noise)
	}
}

// With all items answered, the process of the answers that are there is the process itself.
func TestPartialProcessOfAllAnswersIsTheProcess(t *testing.T) {
	p, centre := samplePoints(30, 15, 20)
	k := newKernel(startHyper(p.layout, 0), p.layout, centre)
	alpha, err := solve(answerCovariance{p, k}, p.y, 1)
	if err != nil {
		t.Fatal(err)
	}
	tg := &target{Hyper: k.hyper, Shares: centre, Alpha: alpha, Scores: p.y, Spread: 1}
	m := &Model{layout: p.layout, rows: p.correct, shares: p.shares, targets: []*target{tg}, taskMeans: []*target{nil}, benchmarks: make([]identity, 1)}
	for i := range p.len() {
		tg.Rows = append(tg.Rows, int32(i))
	}
	tg.derive(m)
	first := tg.Scores
	tg.scored(m)
	for i := range first {
		if math.Abs(tg.Scores[i]-first[i]) > 1e-8 {
			t.Fatalf("score %d is %g by the weights, %g", i, tg.Scores[i], first[i])
		}
	}
	s := sheet{correct: p.correct[4], observed: []uint64{1<<15 - 1, 1<<20 - 1}}
	before := partialNoise
	partialNoise = []float64{1}
	defer func() { partialNoise = before }()
	tg.Hyper.Noise = 1 // so that the whole variance is the process's own noise, the only one tried
	tg.kernel.Noise = 1
	if tg.Alpha, err = solve(answerCovariance{p, tg.kernel}, p.y, 1); err != nil {
		t.Fatal(err)
	}
	mean, variance, err := m.newPartial(s, -1).conditional(tg, s.correct)
	if err != nil {
		t.Fatal(err)
	}
	h := make([]int, len(p.correct)*2)
	for i, row := range p.correct {
		m.layout.distances(s.correct, row, h[2*i:2*i+2])
	}
	want, about := m.conditional(tg, p.shares[4], h)
	// The scores' mean is taken out of the partial process once more.
	if math.Abs(mean-want) > 0.05 || math.Abs(variance-about) > 0.1*about {
		t.Errorf("mean %g and variance %g, want %g and %g", mean, variance, want, about)
	}
}

func TestVarianceByAllNeighboursIsExact(t *testing.T) {
	in := population(22, neighbourCount, 25)
	split := halves(in)
	split.Train.Rows = append(split.Train.Rows, split.Test.Rows...)[:neighbourCount]
	p, centre := samplePoints(neighbourCount, 25)
	k := newKernel(startHyper(p.layout, 0), p.layout, centre)
	m := &Model{layout: p.layout, rows: p.correct, shares: p.shares}
	tg := &target{Hyper: k.hyper, kernel: k}
	x := p.correct[3]
	u, h := p.shares[3], make([]int, 1)
	near := newNeighbours()
	c := make([]float64, p.len())
	own := k.at([]int{0}, u, u)
	for i := range p.len() {
		p.distances(x, p.correct[i], h)
		c[i] = k.at(h, u, p.shares[i])
		near.offer(i, own+k.at([]int{0}, p.shares[i], p.shares[i])-2*c[i], c[i])
	}
	want := own + k.Noise + noiseFloor
	for i := range c {
		q := p
		q.y = make([]float64, p.len())
		q.y[i] = 1
		s, err := solve(answerCovariance{q, k}, q.y, 1)
		if err != nil {
			t.Fatal(err)
		}
		for j := range c {
			want -= c[i] * s[j] * c[j]
		}
	}
	if got := near.variance(m, tg, own); math.Abs(got-want) > 1e-9 {
		t.Errorf("variance %g, want %g", got, want)
	}
	if near.row[0] != 3 {
		t.Errorf("the nearest model is %d, want the model itself", near.row[0])
	}
}
