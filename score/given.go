package score

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/split"
	"metabench/corpus"
	"metabench/harness"
)

// Answered is what is known of a benchmark whose items somebody else has chosen:
// the answers of models to them, and the models' scores on the whole benchmark.
type Answered struct {
	Benchmark corpus.Benchmark
	Table     *response.Table
	Scores    map[string]float64 // by model, points from 0 to 100
	Hashes    map[string]string  // item → corpus.QuestionHash; may be empty

	// Others are the keys of the items of other forms, as Benchmark.Others has them.
	Others map[harness.Form][]string
}

// CalibrateOptions are the settings of Calibrate.
type CalibrateOptions struct {
	Seed        uint64
	Workers     int     // 0 for one a processor; the result does not depend on it
	TestShare   float64 // share of the models that the error is measured on before the fit on all; 0 measures none
	Incomplete  bool    // whether models that lack answers to some benchmark are used too: the error is a little smaller, the fit takes several times as long
	CodeVersion string
}

// Calibrated is a bundle of given items with the error that the same fit had on models
// it had not seen.
type Calibrated struct {
	Bundle *Bundle
	Models int // that scores are reconstructed from
	Tested int // models that the error was measured on

	// Whole is the error by benchmark, and behind these that of the mean where there are
	// several; empty where none was measured.
	Whole []reconstruct.Metrics
}

// NoScoresError says that of too few models all scores are known.
type NoScoresError struct {
	Models int // of which they are
	Err    error
}

func (e *NoScoresError) Error() string {
	return fmt.Sprintf("calibrate: %d models have answers and a score on every benchmark: %v. Give the scores of more models, or fewer benchmarks", e.Models, e.Err)
}

// Unwrap returns the cause.
func (e *NoScoresError) Unwrap() error { return e.Err }

// Calibrate makes a bundle from answers to given items and known scores. The items'
// curves (2PL) are fitted on all models that answered; scores and their mean are
// reconstructed together, from the models that have a score on every benchmark and
// have answered at least half of the items of each.
//
// The scores are the process's: of answers to given items alone, without those to the
// benchmarks' other items, an estimate by design can't be made for models beyond the range.
// The intervals hold for items that were chosen without these scores, and nearly so
// for those of a published selection; see reconstruct.Fit. Before the fit on all
// models, the error is measured once, on a share of them that another fit has not
// seen.
func Calibrate(ctx context.Context, form harness.Form, from Provenance, of []Answered, opts CalibrateOptions) (*Calibrated, error) {
	if len(of) == 0 {
		return nil, errors.New("calibrate: no benchmark given")
	}
	in, err := inputOf(of, opts.Incomplete)
	if err != nil {
		return nil, err
	}
	c := &Calibrated{Models: len(in.Models)}
	if err := c.measure(ctx, in, opts); err != nil {
		return nil, err
	}
	model, err := reconstruct.Fit(ctx, in, allOf(in), reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, ProcessOnly: true})
	if err != nil {
		return nil, tooFew(in, err)
	}
	data, err := model.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	p, err := NewPredictor(data)
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	from.Models = len(in.Models)
	b := &Bundle{Form: form, Provenance: &from, Run: runOf(of, form, opts), Predictors: []Predictor{p}, Mean: NewScale(means(in))}
	for k, a := range of {
		bench, err := benchmarkOf(ctx, a, opts)
		if err != nil {
			return nil, err
		}
		bench.Models = len(in.Models)
		if len(c.Whole) > 0 {
			bench.RMSE, bench.MAE = known(c.Whole[k].RMSE), known(c.Whole[k].MAE)
		}
		b.Benchmarks = append(b.Benchmarks, bench)
	}
	if _, err := NewScorer(b, ""); err != nil { // found now rather than by whoever gets the file
		return nil, err
	}
	c.Bundle = b
	return c, nil
}

// inputOf are the models that have a score on every benchmark and, unless incomplete
// ones are wanted too, most answers to each.
func inputOf(of []Answered, incomplete bool) (*reconstruct.Input, error) {
	rows := make([]map[string]int, len(of)) // of the tables, by model
	in := &reconstruct.Input{}
	known := map[string]int{}
	for k, a := range of {
		if err := a.Table.Validate(); err != nil {
			return nil, fmt.Errorf("calibrate: %w", err)
		}
		rows[k] = make(map[string]int, len(a.Table.Models))
		for i, m := range a.Table.Models {
			rows[k][m] = i
		}
		for m := range a.Scores {
			_, answers := rows[k][m]
			if answers = answers && 2*answered(a.Table, rows[k][m]) >= len(a.Table.Items); answers || incomplete {
				known[m]++
			}
		}
	}
	for m, n := range known {
		if n == len(of) && slices.ContainsFunc(rows, func(r map[string]int) bool { _, ok := r[m]; return ok }) {
			in.Models = append(in.Models, m)
		}
	}
	slices.Sort(in.Models)
	for k, a := range of {
		b := reconstruct.Benchmark{Name: a.Benchmark.Name, Metric: a.Table.Metric, Items: a.Table.Items,
			Answers: response.New(len(in.Models), len(a.Table.Items))}
		for i, m := range in.Models {
			b.Scores = append(b.Scores, a.Scores[m])
			from, ok := rows[k][m]
			for j := range a.Table.Items {
				if ok {
					b.Answers.Set(i, j, a.Table.Answers.At(from, j))
				}
			}
		}
		in.Benchmarks = append(in.Benchmarks, b)
	}
	return in, nil
}

// answered is how many items the model of a row has answered.
func answered(t *response.Table, row int) int {
	_, n := t.Answers.Counts(row)
	return n
}

func allOf(in *reconstruct.Input) response.TrainSet {
	train := response.TrainSet{Rows: make([]int, len(in.Models))}
	for i := range train.Rows {
		train.Rows[i] = i
	}
	return train
}

// means are the models' mean scores.
func means(in *reconstruct.Input) []float64 {
	out := make([]float64, len(in.Models))
	for _, b := range in.Benchmarks {
		for i, y := range b.Scores {
			out[i] += y / float64(len(in.Benchmarks))
		}
	}
	return out
}

// measure finds the error on a share of the models that a fit has not seen.
func (c *Calibrated) measure(ctx context.Context, in *reconstruct.Input, opts CalibrateOptions) error {
	if opts.TestShare == 0 || float64(len(in.Models))*(1-opts.TestShare) < reconstruct.MinModels {
		return nil // a fit on fewer models could not be made, or equals that on all
	}
	truth := means(in)
	s, err := split.Stable(truth, prints(in), split.Shares{Test: opts.TestShare}, opts.Seed)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	m, err := reconstruct.Fit(ctx, in, s.Train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, ProcessOnly: true})
	var few *reconstruct.TooFewModelsError
	switch {
	case errors.As(err, &few):
		return nil // the fit on all models says so, if it is still so there
	case err != nil:
		return fmt.Errorf("calibrate: %w", err)
	}
	predictions, err := m.PredictTest(in, s.Test)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	c.Tested = len(s.Test.Rows)
	for t := range len(predictions[0]) {
		of, scores := make([]reconstruct.Prediction, c.Tested), make([]float64, c.Tested)
		for k, row := range s.Test.Rows {
			of[k], scores[k] = predictions[k][t], truth[row]
			if t < len(in.Benchmarks) {
				scores[k] = in.Benchmarks[t].Scores[row]
			}
		}
		whole, _ := reconstruct.Evaluate(scores, of)
		c.Whole = append(c.Whole, whole)
	}
	return nil
}

// prints stand for the models' answers.
func prints(in *reconstruct.Input) []uint64 {
	out := make([]uint64, len(in.Models))
	for i := range in.Models {
		h := sha256.New()
		for _, b := range in.Benchmarks {
			writeRow(h, b.Answers, i)
		}
		sum := h.Sum(nil)
		for _, c := range sum[:8] {
			out[i] = out[i]<<8 | uint64(c)
		}
	}
	return out
}

func writeRow(h hash.Hash, m *response.Matrix, row int) {
	_, items := m.Dims()
	answers := make([]byte, items)
	for j := range answers {
		answers[j] = byte(m.At(row, j))
	}
	h.Write(answers)
}

// runOf identifies a calibration by all that it depends on.
func runOf(of []Answered, form harness.Form, opts CalibrateOptions) Run {
	input := sha256.New()
	for _, a := range of {
		writeTexts(input, a.Benchmark.Name, a.Table.Metric)
		writeTexts(input, a.Table.Items...)
		for i, m := range a.Table.Models {
			writeTexts(input, m)
			writeRow(input, a.Table.Answers, i)
		}
		models := make([]string, 0, len(a.Scores))
		for m := range a.Scores {
			models = append(models, m)
		}
		slices.Sort(models)
		for _, m := range models {
			writeTexts(input, m, fmt.Sprint(a.Scores[m]))
		}
	}
	r := Run{CodeVersion: opts.CodeVersion, Seed: opts.Seed, Input: hex.EncodeToString(input.Sum(nil))}
	settings := sha256.New()
	writeTexts(settings, string(form), fmt.Sprint(opts.TestShare))
	r.ConfigHash = hex.EncodeToString(settings.Sum(nil))[:16]
	id := sha256.New()
	writeTexts(id, r.ConfigHash, r.CodeVersion, fmt.Sprint(r.Seed), r.Input)
	r.ID = hex.EncodeToString(id.Sum(nil))[:16]
	return r
}

func writeTexts(h hash.Hash, texts ...string) {
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
}

// benchmarkOf fits the items' curves.
func benchmarkOf(ctx context.Context, a Answered, opts CalibrateOptions) (Benchmark, error) {
	b := Benchmark{Name: a.Benchmark.Name, Title: a.Benchmark.Title, Metric: a.Table.Metric, Shown: a.Benchmark.Shown,
		Questions: a.Benchmark.Items(), Tasks: len(a.Benchmark.Tasks), Kind: irt.TwoPL, Estimator: ability.MAP, Others: a.Others}
	var scores []float64
	for _, y := range a.Scores {
		scores = append(scores, y)
	}
	b.Scores = NewScale(scores)
	fit, err := irt.Fit(ctx, a.Table.Answers, irt.Options{Kind: b.Kind, Prior: irt.WeakPrior(), Seed: opts.Seed, Workers: opts.Workers, Restarts: -1})
	if err != nil {
		return b, fmt.Errorf("calibrate %s: %w", b.Name, err)
	}
	if err := ctx.Err(); err != nil {
		return b, err
	}
	b.Items = NewItems(a.Table.Items, fit.Items)
	for k := range b.Items {
		b.Items[k].Hash = a.Hashes[b.Items[k].Key]
	}
	return b, nil
}

// tooFew says of how many models the scores are known, where they are too few.
func tooFew(in *reconstruct.Input, err error) error {
	var few *reconstruct.TooFewModelsError
	if errors.As(err, &few) {
		return &NoScoresError{Models: len(in.Models), Err: err}
	}
	return fmt.Errorf("calibrate: %w", err)
}

// CalibrationSummary says what a calibration made. Its JSON form is a contract.
type CalibrationSummary struct {
	File       string         `json:"file"`
	Form       harness.Form   `json:"form"`
	Run        string         `json:"run"`
	Provenance Provenance     `json:"provenance"`
	Tested     int            `json:"tested"`     // models that the errors were measured on
	Benchmarks []BenchmarkFit `json:"benchmarks"` // and behind them the mean, where there are several
}

// BenchmarkFit is the part of a summary about one score.
type BenchmarkFit struct {
	Benchmark string               `json:"benchmark"`
	Title     string               `json:"title"`
	Metric    string               `json:"metric"`
	Items     int                  `json:"items"`
	Error     *reconstruct.Metrics `json:"error"` // null where it was not measured
}

// Summary says what was made and how exact it is; file is where the bundle went.
func (c *Calibrated) Summary(file string) CalibrationSummary {
	s := CalibrationSummary{File: file, Form: c.Bundle.Form, Run: c.Bundle.Run.ID, Provenance: *c.Bundle.Provenance, Tested: c.Tested}
	for _, b := range c.Bundle.Benchmarks {
		s.Benchmarks = append(s.Benchmarks, BenchmarkFit{Benchmark: b.Name, Title: b.Title, Metric: b.Metric, Items: len(b.Items)})
	}
	if len(s.Benchmarks) > 1 {
		s.Benchmarks = append(s.Benchmarks, BenchmarkFit{Benchmark: reconstruct.Mean, Title: reconstruct.Mean})
	}
	for k := range c.Whole {
		s.Benchmarks[k].Error = &c.Whole[k]
	}
	return s
}
