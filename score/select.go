package score

import (
	"fmt"
	"slices"

	"metabench/harness"
)

// MissingQuestionsError says that the texts of selected items were not found.
type MissingQuestionsError struct {
	Benchmark string
	Items     []string
	Selected  int
}

func (e *MissingQuestionsError) Error() string {
	return fmt.Sprintf("export harness: the questions of %d of %d selected items of %s are in none of the logs, such as item %q: give logs that hold them",
		len(e.Items), e.Selected, e.Benchmark, e.Items[0])
}

// Select picks the bundle's items out of sets of questions, in the order of the
// bundle, and adds what the bundle knows of them. It returns a
// *MissingQuestionsError if there is no question to an item.
func (b *Bundle) Select(found []harness.QuestionSet) ([]harness.QuestionSet, error) {
	sets := make([]harness.QuestionSet, 0, len(b.Benchmarks))
	for k := range b.Benchmarks {
		bench := &b.Benchmarks[k]
		set := harness.QuestionSet{Benchmark: bench.Name, Title: bench.Title, Metric: bench.Metric}
		byKey := map[string]harness.Question{}
		if at := slices.IndexFunc(found, func(s harness.QuestionSet) bool { return s.Benchmark == bench.Name }); at >= 0 {
			set.Style = found[at].Style
			for _, q := range found[at].Questions {
				byKey[q.Key] = q
			}
		}
		missing := &MissingQuestionsError{Benchmark: bench.Name, Selected: len(bench.Items)}
		for _, it := range bench.Items {
			q, ok := byKey[it.Key]
			if !ok {
				missing.Items = append(missing.Items, it.Key)
				continue
			}
			q.Hash = it.Hash
			set.Questions = append(set.Questions, q)
		}
		if len(missing.Items) > 0 {
			return nil, missing
		}
		sets = append(sets, set)
	}
	return sets, nil
}
