package analysis

import (
	"context"
	"hash/fnv"
	"math/rand/v2"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/analysis/split"
)

// Build runs every stage on one benchmark and returns its results. Stages whose
// inputs have not changed are taken from the cache.
//
// Test models are used once, for the errors; nothing is chosen by them.
func Build(ctx context.Context, data *Data, opts Options, cache Cache, report Reporter) (*result.Set, error) {
	data = data.trusted(opts.MinObserved)
	if err := data.check(opts); err != nil {
		return nil, err
	}
	b := &builder{data: data, opts: opts, set: &result.Set{Benchmark: data.Table.Benchmark},
		stages: stages{benchmark: data.Table.Benchmark, cache: cache, report: report, rerun: opts.Rerun}}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	return b.set, nil
}

// builder holds what the stages of one benchmark share.
type builder struct {
	data   *Data
	opts   Options
	set    *result.Set
	stages stages
}

func (b *builder) run(ctx context.Context) error {
	splits, splitPrint, err := run(ctx, b.stages, "split", []any{b.data.Fingerprint, b.opts.MinObserved, b.opts.shares(), b.opts.Seed},
		func(func(int, int)) (response.Split, error) {
			return split.Stratified(b.data.Scores, b.opts.shares(), b.opts.Seed)
		})
	if err != nil {
		return err
	}
	b.splitRows("random", splits, nil)

	_, items := b.data.Table.Answers.Dims()
	columns := make([]int, items)
	for j := range columns {
		columns[j] = j
	}
	fits, fitPrint, err := run(ctx, b.stages, "calibrate", []any{splitPrint, columns},
		func(report func(int, int)) ([]fitted, error) {
			return fitAll(ctx, b.data.Table, columns, splits.Train, b.opts.Workers, report)
		})
	if err != nil {
		return err
	}
	fitRows(b.set, "full", b.data.Table, columns, fits)

	n := b.opts.Items
	if n == 0 {
		n = min(100, items)
	}
	f, formPrint, err := run(ctx, b.stages, "select", []any{fitPrint, n}, func(func(int, int)) (form, error) {
		abilities := make([]float64, 0, len(splits.Train.Rows))
		for _, i := range splits.Train.Rows {
			abilities = append(abilities, fits[0].Abilities[0][i].Theta)
		}
		return informative("A", columns, fits[0], abilities, n)
	})
	if err != nil {
		return err
	}
	b.set.Selected = append(b.set.Selected, f.rows(b.data.Table.Items)...)

	random := form{Name: "random", Columns: b.randomColumns(items, len(f.Columns))}
	for _, f := range []form{f, random} {
		in := b.data.input(f.Columns)
		r, _, err := run(ctx, b.stages, "reconstruct "+f.Name, []any{formPrint, f.Columns, b.opts.Seed},
			func(func(int, int)) (reconstruction, error) { return reconstructForm(ctx, in, splits, b.opts) })
		if err != nil {
			return err
		}
		b.reconstructionRows(f, r, splits.Test)
	}
	return nil
}

// reconstructionRows describes a form's reconstruction as rows of results.
func (b *builder) reconstructionRows(f form, r reconstruction, test response.TestSet) {
	name := b.data.Table.Benchmark
	predictions := make([]reconstruct.Prediction, len(test.Rows))
	for k, i := range test.Rows {
		predictions[k] = r.Predictions[i][0]
	}
	b.set.Models = append(b.set.Models, result.ReconstructionModel{
		Target: name, Form: f.Name, Method: "gaussian process", Metric: b.data.Table.Metric, Chosen: f.Name != "random", Blob: r.Model,
	})
	testRows(b.set, identity{name, f.Name, "gaussian process", "random", len(f.Columns)}, b.data.Table.Models, b.data.Scores, test, predictions)
}

// splitRows describes a split as rows of results.
func (b *builder) splitRows(scheme string, s response.Split, families []string) {
	part := make([]string, len(b.data.Table.Models))
	for name, rows := range map[string][]int{"train": s.Train.Rows, "validation": s.Validation.Rows, "test": s.Test.Rows} {
		for _, i := range rows {
			part[i] = name
		}
	}
	for i, model := range b.data.Table.Models {
		row := result.Split{Scheme: scheme, Model: model, Part: part[i]}
		if families != nil {
			row.Family = families[i]
		}
		b.set.Splits = append(b.set.Splits, row)
	}
}

// randomColumns draws n of the items.
func (b *builder) randomColumns(items, n int) []int {
	h := fnv.New64a()
	h.Write([]byte(b.data.Table.Benchmark + " random items")) // never fails
	return rand.New(rand.NewPCG(b.opts.Seed, h.Sum64())).Perm(items)[:n]
}
