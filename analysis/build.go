package analysis

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/analysis/split"
)

// The two ways in which models are split. Choices for users are made and predictions
// for new models fitted in the random scheme; the family scheme repeats the whole
// distillation to tell the error for models none of whose relatives were seen.
const (
	schemeRandom = "random"
	schemeFamily = "family"
)

// formRandom is the form of as many random items as form A has: what selection is
// worth.
const formRandom = "random"

// Build runs every stage on one benchmark and returns its results. Stages whose
// inputs have not changed are taken from the cache.
//
// Test models are used once, for the errors; nothing is chosen by them.
func Build(ctx context.Context, data *Data, opts Options, cache Cache, report Reporter) (*Distilled, error) {
	data = data.trusted(opts.MinObserved)
	if err := data.check(opts); err != nil {
		return nil, err
	}
	b := &builder{
		data: data, opts: opts, set: &result.Set{Benchmark: data.Table.Benchmark},
		stages: stages{benchmark: data.Table.Benchmark, cache: cache, report: report, rerun: opts.Rerun},
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	return &Distilled{Set: b.set, Data: data, Split: b.random, Forms: b.forms}, nil
}

// Distilled is a benchmark after its build.
type Distilled struct {
	Set   *result.Set
	Data  *Data
	Split response.Split // the random scheme's
	Forms []Form
}

// Form is a set of selected items: columns of the data's table.
type Form struct {
	Name    string
	Columns []int
}

// builder holds what the stages of one benchmark share.
type builder struct {
	data   *Data
	opts   Options
	set    *result.Set
	stages stages
	random response.Split
	forms  []Form
}

func (b *builder) run(ctx context.Context) error {
	_, items := b.data.Table.Answers.Dims()
	columns := make([]int, items)
	for j := range columns {
		columns[j] = j
	}
	random, randomPrint, err := b.split(ctx, schemeRandom)
	if err != nil {
		return err
	}
	b.random = random
	a, err := b.distil(ctx, schemeRandom, "A", columns, random, randomPrint)
	if err != nil {
		return err
	}
	if b.opts.Forms > 1 && items-len(a.Columns) >= len(a.Columns) {
		rest := slices.DeleteFunc(slices.Clone(columns), func(j int) bool { return slices.Contains(a.Columns, j) })
		other, err := b.distil(ctx, schemeRandom, "B", rest, random, randomPrint)
		if err != nil {
			return err
		}
		b.reliability(a, other)
	}
	chance := form{Name: formRandom, Columns: b.randomColumns(items, len(a.Columns))}
	if err := b.reconstruct(ctx, schemeRandom, chance, random, randomPrint); err != nil {
		return err
	}
	family, familyPrint, err := b.split(ctx, schemeFamily)
	if err != nil {
		return err
	}
	_, err = b.distil(ctx, schemeFamily, "A", columns, family, familyPrint)
	return err
}

// split divides the models that have a score.
func (b *builder) split(ctx context.Context, scheme string) (response.Split, string, error) {
	families := split.Families(b.data.Origins)
	key := []any{b.data.Fingerprint, b.opts.MinObserved, b.opts.shares(), b.opts.Seed, families}
	s, print, err := run(ctx, b.stages, "split "+scheme, key, func(func(int, int)) (response.Split, error) {
		return splitScored(b.data.Scores, families, scheme, b.opts)
	})
	if err == nil {
		b.splitRows(scheme, s, families)
	}
	return s, print, err
}

// splitScored splits the rows with a score; the others belong to no part.
func splitScored(scores []float64, families []string, scheme string, opts Options) (response.Split, error) {
	var rows []int
	var known []float64
	var labels []string
	for i, y := range scores {
		if !math.IsNaN(y) {
			rows, known, labels = append(rows, i), append(known, y), append(labels, families[i])
		}
	}
	var s response.Split
	var err error
	if scheme == schemeFamily {
		s, err = split.Grouped(labels, opts.shares(), opts.Seed)
	} else {
		s, err = split.Stratified(known, opts.shares(), opts.Seed)
	}
	for _, part := range [][]int{s.Train.Rows, s.Validation.Rows, s.Test.Rows} {
		for k, i := range part {
			part[k] = rows[i]
		}
		if err == nil && len(part) == 0 {
			err = fmt.Errorf("the %s split of %d models leaves a part without any; add models or change build.test_share and build.validation_share", scheme, len(rows))
		}
	}
	return s, err
}

// distil selects a form from the columns and fits its reconstruction, all on one
// split. Results other than errors are kept of the random scheme only.
func (b *builder) distil(ctx context.Context, scheme, name string, columns []int, s response.Split, splitPrint string) (form, error) {
	title := func(stage string) string { return stage + " " + name + " " + scheme }
	preselected, print, err := run(ctx, b.stages, title("preselect"), []any{splitPrint, columns, b.opts.Preselect, b.opts.Subsets, b.opts.Seed},
		func(report func(int, int)) ([]int, error) { return b.preselect(ctx, columns, s, report) })
	if err != nil {
		return form{}, err
	}
	fits, print, err := run(ctx, b.stages, title("calibrate"), print, func(report func(int, int)) ([]fitted, error) {
		return fitAll(ctx, b.data.Table, preselected, s.Train, b.opts.Workers, report)
	})
	if err != nil {
		return form{}, err
	}
	f, print, err := run(ctx, b.stages, title("select"), []any{print, b.opts.Items, b.opts.Lambda}, func(report func(int, int)) (form, error) {
		return selectForm(ctx, name, b.data, preselected, fits, s, b.opts, report)
	})
	if err != nil {
		return form{}, err
	}
	if scheme == schemeRandom {
		fitRows(b.set, "form "+name, b.data.Table, preselected, fits)
		b.set.Selected = append(b.set.Selected, f.rows(b.data.Table.Items)...)
		b.set.Searches = append(b.set.Searches, f.Searches...)
		b.forms = append(b.forms, Form{Name: name, Columns: f.Columns})
	}
	if err := b.ability(ctx, scheme, f, s); err != nil {
		return form{}, err
	}
	return f, b.reconstruct(ctx, scheme, f, s, print)
}

// preselect keeps the random subset that reconstructs scores best, where there are
// more columns than the search is to judge.
func (b *builder) preselect(ctx context.Context, columns []int, s response.Split, report func(done, total int)) ([]int, error) {
	if len(columns) <= b.opts.Preselect {
		return columns, nil
	}
	sample, err := distill.NewSample(b.data.Table.Answers, b.data.Scores, s.Train)
	if err != nil {
		return nil, err
	}
	best, err := distill.RandomSubsets(ctx, sample.Only(columns), distill.SubsetOptions{
		Size: b.opts.Preselect, Subsets: b.opts.Subsets, Seed: b.opts.Seed, Workers: workers(b.opts.Workers), Progress: report,
	})
	if err != nil {
		return nil, err
	}
	return best.Items, nil
}

// ability measures the error of the plain method: a smooth of the ability on the
// form's items.
func (b *builder) ability(ctx context.Context, scheme string, f form, s response.Split) error {
	scores, err := f.byAbility(ctx, b.data, s.Train, s.Test.Rows)
	if err != nil {
		return fmt.Errorf("ability smooth of %s, form %s: %w", b.data.Table.Benchmark, f.Name, err)
	}
	predictions := make([]reconstruct.Prediction, len(scores))
	for k, y := range scores {
		predictions[k] = reconstruct.Prediction{Benchmark: b.data.Table.Benchmark, Score: y}
	}
	b.testRows(identity{b.data.Table.Benchmark, f.Name, "ability smooth", scheme, len(f.Columns)}, s.Test, predictions)
	return nil
}

// reconstruct fits a form's reconstruction and measures its error.
func (b *builder) reconstruct(ctx context.Context, scheme string, f form, s response.Split, print string) error {
	in := b.data.input(f.Columns)
	r, _, err := run(ctx, b.stages, "reconstruct "+f.Name+" "+scheme, []any{print, f.Columns, b.opts.Seed},
		func(func(int, int)) (reconstruction, error) { return reconstructForm(ctx, in, s, b.opts) })
	if err != nil {
		return err
	}
	name := b.data.Table.Benchmark
	if scheme == schemeRandom {
		b.set.Models = append(b.set.Models, result.ReconstructionModel{
			Target: name, Form: f.Name, Method: methodProcess, Metric: b.data.Table.Metric, Chosen: f.Name != formRandom,
			Detail: fmt.Sprintf("Gaussian process on the answers to %d items of %d models", len(f.Columns), len(s.Train.Rows)+len(s.Validation.Rows)),
			Blob:   r.Model,
		})
	}
	predictions := make([]reconstruct.Prediction, len(r.Test))
	for k := range r.Test {
		predictions[k] = r.Test[k][0]
	}
	b.testRows(identity{name, f.Name, methodProcess, scheme, len(f.Columns)}, s.Test, predictions)
	return nil
}

func (b *builder) testRows(id identity, test response.TestSet, predictions []reconstruct.Prediction) {
	testRows(b.set, id, b.data.Table.Models, b.data.Scores, test, predictions)
}

// reliability compares the reconstructions by the two forms of the same test models.
func (b *builder) reliability(x, y form) {
	scores := map[string][]float64{}
	for _, p := range b.set.Predictions {
		if p.Scheme == schemeRandom && p.Method == methodProcess {
			scores[p.Form] = append(scores[p.Form], p.Predicted)
		}
	}
	r := distill.ReliabilityOf(scores[x.Name], scores[y.Name])
	b.set.Forms = append(b.set.Forms, result.FormReliability{
		FormA: x.Name, FormB: y.Name, Models: r.Models, Correlation: r.Correlation, RMSD: r.RMSD,
	})
}

// splitRows describes a split as rows of results.
func (b *builder) splitRows(scheme string, s response.Split, families []string) {
	part := make([]string, len(b.data.Table.Models))
	for i := range part {
		part[i] = "none" // no score to learn from or to test against
	}
	for name, rows := range map[string][]int{"train": s.Train.Rows, "validation": s.Validation.Rows, "test": s.Test.Rows} {
		for _, i := range rows {
			part[i] = name
		}
	}
	for i, model := range b.data.Table.Models {
		b.set.Splits = append(b.set.Splits, result.Split{Scheme: scheme, Model: model, Part: part[i], Family: families[i]})
	}
}

// randomColumns draws n of the items.
func (b *builder) randomColumns(items, n int) []int {
	h := fnv.New64a()
	h.Write([]byte(b.data.Table.Benchmark + " random items")) // never fails
	return rand.New(rand.NewPCG(b.opts.Seed, h.Sum64())).Perm(items)[:n]
}
