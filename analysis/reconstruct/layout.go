package reconstruct

import (
	"math/bits"

	"metabench/analysis/response"
)

// layout says where in a row of words the answers to the items of all benchmarks are.
// Each benchmark starts at a word of its own, so that words can be compared
// without masks.
type layout struct {
	items []int // selected items of each benchmark
	first []int // first word of each benchmark; one more at the end
}

func newLayout(items []int) layout {
	l := layout{items: items, first: make([]int, len(items)+1)}
	for g, n := range items {
		l.first[g+1] = l.first[g] + (n+63)/64
	}
	return l
}

func (l layout) groups() int { return len(l.items) }

func (l layout) words() int { return l.first[len(l.items)] }

// sheet is one model's answers in a layout. Bits of correct outside observed are
// zero, and so are unused bits.
type sheet struct{ correct, observed []uint64 }

func (l layout) sheet() sheet {
	return sheet{correct: make([]uint64, l.words()), observed: make([]uint64, l.words())}
}

// set stores the answer to item j of benchmark g.
func (l layout) set(s sheet, g, j int, a response.Answer) {
	w, bit := l.first[g]+j/64, uint64(1)<<(j%64)
	if a == response.Missing {
		return
	}
	s.observed[w] |= bit
	if a == response.Correct {
		s.correct[w] |= bit
	}
}

// missing counts the items of benchmark g without an answer.
func (l layout) missing(s sheet, g int) int {
	n := l.items[g]
	for _, w := range s.observed[l.first[g]:l.first[g+1]] {
		n -= bits.OnesCount64(w)
	}
	return n
}

// row returns the answers of one row of an input.
func (l layout) row(in *Input, i int) sheet {
	s := l.sheet()
	for g := range in.Benchmarks {
		copy(s.correct[l.first[g]:], in.Benchmarks[g].Answers.CorrectWords(i))
		copy(s.observed[l.first[g]:], in.Benchmarks[g].Answers.ObservedWords(i))
	}
	return s
}

// shares fills u with the share of correct answers in each benchmark.
func (l layout) shares(correct []uint64, u []float64) {
	for g := range u {
		n := 0
		for _, w := range correct[l.first[g]:l.first[g+1]] {
			n += bits.OnesCount64(w)
		}
		u[g] = float64(n) / float64(l.items[g])
	}
}

// distances fills h with the number of items of each benchmark that two models
// answered differently.
func (l layout) distances(a, b []uint64, h []int) {
	for g := range h {
		n := 0
		for w := l.first[g]; w < l.first[g+1]; w++ {
			n += bits.OnesCount64(a[w] ^ b[w])
		}
		h[g] = n
	}
}

// missingAny reports whether any answer is missing.
func (l layout) missingAny(s sheet) bool {
	for g := range l.items {
		if l.missing(s, g) > 0 {
			return true
		}
	}
	return false
}
