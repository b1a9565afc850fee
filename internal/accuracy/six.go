package accuracy

import (
	"context"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/split"
	"metabench/table"
)

// six are the benchmarks of the first leaderboard, with the metric of the answers.
var six = []struct{ name, metric string }{
	{"arc", "acc_norm"}, {"gsm8k", "exact_match"}, {"hellaswag", "acc_norm"},
	{"mmlu", "acc"}, {"truthfulqa", "mc1"}, {"winogrande", "acc"},
}

// sixData are the models with published form-B answers and scores on all six
// benchmarks; some lack the answers to one or two of them.
type sixData struct {
	in        *reconstruct.Input
	abilities [][]float64 // published, one a benchmark
	complete  []int       // rows with all answers: 2,461
	family    []string    // one a row
	arch      []string
}

// sixData reads metabench-r, once.
func (s *study) sixData(ctx context.Context) (*sixData, error) {
	if s.data != nil {
		return s.data, nil
	}
	frame, err := s.frame(ctx, sixFrame)
	if err != nil {
		return nil, err
	}
	if frame, err = frame.Filter("set", "train"); err != nil {
		return nil, err
	}
	d := &sixData{in: &reconstruct.Input{}}
	if d.in.Models, err = frame.Strings("model"); err != nil {
		return nil, err
	}
	row := make(map[string]int)
	for i, m := range d.in.Models {
		row[m] = i
	}
	d.abilities = make([][]float64, len(d.in.Models))
	for _, b := range six {
		bench, err := s.formB(ctx, b.name, b.metric, row)
		if err != nil {
			return nil, err
		}
		d.in.Benchmarks = append(d.in.Benchmarks, bench)
		theta, err := frame.Floats(b.name)
		if err != nil {
			return nil, err
		}
		for i, v := range theta {
			d.abilities[i] = append(d.abilities[i], v)
		}
	}
	for i := range d.in.Models {
		whole := true
		for _, b := range d.in.Benchmarks {
			_, seen := b.Answers.Counts(i)
			whole = whole && seen == len(b.Items) && !math.IsNaN(b.Scores[i])
		}
		if whole {
			d.complete = append(d.complete, i)
		}
	}
	if err := s.origins(ctx, d); err != nil {
		return nil, err
	}
	s.data = d
	return d, nil
}

// formB reads one benchmark's answers and scores into the rows of the models.
func (s *study) formB(ctx context.Context, name, metric string, row map[string]int) (reconstruct.Benchmark, error) {
	r, err := table.ReadResponses(ctx, filepath.Join(s.dir, responsesFile(name)),
		table.ResponseOptions{Model: "model", Benchmark: name, Metric: metric})
	if err != nil {
		return reconstruct.Benchmark{}, err
	}
	b := reconstruct.Benchmark{Name: name, Metric: metric, Items: r.Items,
		Answers: response.New(len(row), len(r.Items)), Scores: make([]float64, len(row))}
	for k, m := range r.Models {
		if i, ok := row[m]; ok {
			for j := range r.Items {
				b.Answers.Set(i, j, r.Answers.At(k, j))
			}
		}
	}
	frame, err := s.frame(ctx, scoresFile(name))
	if err != nil {
		return b, err
	}
	models, err := frame.Strings("model")
	if err != nil {
		return b, err
	}
	scores, err := frame.Floats("score")
	if err != nil {
		return b, err
	}
	for i := range b.Scores {
		b.Scores[i] = math.NaN()
	}
	for k, m := range models {
		if i, ok := row[m]; ok {
			b.Scores[i] = scores[k]
		}
	}
	return b, nil
}

// origins reads what the leaderboard knows of where the models come from.
func (s *study) origins(ctx context.Context, d *sixData) error {
	frame, err := s.frame(ctx, originsFile)
	if err != nil {
		return err
	}
	column := make(map[string][]string)
	for _, c := range []string{"name", "arch", "size"} {
		if column[c], err = frame.Strings(c); err != nil {
			return err
		}
	}
	known := make(map[string]split.Origin)
	for k, name := range column["name"] {
		size, err := strconv.ParseFloat(column["size"][k], 64)
		if err != nil {
			size = 0
		}
		known[name] = split.Origin{Name: name, Architecture: column["arch"][k], Parameters: max(size, 0)}
	}
	var origins []split.Origin
	for _, m := range d.in.Models {
		o := known[m]
		o.Name = m
		origins = append(origins, o)
		arch := o.Architecture
		if arch == "" || arch == "error" {
			arch = "unknown"
		}
		d.arch = append(d.arch, arch)
	}
	var answers []*response.Matrix
	for _, b := range d.in.Benchmarks {
		answers = append(answers, b.Answers)
	}
	d.family = split.Families(origins, split.Alike(answers, s.opts.Workers))
	return nil
}

func (s *study) frame(ctx context.Context, path string) (*table.Frame, error) {
	return table.ReadFrame(ctx, filepath.Join(s.dir, path))
}

// testShare is the share of the models with all answers that a split tests on.
const testShare = 0.15

// sixSplit is one split of sixData. All holds the rows of same and the models that
// lack answers.
type sixSplit struct {
	same response.TrainSet // complete models only, as the published recipe needs them
	all  response.TrainSet
	test response.TestSet // complete models only
}

// randomSplit splits by strata of the mean score.
func (d *sixData) randomSplit(seed uint64) (sixSplit, error) {
	var scores []float64
	for _, i := range d.complete {
		truth := d.in.Truth(i)
		scores = append(scores, truth[len(truth)-1])
	}
	s, err := split.Stratified(scores, split.Shares{Test: testShare}, seed)
	if err != nil {
		return sixSplit{}, err
	}
	test := make(map[int]bool)
	for _, k := range s.Test.Rows {
		test[d.complete[k]] = true
	}
	return d.without(test, func(i int) bool { return test[i] }), nil
}

// familySplit keeps whole families for the test; no training model is of theirs.
func (d *sixData) familySplit(seed uint64) (sixSplit, error) {
	var labels []string
	for _, i := range d.complete {
		labels = append(labels, d.family[i])
	}
	s, err := split.Grouped(labels, split.Shares{Test: testShare}, seed)
	if err != nil {
		return sixSplit{}, err
	}
	test, families := make(map[int]bool), make(map[string]bool)
	for _, k := range s.Test.Rows {
		test[d.complete[k]] = true
		families[labels[k]] = true
	}
	return d.without(test, func(i int) bool { return families[d.family[i]] }), nil
}

// without trains on all models that are not barred.
func (d *sixData) without(test map[int]bool, barred func(i int) bool) sixSplit {
	var s sixSplit
	complete := make(map[int]bool)
	for _, i := range d.complete {
		complete[i] = true
	}
	for i := range d.in.Models {
		if test[i] {
			s.test.Rows = append(s.test.Rows, i)
		}
		if barred(i) {
			continue
		}
		s.all.Rows = append(s.all.Rows, i)
		if complete[i] {
			s.same.Rows = append(s.same.Rows, i)
		}
	}
	return s
}

// pool gathers test predictions, over splits, by target.
type pool struct {
	row    []int // one a prediction of every target
	truth  [][]float64
	values [][]reconstruct.Prediction
}

// add takes the predictions for one row, in the order of Input.Truth.
func (p *pool) add(in *reconstruct.Input, row int, predictions []reconstruct.Prediction) {
	truth := in.Truth(row)
	if p.truth == nil {
		p.truth = make([][]float64, len(truth))
		p.values = make([][]reconstruct.Prediction, len(truth))
	}
	if len(predictions) != len(truth) {
		panic(fmt.Sprintf("accuracy: %d predictions for %d targets", len(predictions), len(truth)))
	}
	p.row = append(p.row, row)
	for t := range truth {
		p.truth[t] = append(p.truth[t], truth[t])
		p.values[t] = append(p.values[t], predictions[t])
	}
}

// of returns the metrics of one target over the rows that a label picks.
func (p *pool) of(t int, keep func(row int) bool) (reconstruct.Metrics, reconstruct.Thirds) {
	var truth []float64
	var values []reconstruct.Prediction
	for k, row := range p.row {
		if keep == nil || keep(row) {
			truth, values = append(truth, p.truth[t][k]), append(values, p.values[t][k])
		}
	}
	return reconstruct.Evaluate(truth, values)
}

// each returns the mean over the benchmarks, without their mean, of a metric.
func (p *pool) each(keep func(row int) bool, metric func(reconstruct.Metrics, reconstruct.Thirds) float64) float64 {
	n, sum := len(p.truth)-1, 0.0
	for t := range n {
		sum += metric(p.of(t, keep)) / float64(n)
	}
	return sum
}

// mean returns a metric of the mean of all benchmarks.
func (p *pool) mean(keep func(row int) bool, metric func(reconstruct.Metrics, reconstruct.Thirds) float64) float64 {
	return metric(p.of(len(p.truth)-1, keep))
}

func rmse(m reconstruct.Metrics, _ reconstruct.Thirds) float64     { return m.RMSE }
func mae(m reconstruct.Metrics, _ reconstruct.Thirds) float64      { return m.MAE }
func coverage(m reconstruct.Metrics, _ reconstruct.Thirds) float64 { return 100 * m.Coverage }

// third returns the coverage within one third of the true scores.
func third(k int) func(reconstruct.Metrics, reconstruct.Thirds) float64 {
	return func(_ reconstruct.Metrics, t reconstruct.Thirds) float64 { return 100 * t[k].Coverage }
}

// commonest returns the n most frequent labels of rows, most frequent first.
func commonest(labels []string, rows []int, n int) []string {
	count := make(map[string]int)
	for _, i := range rows {
		count[labels[i]]++
	}
	names := slices.Sorted(maps.Keys(count))
	slices.SortStableFunc(names, func(a, b string) int { return count[b] - count[a] })
	return names[:min(n, len(names))]
}
