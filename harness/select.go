package harness

import (
	"fmt"
	"slices"
)

// MissingQuestionsError says that the texts of selected items were not found.
type MissingQuestionsError struct {
	Benchmark string
	Items     []string
	Selected  int
}

func (e *MissingQuestionsError) Error() string {
	return fmt.Sprintf("export harness: the questions of %d of %d selected items of %s were not found, such as item %q: give logs that hold them",
		len(e.Items), e.Selected, e.Benchmark, e.Items[0])
}

// Select fills a selection of items, of which key and hash are known, with what was
// found of them. Order, titles, metrics and hashes are the selection's, styles and
// texts those of the questions found. It returns a *MissingQuestionsError if there is
// no question to an item.
func Select(selection, found []QuestionSet) ([]QuestionSet, error) {
	sets := make([]QuestionSet, 0, len(selection))
	for _, wanted := range selection {
		set := wanted
		set.Questions = nil
		byKey := map[string]Question{}
		if at := slices.IndexFunc(found, func(s QuestionSet) bool { return s.Benchmark == wanted.Benchmark }); at >= 0 {
			set.Style = found[at].Style
			for _, q := range found[at].Questions {
				byKey[q.Key] = q
			}
		}
		missing := &MissingQuestionsError{Benchmark: wanted.Benchmark, Selected: len(wanted.Questions)}
		for _, item := range wanted.Questions {
			q, ok := byKey[item.Key]
			if !ok {
				missing.Items = append(missing.Items, item.Key)
				continue
			}
			q.Hash = item.Hash
			set.Questions = append(set.Questions, q)
		}
		if len(missing.Items) > 0 {
			return nil, missing
		}
		sets = append(sets, set)
	}
	return sets, nil
}
