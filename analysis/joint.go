package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// JointName is the benchmark under which results that span several are kept.
const JointName = result.JointName

// Joint reconstructs all scores and their mean from the answers to the forms of all
// benchmarks together, and does so for each release: a joint reconstruction borrows
// strength across benchmarks. The benchmarks must be of one suite, so that they have the
// same test models. A form that fewer than two benchmarks have, or that too few models
// have answered on all of them, is left out with its reason, and so is a benchmark
// without the form.
func Joint(ctx context.Context, all []*Distilled, opts Options, cache Cache, report Reporter) (*result.Set, error) {
	set := &result.Set{Benchmark: JointName}
	st := stages{benchmark: JointName, cache: cache, report: report, rerun: opts.Rerun}
	for k, name := range []string{"A", "B"} {
		j := &joint{name: name, opts: opts}
		var lacking []string
		for _, d := range all {
			if !j.add(d) {
				lacking = append(lacking, d.Data.Table.Benchmark)
			}
		}
		if len(j.parts) == 0 && k >= opts.Forms {
			continue
		}
		err := j.run(ctx, st, set)
		if err != nil && !Impossible(err) {
			return nil, err
		}
		leave := func(reason string) {
			set.LeftOut = append(set.LeftOut, result.LeftOut{Part: "form " + name, Reason: reason})
		}
		switch {
		case err != nil:
			leave(err.Error())
		case len(lacking) > 0:
			leave(fmt.Sprintf("not of all benchmarks: %s without it, so that the mean is over %d of %d",
				strings.Join(lacking, ", "), len(j.parts), len(all)))
		}
	}
	return set, jointReleases(ctx, all, opts, st, set)
}

// jointReleases reconstructs the scores from the released forms that several benchmarks
// have.
func jointReleases(ctx context.Context, all []*Distilled, opts Options, st stages, set *result.Set) error {
	for _, name := range releasedForms(all) {
		j := &joint{name: name, opts: opts}
		for _, d := range all {
			for _, r := range d.Released {
				j.add(r)
			}
		}
		if len(j.parts) < 2 {
			continue
		}
		switch err := j.run(ctx, st, set); {
		case Impossible(err):
			set.LeftOut = append(set.LeftOut, result.LeftOut{Part: "form " + name, Reason: err.Error()})
		case err != nil:
			return err
		}
	}
	return nil
}

// TooFewBenchmarksError says that fewer than two benchmarks have a form.
type TooFewBenchmarksError struct {
	Form       string
	Benchmarks int
}

func (e *TooFewBenchmarksError) Error() string {
	return fmt.Sprintf("%d benchmarks have a form %s, and at least 2 are needed to reconstruct scores together", e.Benchmarks, e.Form)
}

// joint is one form of all benchmarks together.
type joint struct {
	name  string
	opts  Options
	parts []*Distilled
	forms []Form
}

// add adds a benchmark if it has the form.
func (j *joint) add(d *Distilled) bool {
	f, ok := d.form(j.name)
	if ok {
		j.parts = append(j.parts, d)
		j.forms = append(j.forms, f)
	}
	return ok
}

func (j *joint) run(ctx context.Context, st stages, set *result.Set) error {
	if len(j.parts) < 2 {
		return &TooFewBenchmarksError{j.name, len(j.parts)}
	}
	p, err := j.parts[0].Data.Suite.split(schemeRandom, j.opts)
	if err != nil {
		return err
	}
	columns := make([][]int, len(j.forms))
	for k, f := range j.forms {
		columns[k] = f.Columns
	}
	in, err := j.input(columns)
	if err != nil {
		return err
	}
	s, err := p.of(schemeRandom, JointName, in.Models, sums(in))
	if err != nil {
		return err
	}
	r, _, err := run(ctx, st, "reconstruct "+j.name, j.key(in, s), func(func(int, int)) (reconstruction, error) {
		return j.reconstruct(ctx, in, s)
	})
	if err != nil {
		return err
	}
	j.rows(set, in, s, r)
	return nil
}

// key is all that the reconstruction depends on, the candidates among it, from which the
// choice of items is repeated.
func (j *joint) key(in *reconstruct.Input, s response.Split) []any {
	key := []any{j.opts.Seed, j.name, j.opts.MinObserved, j.opts.shares(), in.Models, s}
	for k, d := range j.parts {
		key = append(key, d.Data.Table.Benchmark, d.Data.Fingerprint, j.forms[k].Columns, j.forms[k].Share, j.candidates(k))
	}
	return key
}

// reconstruct fits the joint reconstruction, with the choice of items repeated on parts
// of the models for its intervals.
func (j *joint) reconstruct(ctx context.Context, in *reconstruct.Input, s response.Split) (reconstruction, error) {
	train := fitting(s)
	choose := func(ctx context.Context, some response.TrainSet) (*reconstruct.Input, error) {
		if len(some.Rows) == len(train.Rows) {
			return in, nil
		}
		columns := make([][]int, len(j.parts))
		for k, d := range j.parts {
			candidates := j.candidates(k)
			if candidates == nil {
				columns[k] = j.forms[k].Columns
				continue
			}
			rows := d.rowsOf(in.Models, some.Rows)
			chosen, err := d.Data.choice(candidates, len(j.forms[k].Columns), j.forms[k].Share, j.opts)(ctx, response.TrainSet{Rows: rows})
			if err != nil {
				return nil, err
			}
			columns[k] = chosen.Items
		}
		return j.input(columns)
	}
	model, fitted, err := reconstruct.FitSelected(ctx, choose, train, reconstruct.Options{Seed: j.opts.Seed, Workers: j.opts.Workers})
	if err != nil {
		return reconstruction{}, err
	}
	return reconstruction{Fitted: len(train.Rows)}.finish(model, fitted, s)
}

// candidates returns the columns that the form's items were selected from, for form B
// without those of form A; nil for a form with pinned items.
func (j *joint) candidates(k int) []int {
	if j.parts[k].Data.Pinned[j.name] != nil {
		return nil
	}
	if candidates := j.parts[k].candidates; candidates != nil {
		return candidates
	}
	columns := j.parts[k].Data.unpinned()
	if a, ok := j.parts[k].form("A"); ok && j.name != "A" {
		columns = slices.DeleteFunc(columns, func(c int) bool { return slices.Contains(a.Columns, c) })
	}
	return columns
}

// input is the answers of all models that have a score on every benchmark.
func (j *joint) input(columns [][]int) (*reconstruct.Input, error) {
	counts := map[string]int{}
	for _, d := range j.parts {
		for i, m := range d.Data.Table.Models {
			if !math.IsNaN(d.Data.Scores[i]) {
				counts[m]++
			}
		}
	}
	in := &reconstruct.Input{}
	for _, m := range j.parts[0].Data.Table.Models {
		if counts[m] == len(j.parts) {
			in.Models = append(in.Models, m)
		}
	}
	all := make([]int, len(in.Models))
	for i := range all {
		all[i] = i
	}
	for k, d := range j.parts {
		rows := d.rowsOf(in.Models, all)
		whole := d.Data.Table.SelectModels(rows)
		sub := whole.SelectItems(columns[k])
		b := reconstruct.Benchmark{Name: sub.Benchmark, Metric: sub.Metric, Items: sub.Items, Answers: sub.Answers,
			Whole: whole.Answers, Selected: columns[k]}
		for _, i := range rows {
			b.Scores = append(b.Scores, d.Data.Scores[i])
			if d.Data.TaskMeans != nil {
				b.TaskMeans = append(b.TaskMeans, d.Data.TaskMeans[i])
			}
		}
		in.Benchmarks = append(in.Benchmarks, b)
	}
	return in, in.Validate()
}

// rowsOf are the rows, in the benchmark's table, of some of the models.
func (d *Distilled) rowsOf(models []string, some []int) []int {
	at := make(map[string]int, len(d.Data.Table.Models))
	for i, m := range d.Data.Table.Models {
		at[m] = i
	}
	rows := make([]int, len(some))
	for k, i := range some {
		rows[k] = at[models[i]]
	}
	return rows
}

// sums are the mean true scores over all benchmarks.
func sums(in *reconstruct.Input) []float64 {
	mean := make([]float64, len(in.Models))
	for _, b := range in.Benchmarks {
		for i, y := range b.Scores {
			mean[i] += y / float64(len(in.Benchmarks))
		}
	}
	return mean
}

// rows describes the joint reconstruction as rows of results: one target a
// benchmark, and the mean.
func (j *joint) rows(set *result.Set, in *reconstruct.Input, s response.Split, r reconstruction) {
	items := 0
	for _, f := range j.forms {
		items += len(f.Columns)
	}
	set.Models = append(set.Models, result.ReconstructionModel{
		Target: JointName, Form: j.name, Method: methodProcess, Metric: "", Chosen: true,
		Detail: fmt.Sprintf("joint Gaussian process on the answers to %d items of %d benchmarks by %d models", items, len(j.parts), r.Fitted),
		Blob:   r.Model,
	})
	truth := func(target int) []float64 {
		if target < len(in.Benchmarks) {
			return in.Benchmarks[target].Scores
		}
		return sums(in)
	}
	for target := range len(in.Benchmarks) + 1 {
		name := JointName
		if target < len(in.Benchmarks) {
			name = in.Benchmarks[target].Name
		}
		predictions := make([]reconstruct.Prediction, len(r.Test))
		for k := range r.Test {
			predictions[k] = r.Test[k][target]
		}
		id := identity{name, j.name, methodProcess, schemeRandom, items}
		testRows(set, id, in.Models, truth(target), s.Test, predictions)
		seenRows(set, id, in.Models, truth(target), s, r.Seen, target)
		if target < len(in.Benchmarks) && in.Benchmarks[target].TaskMeans != nil {
			taskMeanRows(set, id, in.Models, in.Benchmarks[target].TaskMeans, s.Test, predictions)
		}
	}
}
