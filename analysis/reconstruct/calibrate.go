package reconstruct

import (
	"context"
	"math"

	"metabench/analysis/internal/parallel"
)

const (
	// maxCalibration bounds the models whose residuals the quantiles are taken from:
	// the predictive SD of each costs a pass over all others.
	maxCalibration = 1500
	// maskedModels is the number of models that are predicted with masked answers.
	maskedModels = 60
)

// calibrate makes the intervals of all processes and of the mean from models left out
// of the fit that predicts them. Cases has one slice a model, with one entry for each
// process number.
func (f *fitting) calibrate(ctx context.Context, cases [][]leftOut) error {
	m := f.model
	for t := range m.numbers() {
		var of []leftOut
		for _, c := range cases {
			if !math.IsNaN(c[t].residual) {
				of = append(of, c[t])
			}
		}
		if c := f.calibration(t); c != nil && len(of) > 0 {
			*c = newCalibration(of, m.level)
		}
	}
	return f.calibrateMissing(ctx)
}

// leaveEachOut predicts training models by all the others.
func (f *fitting) leaveEachOut(ctx context.Context) ([][]leftOut, error) {
	rows := f.calibrationRows()
	cases := make([][]leftOut, len(rows))
	err := parallel.Until(ctx, len(rows), f.opts.Workers, func(k, _ int) { cases[k] = f.leaveOut(rows[k]) })
	return cases, err
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

// calibrationRows chooses training models, evenly spaced in the training set. Imputed
// answers make residuals larger than those of complete ones, so models with missing
// answers are used only where there are few others.
func (f *fitting) calibrationRows() []int {
	var whole, rest []int
	for i, s := range f.sheet {
		known := false
		for _, c := range f.state[:len(f.model.targets)] {
			_, ok := c.pointOf[i]
			known = known || ok
		}
		switch {
		case !known:
		case f.model.layout.missingAny(s):
			rest = append(rest, i)
		default:
			whole = append(whole, i)
		}
	}
	if len(whole) < 2*binSize {
		whole = append(whole, rest...)
	}
	return thin(whole, maxCalibration)
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

// leaveOut predicts a training model by all others, from its completed answers.
// Residuals are NaN where its score is unknown.
func (f *fitting) leaveOut(row int) []leftOut {
	m := f.model
	n, groups := len(m.targets), m.layout.groups()
	distance := make([]int, len(m.rows)*groups)
	for i, other := range m.rows {
		m.layout.distances(m.rows[row], other, distance[i*groups:(i+1)*groups])
	}
	out := make([]leftOut, m.numbers())
	for t := range out {
		tg, c := m.process(t), f.state[t]
		out[t].residual = math.NaN()
		if tg == nil {
			continue
		}
		k, ok := c.pointOf[row]
		if !ok {
			continue
		}
		r := c.residual[k]
		_, variance := m.conditional(t, m.shares[row], distance, &exclusion{row: row}, true)
		out[t] = leftOut{
			score:    tg.Centre + tg.Spread*(c.points.y[k]-r),
			residual: tg.Spread * r,
			sd:       math.Sqrt(variance),
		}
	}
	out[n] = meanOf(out[:n])
	return out
}

// meanOf combines the cases of all targets to one of their mean.
func meanOf(cases []leftOut) leftOut {
	var out leftOut
	n := float64(len(cases))
	for _, c := range cases {
		out.score += c.score / n
		out.residual += c.residual / n
		out.sd += c.sd * c.sd
	}
	out.sd = math.Sqrt(out.sd) / n
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
			if !math.IsNaN(r[t].residual) {
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
	out := make([]leftOut, m.numbers())
	for t := range out {
		out[t].residual = math.NaN()
		if truth := f.in.truth(t, f.train[x.row]); t == len(m.targets) || m.process(t) != nil {
			out[t] = leftOut{e.score[t], truth - e.score[t], e.sd[t], e.imputationSD[t]}
		}
	}
	return out, nil
}
