package reconstruct

import (
	"context"
	"math"

	"metabench/analysis/internal/parallel"
)

// maskedModels is the number of models that are predicted with masked answers.
const maskedModels = 30

// calibrate chooses what the processes weigh, and makes the intervals of all processes and
// of the mean, from models left out of the fit that predicts them. Cases has one slice a
// model, with one entry for each process number.
func (f *fitting) calibrate(ctx context.Context, cases [][]leftOut) error {
	m := f.model
	n := len(m.targets)
	for t := range m.numbers() {
		p := m.process(t)
		if p == nil {
			continue
		}
		var of []leftOut
		for _, c := range cases {
			if x := c[t]; !math.IsNaN(x.truth) && !math.IsNaN(x.design) {
				of = append(of, x)
			}
		}
		p.Extent.Unit = unitOf(of)
		scale := func(x *leftOut) { x.position *= defaultUnit / p.Extent.Unit }
		for k := range of {
			scale(&of[k])
		}
		p.Blend = choose(of, p.Extent.Unit)
		for _, c := range cases {
			x := &c[t]
			scale(x)
			x.score, x.sd = p.Blend.at(x.located, p.Extent.Unit)
		}
	}
	var of []leftOut
	scores, sds, parts := make([]float64, n), make([]float64, n), make([]located, n)
	for _, c := range cases {
		for t := range n {
			scores[t], sds[t], parts[t] = c[t].score, c[t].sd, c[t].located
		}
		_, c[n].score, c[n].sd = m.meanOf(parts, scores, sds)
		if !math.IsNaN(c[n].truth) {
			of = append(of, c[n])
		}
	}
	m.meanExtent.Unit = unitOf(of)
	for _, c := range cases {
		c[n].position *= defaultUnit / m.meanExtent.Unit
	}
	for t := range m.numbers() {
		var of []leftOut
		for _, c := range cases {
			if x := c[t]; !math.IsNaN(x.truth) {
				x.residual = x.truth - x.score
				of = append(of, x)
			}
		}
		if c := f.calibration(t); c != nil && len(of) > 0 {
			*c = newCalibration(of, m.level)
		}
	}
	return f.calibrateMissing(ctx)
}

// unitOf returns the RMSE of the estimates by design, in their standard errors, for models
// of the training models' population.
func unitOf(cases []leftOut) float64 {
	sum, n := 0.0, 0.0
	for _, x := range cases {
		if !x.beyond && x.designSE > 0 {
			z := (x.truth - x.design) / x.designSE
			sum += z * z
			n++
		}
	}
	if n == 0 || sum == 0 {
		return defaultUnit
	}
	return math.Sqrt(sum / n)
}

// calibration returns the calibration of process t, or of the mean of all benchmarks;
// nil where there is no such process.
func (f *fitting) calibration(t int) *calibration {
	if t == len(f.model.targets) {
		return &f.model.mean
	}
	if p := f.model.process(t); p != nil {
		return &p.Interval
	}
	return nil
}

// thin returns at most n of the rows, evenly spaced.
func thin(rows []int, n int) []int {
	if len(rows) <= n {
		return rows
	}
	out := make([]int, n)
	for k := range out {
		out[k] = rows[k*len(rows)/n]
	}
	return out
}

// calibrateMissing makes the inflation factors: the masked models are left out and
// predicted with part of their answers masked.
func (f *fitting) calibrateMissing(ctx context.Context) error {
	m := f.model
	type job struct{ model, pattern int }
	var jobs []job
	for k := range f.masked {
		for pattern := range maskPatterns(m.layout.groups()) {
			jobs = append(jobs, job{k, pattern})
		}
	}
	results := make([][]leftOut, len(jobs))
	err := parallel.Try(ctx, len(jobs), f.opts.Workers, func(_ context.Context, k, _ int) (err error) {
		results[k], err = f.maskOut(jobs[k].model, jobs[k].pattern)
		return err
	})
	if err != nil {
		return err
	}
	for t := range m.numbers() {
		var of []leftOut
		for _, r := range results {
			if !math.IsNaN(r[t].truth) {
				of = append(of, r[t])
			}
		}
		if c := f.calibration(t); c != nil {
			c.calibrateInflation(of, m.level)
		}
	}
	return nil
}

// maskShares are the shares of answers that are masked at random.
var maskShares = []float64{0.1, 0.3, 0.6, 0.9}

// maskPatterns is the number of ways in which answers are masked: at random in each of
// the maskShares; and where there are several benchmarks, all of one benchmark, and all
// but one benchmark.
func maskPatterns(groups int) int {
	if groups == 1 {
		return len(maskShares)
	}
	return len(maskShares) + 2
}

// maskOut leaves the k-th masked model out and predicts it with its answers masked by a
// pattern.
func (f *fitting) maskOut(k, pattern int) ([]leftOut, error) {
	m := f.model
	x := f.masked[k]
	s := m.layout.sheet()
	copy(s.correct, f.sheet[x.row].correct)
	copy(s.observed, f.sheet[x.row].observed)
	rng := stream(f.opts.Seed, streamMask+uint64(k)<<8+uint64(pattern)<<4)
	chosen := rng.IntN(m.layout.groups())
	for g, items := range m.layout.items {
		for j := range items {
			var mask bool
			switch pattern - len(maskShares) {
			case 0:
				mask = g == chosen
			case 1:
				mask = g != chosen
			default:
				mask = rng.Float64() < maskShares[pattern]
			}
			if mask {
				w, bit := m.layout.first[g]+j/64, uint64(1)<<(j%64)
				s.correct[w] &^= bit
				s.observed[w] &^= bit
			}
		}
	}
	e, err := m.estimate(s, x)
	if err != nil {
		return nil, err
	}
	return m.casesOf(e, func(t int) float64 { return f.in.truth(t, f.train[x.row]) }), nil
}

// of returns the estimate of process number t, of which no error is known.
func (e estimate) of(t int) leftOut {
	return leftOut{score: e.score[t], sd: e.sd[t], missing: e.missing[t], located: e.located[t], distance: e.distance, truth: math.NaN()}
}

// casesOf returns an estimate's errors, one for each process number.
func (m *Model) casesOf(e estimate, truth func(t int) float64) []leftOut {
	out := make([]leftOut, m.numbers())
	for t := range out {
		out[t] = e.of(t)
		if t == len(m.targets) || m.process(t) != nil {
			out[t].truth = truth(t)
			out[t].residual = out[t].truth - out[t].score
		}
	}
	return out
}
