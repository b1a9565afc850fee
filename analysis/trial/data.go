// Package trial tries methods of estimating scores on models that they have not seen:
// at random, of other families, or better or worse than all that was learned from. The
// answers are divided by a Split, each method of package rival learns from one part and
// estimates the other, and the errors are reported overall, by score, and by how far a model
// is from the nearest one that was learned from.
package trial

import (
	"cmp"
	"hash/fnv"
	"slices"

	"metabench/analysis/response"
)

// Data are the answers of models to a benchmark, with each model's score and what else is
// known of it.
type Data struct {
	Table  *response.Table
	Scores []float64           // points: share of correct answers among those known
	Labels map[string][]string // by column of the file: one label a model
}

// NewData takes a table of answers and labels of its models. Models without an answer
// are left out: they have no score. The others are ordered by score and answers, so that
// neither names nor the order of a file decide anything.
func NewData(t *response.Table, labels map[string][]string) *Data {
	var rows []int
	scores, prints := make([]float64, len(t.Models)), make([]uint64, len(t.Models))
	for i := range t.Models {
		right, seen := t.Answers.Counts(i)
		if seen == 0 {
			continue
		}
		rows = append(rows, i)
		scores[i], prints[i] = 100*float64(right)/float64(seen), print(t.Answers, i)
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[a], scores[b]), cmp.Compare(prints[a], prints[b]))
	})
	d := &Data{Table: t.SelectModels(rows), Labels: map[string][]string{}}
	for _, i := range rows {
		d.Scores = append(d.Scores, scores[i])
	}
	for name, all := range labels {
		for _, i := range rows {
			d.Labels[name] = append(d.Labels[name], all[i])
		}
	}
	return d
}

// print is a hash of a model's answers.
func print(m *response.Matrix, model int) uint64 {
	h := fnv.New64a()
	_, items := m.Dims()
	row := make([]byte, items)
	for j := range row {
		row[j] = byte(min(m.At(model, j), 2)) // splits stay as they are
	}
	_, _ = h.Write(row) // never fails
	return h.Sum64()
}
