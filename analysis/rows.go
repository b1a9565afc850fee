package analysis

import (
	"fmt"
	"hash/fnv"
	"math"
	"strconv"

	"gonum.org/v1/gonum/stat"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// reconstructionRows describes a form's reconstruction as rows of results.
func (b *builder) reconstructionRows(p dataSplit, f form, r reconstruction) {
	name := b.data.Table.Benchmark
	if p.scheme == schemeRandom {
		b.set.Models = append(b.set.Models, result.ReconstructionModel{
			Target: name, Form: f.Name, Method: methodProcess, Metric: b.data.Table.Metric, Chosen: true,
			Detail: fmt.Sprintf("Gaussian process on the answers to %d items of %d models", len(f.Columns), r.Fitted),
			Blob:   r.Model,
		})
	}
	predictions := make([]reconstruct.Prediction, len(r.Test))
	for k := range r.Test {
		predictions[k] = r.Test[k][0]
	}
	id := identity{name, f.Name, methodProcess, p.scheme, len(f.Columns)}
	b.testRows(p, id, predictions)
	if b.data.TaskMeans != nil {
		taskMeanRows(b.set, id, b.data.Table.Models, p.data.TaskMeans, p.Test, predictions)
	}
	if p.scheme == schemeRandom {
		seenRows(b.set, id, b.data.Table.Models, p.data.Scores, p.Split, r.Seen, 0)
	}
}

func (b *builder) testRows(p dataSplit, id identity, predictions []reconstruct.Prediction) {
	testRows(b.set, id, b.data.Table.Models, p.data.Scores, p.Test, predictions)
}

// randomRows describes the errors of as many random items as a form has as rows of results:
// their means over the draws, and their standard deviations.
func (b *builder) randomRows(f Form, items int, draws []reconstruct.Metrics) {
	if len(draws) == 0 {
		return
	}
	of := func(value func(reconstruct.Metrics) float64) (mean, sd float64) {
		values := make([]float64, len(draws))
		for k, m := range draws {
			values[k] = value(m)
		}
		return stat.MeanStdDev(values, nil)
	}
	nan := math.NaN()
	row := result.Metric{Target: b.data.Table.Benchmark, Form: string(result.RandomForm(result.FormName(f.Name))), Method: methodProcess, Scheme: schemeRandom,
		Part: partTest, Group: string(result.GroupAll), Models: draws[0].N, Items: items, Coverage: nan, Width: nan}
	spread := row
	spread.Group = string(result.GroupSpread)
	row.RMSE, spread.RMSE = of(func(m reconstruct.Metrics) float64 { return m.RMSE })
	row.MAE, spread.MAE = of(func(m reconstruct.Metrics) float64 { return m.MAE })
	row.Bias, spread.Bias = of(func(m reconstruct.Metrics) float64 { return m.Bias })
	row.Spearman, spread.Spearman = of(func(m reconstruct.Metrics) float64 { return m.Spearman })
	b.set.Metrics = append(b.set.Metrics, row, spread)
}

// reliability compares the reconstructions by two forms of the same test models.
func (b *builder) reliability(x, y string) {
	scores := map[string][]float64{}
	for _, p := range b.set.Predictions {
		if p.Scheme == schemeRandom && p.Method == methodProcess && p.Part == partTest && p.Target == b.data.Table.Benchmark {
			scores[p.Form] = append(scores[p.Form], p.Predicted)
		}
	}
	r := distill.ReliabilityOf(scores[x], scores[y])
	b.set.Forms = append(b.set.Forms, result.FormReliability{
		FormA: x, FormB: y, Models: r.Models, Correlation: r.Correlation, RMSD: r.RMSD,
	})
}

// splitRows describes a split as rows of results.
func (b *builder) splitRows(scheme string, s response.Split, p suiteSplit) {
	models := b.data.Table.Models
	part := make([]string, len(models))
	for i := range part {
		part[i] = partNone
	}
	for name, rows := range map[string][]int{partTrain: s.Train.Rows, partValidation: s.Validation.Rows, partTest: s.Test.Rows} {
		for _, i := range rows {
			part[i] = name
		}
	}
	for i, model := range models {
		b.set.Splits = append(b.set.Splits, result.Split{Scheme: scheme, Model: model, Part: part[i], Family: p.Family[model]})
	}
}

// finite returns numbers for JSON, which has no NaN and no infinity: these become text.
func finite(xs []float64) []any {
	out := make([]any, len(xs))
	for i, x := range xs {
		out[i] = x
		if math.IsNaN(x) || math.IsInf(x, 0) {
			out[i] = strconv.FormatFloat(x, 'g', -1, 64)
		}
	}
	return out
}

// streamOf returns the number of the random stream for a purpose: a hash of its names.
func streamOf(names ...string) uint64 {
	h := fnv.New64a()
	for _, n := range names {
		h.Write([]byte(n)) // never fails
		h.Write([]byte{0})
	}
	return h.Sum64()
}
