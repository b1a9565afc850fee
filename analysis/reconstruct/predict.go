package reconstruct

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// Predict estimates the scores of one model from its answers, which may be to any
// of the selected items. It returns one prediction a benchmark, in the order of
// Benchmarks, and one of the Mean when there are several. Equal answers give equal
// predictions.
//
// It returns a *MetricError when a sheet's metric is not the one of the fit, and
// an *UnknownError for a benchmark or an item that the fit does not know.
func (m *Model) Predict(sheets []Sheet) ([]Prediction, error) {
	s, err := m.sheet(sheets)
	if err != nil {
		return nil, err
	}
	return m.predict(s)
}

// sheet puts a model's answers in the layout.
func (m *Model) sheet(sheets []Sheet) (sheet, error) {
	s := m.layout.sheet()
	for _, sh := range sheets {
		if len(sh.Items) != len(sh.Answers) {
			return s, fmt.Errorf("predict %s: %d answers to %d items", sh.Benchmark, len(sh.Answers), len(sh.Items))
		}
		g := m.find(sh.Benchmark)
		if g < 0 {
			return s, &UnknownError{Benchmark: sh.Benchmark}
		}
		b := m.benchmarks[g]
		if sh.Metric != b.Metric {
			return s, &MetricError{Benchmark: b.Name, Fitted: b.Metric, Given: sh.Metric}
		}
		column := make(map[string]int, len(b.Items))
		for j, item := range b.Items {
			column[item] = j
		}
		for k, item := range sh.Items {
			j, ok := column[item]
			if !ok {
				return s, &UnknownError{Benchmark: b.Name, Item: item}
			}
			m.layout.set(s, g, j, sh.Answers[k])
		}
	}
	return s, nil
}

// PredictRow estimates the scores of one row of an input with the same benchmarks
// and items as the fit's.
func (m *Model) PredictRow(in *Input, row int) ([]Prediction, error) {
	if err := m.accepts(in); err != nil {
		return nil, err
	}
	return m.predict(m.layout.row(in, row))
}

// PredictTest estimates the scores of the test models, one slice a model.
func (m *Model) PredictTest(in *Input, test response.TestSet) ([][]Prediction, error) {
	return m.predictRows(in, test.Rows)
}

// PredictTrain estimates the scores of training models, one slice a model. These are
// in-sample: their errors are smaller than those of new models.
func (m *Model) PredictTrain(in *Input, train response.TrainSet) ([][]Prediction, error) {
	return m.predictRows(in, train.Rows)
}

// PredictValidation estimates the scores of the validation models, one slice a
// model.
func (m *Model) PredictValidation(in *Input, validation response.ValidationSet) ([][]Prediction, error) {
	return m.predictRows(in, validation.Rows)
}

func (m *Model) predictRows(in *Input, rows []int) ([][]Prediction, error) {
	if err := m.accepts(in); err != nil {
		return nil, err
	}
	out, errs := make([][]Prediction, len(rows)), make([]error, len(rows))
	parallel.Each(len(rows), Options{Workers: m.workers}.withDefaults().Workers, func(k, _ int) {
		out[k], errs[k] = m.predict(m.layout.row(in, rows[k]))
	})
	return out, errors.Join(errs...)
}

// accepts checks that the input's columns are the fit's.
func (m *Model) accepts(in *Input) error {
	if len(in.Benchmarks) != len(m.benchmarks) {
		return fmt.Errorf("predict: %d benchmarks given, the model was fitted on %d", len(in.Benchmarks), len(m.benchmarks))
	}
	for g, b := range in.Benchmarks {
		want := m.benchmarks[g]
		switch {
		case b.Name != want.Name:
			return &UnknownError{Benchmark: b.Name}
		case b.Metric != want.Metric:
			return &MetricError{Benchmark: b.Name, Fitted: want.Metric, Given: b.Metric}
		case len(b.Items) != len(want.Items):
			return fmt.Errorf("predict %s: %d items given, the model was fitted on %d", b.Name, len(b.Items), len(want.Items))
		}
		for j, item := range b.Items {
			if item != want.Items[j] {
				return &UnknownError{Benchmark: b.Name, Item: item}
			}
		}
	}
	return nil
}

func (m *Model) find(benchmark string) int {
	for g, b := range m.benchmarks {
		if b.Name == benchmark {
			return g
		}
	}
	return -1
}

// estimate is the prediction of all processes for one model, in points, by process
// number; zeros where there is no process.
type estimate struct {
	score   []float64
	sd      []float64 // predictive standard deviation
	missing []float64 // share of the items, of the benchmark or of all, without an answer

	located  []located // by process number; the estimate before it was blended
	weight   []float64 // of the process in the score
	distance float64   // share of its answers that the nearest training model gave otherwise
}

func (m *Model) predict(s sheet) ([]Prediction, error) {
	e, err := m.estimate(s, nil)
	if err != nil {
		return nil, err
	}
	var out []Prediction
	total := 0
	for t, b := range m.benchmarks {
		missing := m.layout.missing(s, t)
		total += missing
		p := m.prediction(e, t)
		p.Benchmark, p.Missing = b.Name, missing
		if second := m.taskMeans[t]; second != nil {
			of := m.prediction(e, len(m.targets)+1+t)
			p.TaskMean = &Estimate{of.Score, of.Lower, of.Upper}
		}
		out = append(out, p)
	}
	if len(m.targets) > 1 {
		p := m.prediction(e, len(m.targets))
		p.Benchmark, p.Missing = Mean, total
		out = append(out, p)
	}
	return out, nil
}

// exclusion leaves one training model out of a prediction.
type exclusion struct{ row int } // index of Model.rows

// estimate predicts the scores of a sheet; of one with missing answers by those that are
// there, see partial. A nil exclusion leaves no model out.
func (m *Model) estimate(s sheet, without *exclusion) (estimate, error) {
	e, err := m.byDesign(s)
	if err != nil {
		return e, err
	}
	row := -1
	if without != nil {
		row = without.row
	}
	n, groups := len(m.targets), m.layout.groups()
	var predict func(p *target) (mean, variance float64, err error)
	if row >= 0 || m.layout.missingAny(s) {
		part := m.newPartial(s, row)
		predict = func(p *target) (float64, float64, error) { return part.conditional(p, s.correct) }
	} else {
		distance := make([]int, len(m.rows)*groups)
		shares := make([]float64, groups)
		m.layout.shares(s.correct, shares)
		for i, other := range m.rows {
			m.layout.distances(s.correct, other, distance[i*groups:(i+1)*groups])
		}
		predict = func(p *target) (float64, float64, error) {
			mean, variance := m.conditional(p, shares, distance)
			return mean, variance, nil
		}
	}
	for t := range m.numbers() {
		p := m.process(t)
		if p == nil {
			continue
		}
		mean, variance, err := predict(p)
		if err != nil {
			return e, fmt.Errorf("predict %s: %w", m.benchmarks[t%(n+1)].Name, err)
		}
		x := &e.located[t]
		x.process, x.processSD = mean, math.Sqrt(variance)
		e.score[t], e.sd[t] = p.Blend.at(*x, p.Extent.Unit)
	}
	e.located[n], e.score[n], e.sd[n] = m.meanOf(e.located[:n], e.score, e.sd)
	e.distance = m.nearest(s, row)
	return e, nil
}

// byDesign begins an estimate: where the model stands, and what the processes weigh there.
func (m *Model) byDesign(s sheet) (estimate, error) {
	numbers := m.numbers()
	e := estimate{score: make([]float64, numbers), sd: make([]float64, numbers), missing: make([]float64, numbers),
		located: make([]located, numbers), weight: make([]float64, numbers)}
	n := len(m.targets)
	missing, items := 0, 0
	for g, all := range m.layout.items {
		lacking := m.layout.missing(s, g)
		e.missing[g] = float64(lacking) / float64(all)
		e.missing[n+1+g] = e.missing[g]
		missing, items = missing+lacking, items+all
	}
	e.missing[n] = float64(missing) / float64(items)
	for t := range numbers {
		p := m.process(t)
		if p == nil {
			continue
		}
		g := t % (n + 1)
		x := located{position: math.NaN()}
		var err error
		if x.design, x.designSE, err = p.byDesign(m.layout, s, g); err != nil {
			return e, fmt.Errorf("predict %s: %w", m.benchmarks[g].Name, err)
		}
		if !math.IsNaN(x.design) {
			x.position, x.side = p.Extent.position(x.design, x.designSE)
		}
		e.located[t], e.weight[t] = x, p.Blend.of(x)
		if t < n {
			e.weight[n] += e.weight[t] / float64(n)
		}
	}
	return e, nil
}

// meanOf returns where a model stands in the mean of all benchmarks, with the mean of their
// estimates and its SD. Where a benchmark has no estimate by design, that of the process
// takes its place.
func (m *Model) meanOf(parts []located, scores, sds []float64) (x located, score, sd float64) {
	f := float64(len(parts))
	variance := 0.0
	for t, l := range parts {
		score += scores[t] / f
		variance += sds[t] * sds[t] / (f * f)
		by, se := l.design, l.designSE
		if math.IsNaN(by) {
			by, se = l.process, l.processSD
		}
		x.design += by / f
		x.designSE += se * se / (f * f)
	}
	sd, x.designSE = math.Sqrt(variance), math.Sqrt(x.designSE)
	x.process, x.processSD = score, sd
	x.position, x.side = m.meanExtent.position(x.design, x.designSE)
	return x, score, sd
}

// prediction returns the prediction of process number t, or of the mean: its interval and
// verdict.
func (m *Model) prediction(e estimate, t int) Prediction {
	c, x := &m.mean, m.meanExtent
	if p := m.process(t); p != nil {
		c, x = &p.Interval, p.Extent
	}
	p := c.interval(e, t)
	if c.calibrated() {
		p.Verdict = c.Limits.verdict(e.located[t], x, e.distance, e.weight[t])
	}
	return p
}

// nearest returns the share of a sheet's answers that the training model most like it gave
// otherwise; 1 without answers.
func (m *Model) nearest(s sheet, without int) float64 {
	answered := count(s.observed)
	if answered == 0 {
		return 1
	}
	least := answered
	for i, row := range m.rows {
		if i == without {
			continue
		}
		n := 0
		for w, o := range s.observed {
			n += bits.OnesCount64((s.correct[w] ^ row[w]) & o)
		}
		least = min(least, n)
	}
	return float64(least) / float64(answered)
}

// conditional returns the predictive mean and variance of a process, in points, for answers
// with the given distances to all training models.
func (m *Model) conditional(t *target, shares []float64, distance []int) (mean, variance float64) {
	groups := m.layout.groups()
	near := newNeighbours()
	own := t.kernel.at(make([]int, groups), shares, shares)
	for k, i := range t.Rows {
		c := t.kernel.at(distance[int(i)*groups:(int(i)+1)*groups], shares, m.shares[i])
		mean += c * t.Alpha[k]
		near.offer(int(i), own+t.own[k]-2*c, c)
	}
	variance = near.variance(m, t, own)
	return t.Centre + t.Spread*mean, t.Spread * t.Spread * variance
}
