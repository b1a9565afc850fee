package reconstruct

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"
)

// magic starts every encoded model and names the version of the encoding. The names of
// encoded types and fields are part of it: gob leaves a field zero whose name the bytes
// don't have, so that a renamed one needs another version.
const magic = "metabench reconstruct 2\n"

// firstMagic starts models of the first version, which have processes alone: no estimate by
// design, and nothing about models beyond the range.
const firstMagic = "metabench reconstruct 1\n"

// wire is the encoded form of a Model.
type wire struct {
	Level      float64
	Seed       uint64
	Benchmarks []identity
	Models     int
	Answers    []uint64 // completed answers of the training models, Models × words
	Targets    []*target
	Mean       calibration
	MeanExtent extent
	TaskMeans  []taskMean        // of the benchmarks that have one
	Pairs      []pairCalibration // none in models that were encoded before there were any
}

// taskMean is the encoded process of a benchmark's mean over its tasks.
type taskMean struct {
	Benchmark int
	Process   *target
}

// gob numbers types in the order of their first use in the process, and encodes the
// numbers. These types are used here, before all others: a build that takes some of its
// stages from the cache uses types in another order than one that computes them all, and
// must write the same bytes.
func init() {
	if err := gob.NewEncoder(io.Discard).Encode(wire{}); err != nil {
		panic("reconstruct: " + err.Error()) // every field is a type that gob knows
	}
}

// MarshalBinary encodes the model. Equal models have equal bytes, and a decoded model
// predicts the same bits. The bytes contain the answers of the training models to the
// selected items, but no names of models.
func (m *Model) MarshalBinary() ([]byte, error) { return m.wire().encode(magic) }

// wire is the model's encoded form.
func (m *Model) wire() *wire {
	w := &wire{Level: m.level, Seed: m.seed, Benchmarks: m.benchmarks,
		Models: len(m.rows), Targets: m.targets, Mean: m.mean, MeanExtent: m.meanExtent, Pairs: m.pairs}
	for _, row := range m.rows {
		w.Answers = append(w.Answers, row...)
	}
	for k, t := range m.taskMeans {
		if t != nil {
			w.TaskMeans = append(w.TaskMeans, taskMean{k, t})
		}
	}
	return w
}

func (w *wire) encode(magic string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(magic)
	if err := gob.NewEncoder(&b).Encode(w); err != nil {
		return nil, fmt.Errorf("encode reconstruction model: %w", err)
	}
	return b.Bytes(), nil
}

// UnmarshalBinary decodes what MarshalBinary wrote. Damaged bytes are an error.
func (m *Model) UnmarshalBinary(data []byte) error {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	first := false
	if !ok {
		rest, first = bytes.CutPrefix(data, []byte(firstMagic))
	}
	if !ok && !first {
		return errors.New("decode reconstruction model: the data are no such model, or one of another version of the program: fit again")
	}
	var w wire
	if err := gob.NewDecoder(bytes.NewReader(rest)).Decode(&w); err != nil {
		return fmt.Errorf("decode reconstruction model: %w", err)
	}
	if first {
		w.upgrade()
	}
	if err := w.validate(); err != nil {
		return fmt.Errorf("decode reconstruction model: %w", err)
	}
	items := make([]int, len(w.Benchmarks))
	for g, b := range w.Benchmarks {
		items[g] = len(b.Items)
	}
	*m = Model{level: w.Level, seed: w.Seed, benchmarks: w.Benchmarks, layout: newLayout(items),
		targets: w.Targets, taskMeans: make([]*target, len(w.Benchmarks)), mean: w.Mean, meanExtent: w.MeanExtent, pairs: w.Pairs}
	for _, t := range w.TaskMeans {
		m.taskMeans[t.Benchmark] = t.Process
	}
	words := m.layout.words()
	for i := range w.Models {
		m.rows = append(m.rows, w.Answers[i*words:(i+1)*words:(i+1)*words])
	}
	m.derive()
	for t := range m.numbers() {
		if p := m.process(t); p != nil && len(p.Scores) == 0 {
			p.scored(m)
		}
	}
	return nil
}

// upgrade fills in what models of the first version lack. Of complete answers they predict
// what they did.
func (w *wire) upgrade() {
	calibrations := []*calibration{&w.Mean}
	for _, t := range w.Targets {
		if t != nil {
			calibrations = append(calibrations, &t.Interval)
		}
	}
	for _, t := range w.TaskMeans {
		if t.Process != nil {
			calibrations = append(calibrations, &t.Process.Interval)
		}
	}
	for _, c := range calibrations {
		c.Distance, c.Stretch = []float64{0}, []float64{1}
		c.Ratio, c.Doubt = []float64{0}, []float64{1} // were by the spread of imputations
	}
}

// validate checks all sizes and indices that prediction relies on.
func (w *wire) validate() error {
	groups, items := len(w.Benchmarks), 0
	var sizes []int
	for _, b := range w.Benchmarks {
		if len(b.Items) == 0 {
			return errors.New("a benchmark has no items")
		}
		sizes, items = append(sizes, len(b.Items)), items+len(b.Items)
	}
	l := newLayout(sizes)
	switch {
	case groups == 0 || len(w.Targets) != groups:
		return fmt.Errorf("%d processes for %d benchmarks", len(w.Targets), groups)
	case w.Models <= 0 || len(w.Answers)/l.words() != w.Models || len(w.Answers)%l.words() != 0:
		return fmt.Errorf("%d words of answers for %d models", len(w.Answers), w.Models)
	case len(w.Pairs) != 0 && len(w.Pairs) != groups+1:
		return fmt.Errorf("%d calibrations of differences for %d benchmarks and their mean", len(w.Pairs), groups)
	case groups > 1 && !w.Mean.valid():
		return errors.New("the mean has no valid calibration")
	}
	for _, p := range w.Pairs {
		if !p.valid() {
			return errors.New("no valid calibration of differences")
		}
	}
	for i := range w.Models {
		if !l.clean(w.Answers[i*l.words() : (i+1)*l.words()]) {
			return fmt.Errorf("model %d has answers to more items than there are", i)
		}
	}
	for t, tg := range w.Targets {
		if err := tg.validate(groups, w.Models, sizes[t]); err != nil {
			return fmt.Errorf("%s: %w", w.Benchmarks[t].Name, err)
		}
	}
	for _, t := range w.TaskMeans {
		if t.Benchmark < 0 || t.Benchmark >= groups {
			return fmt.Errorf("a mean of tasks of benchmark %d of %d", t.Benchmark, groups)
		}
		if err := t.Process.validate(groups, w.Models, sizes[t.Benchmark]); err != nil {
			return fmt.Errorf("%s, mean of tasks: %w", w.Benchmarks[t.Benchmark].Name, err)
		}
	}
	return nil
}

func (t *target) validate(groups, models, items int) error {
	switch {
	case t == nil:
		return errors.New("no process")
	case len(t.Alpha) != len(t.Rows) || len(t.Rows) == 0:
		return fmt.Errorf("%d weights for %d models", len(t.Alpha), len(t.Rows))
	case len(t.Scores) != len(t.Rows) && len(t.Scores) != 0:
		return fmt.Errorf("%d scores for %d models", len(t.Scores), len(t.Rows))
	case len(t.Shares) != groups || len(t.Hyper.Linear) != groups:
		return errors.New("hyper-parameters do not fit the benchmarks")
	case !t.Interval.valid():
		return errors.New("no valid calibration")
	}
	if t.Design != nil { // as models of the first version have none
		if err := t.Design.Validate(items); err != nil {
			return err
		}
	}
	for _, s := range t.Hyper.Scales {
		if len(s.Length) != groups {
			return errors.New("lengths do not fit the benchmarks")
		}
		for _, v := range s.Length {
			if !(v > 0) {
				return errors.New("a length is not positive")
			}
		}
	}
	for _, i := range t.Rows {
		if i < 0 || int(i) >= models {
			return fmt.Errorf("model %d of %d", i, models)
		}
	}
	return nil
}

func (c *calibration) valid() bool {
	if len(c.Centre) == 0 || len(c.Below) != len(c.Centre) || len(c.Above) != len(c.Centre) ||
		len(c.Ratio) == 0 || len(c.Doubt) != len(c.Ratio) ||
		len(c.Distance) == 0 || len(c.Stretch) != len(c.Distance) {
		return false
	}
	for _, v := range c.Centre {
		if math.IsNaN(v) {
			return false
		}
	}
	return true
}

// clean reports whether no bit beyond a benchmark's items is set.
func (l layout) clean(words []uint64) bool {
	for g, n := range l.items {
		if n%64 != 0 && words[l.first[g+1]-1]>>(n%64) != 0 {
			return false
		}
	}
	return true
}
