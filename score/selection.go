package score

import "metabench/harness"

// Selection is the bundle's items by benchmark, in their order and without texts.
func (b *Bundle) Selection() []harness.QuestionSet {
	sets := make([]harness.QuestionSet, 0, len(b.Benchmarks))
	for _, of := range b.Benchmarks {
		set := harness.QuestionSet{Benchmark: of.Name, Title: of.Title, Metric: of.Metric}
		for _, it := range of.Items {
			set.Questions = append(set.Questions, harness.Question{Key: it.Key, Hash: it.Hash})
		}
		sets = append(sets, set)
	}
	return sets
}
