package table

import (
	"slices"

	"metabench/corpus"
)

// sortKeys orders item keys and returns, for each place, which key goes there. The
// order depends on the keys alone, never on how the rows were shuffled.
func sortKeys(keys []string) []int {
	order := make([]int, len(keys))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int { return compareKeys(keys[a], keys[b]) })
	return order
}

func compareKeys(a, b string) int { return corpus.CompareKeys(a, b) }
