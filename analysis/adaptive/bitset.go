package adaptive

import (
	"math/bits"
	"slices"
)

// bitset is a set of item positions.
type bitset []uint64

func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }
func (b bitset) drop(i int)     { b[i/64] &^= 1 << (i % 64) }

// fill makes b the set 0 … n-1.
func (b bitset) fill(n int) {
	for w := range b {
		switch left := n - w*64; {
		case left >= 64:
			b[w] = ^uint64(0)
		case left > 0:
			b[w] = 1<<left - 1
		default:
			b[w] = 0
		}
	}
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// nthLargest returns the member of the set with the n-th largest value, 0 being the
// largest; of equals the first. It needs more than n members.
func (b bitset) nthLargest(value []float64, n int) int {
	var taken []int
	for {
		best := -1
		for w, word := range b {
			for ; word != 0; word &= word - 1 {
				j := w*64 + bits.TrailingZeros64(word)
				if (best < 0 || value[j] > value[best]) && !slices.Contains(taken, j) {
					best = j
				}
			}
		}
		if len(taken) == n {
			return best
		}
		taken = append(taken, best)
	}
}
