package adaptive

import (
	"errors"
	"fmt"
	"math"

	"metabench/analysis/irt"
)

// Bank is the items a test chooses from. It is read-only after NewBank.
type Bank struct {
	Keys  []string // unique names
	Items []irt.Item

	index map[string]int
	curve expected
}

// NewBank returns a bank. It returns an error for no items, a name that is empty or
// occurs twice, and parameters that make no curve.
func NewBank(keys []string, items []irt.Item) (*Bank, error) {
	if len(items) == 0 {
		return nil, errors.New("item bank: no items")
	}
	if len(keys) != len(items) {
		return nil, fmt.Errorf("item bank: %d names for %d items", len(keys), len(items))
	}
	b := &Bank{Keys: keys, Items: items, index: make(map[string]int, len(items))}
	for j, key := range keys {
		if key == "" {
			return nil, fmt.Errorf("item bank: item %d has no name", j+1)
		}
		if _, ok := b.index[key]; ok {
			return nil, fmt.Errorf("item bank: item %q occurs twice", key)
		}
		b.index[key] = j
		if it := items[j]; !finite(it) || it.G < 0 || it.G >= it.U || it.U > 1 {
			return nil, fmt.Errorf("item bank: item %q: a %v, d %v, g %v, u %v: need finite numbers and 0 ≤ g < u ≤ 1",
				key, it.A, it.D, it.G, it.U)
		}
	}
	b.curve = newExpected(items)
	return b, nil
}

func finite(it irt.Item) bool {
	for _, v := range []float64{it.A, it.D, it.G, it.U} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// Index returns the position of the item with this name.
func (b *Bank) Index(key string) (int, bool) {
	j, ok := b.index[key]
	return j, ok
}

// The grid of abilities at which criteria and scores are tabulated: finer than any
// standard error that a test reaches.
const (
	gridLimit = 6.0
	gridStep  = 0.05
	gridNodes = 241
)

func gridTheta(k int) float64 { return gridStep * float64(k-gridNodes/2) }

// onGrid returns the node at or below θ and how far θ is on the way to the next, 0
// to 1. Beyond the grid it returns its end.
func onGrid(theta float64) (k int, way float64) {
	x := (max(-gridLimit, min(gridLimit, theta)) + gridLimit) / gridStep
	k = min(int(x), gridNodes-2)
	return k, x - float64(k)
}
