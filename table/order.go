package table

import (
	"slices"

	"metabench/corpus"
)

// sortKeys returns the indexes of item keys in the order of the keys, which doesn't depend
// on the order of the rows.
func sortKeys(keys []string) []int {
	order := make([]int, len(keys))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int { return corpus.CompareKeys(keys[a], keys[b]) })
	return order
}
