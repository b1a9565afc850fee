package irt

import (
	"cmp"
	"math/bits"
	"slices"

	"metabench/analysis/response"
)

// groupSize is the number of items whose answers make one byte, the index into a
// table of 256 sums.
const groupSize = 8

// patterns are the distinct rows of a response matrix with the number of models
// that share each. Rows are sorted by their number of correct answers and then by
// content, so that every sum over them has the same order however the models came.
//
// The bytes hold the answers of eight items each, once row by row for the sums
// over items and once group by group for the sums over models. missing planes are
// nil if every answer was observed.
type patterns struct {
	n, items, groups int
	weight           []float64 // models that share the pattern
	of               []int     // pattern of each model
	correct, missing []uint8   // n × groups
	correctBy        []uint8   // groups × n
	missingBy        []uint8   // groups × n
}

func newPatterns(m *response.Matrix) *patterns {
	models, items := m.Dims()
	score := make([]int, models)
	order := make([]int, models)
	for i := range order {
		order[i] = i
		score[i], _ = m.Counts(i)
	}
	compare := func(a, b int) int {
		return cmp.Or(
			cmp.Compare(score[a], score[b]),
			slices.Compare(m.CorrectWords(a), m.CorrectWords(b)),
			slices.Compare(m.ObservedWords(a), m.ObservedWords(b)),
		)
	}
	slices.SortFunc(order, compare)

	p := &patterns{items: items, groups: (items + groupSize - 1) / groupSize, of: make([]int, models)}
	first := make([]int, 0, models) // a model of each pattern
	for k, i := range order {
		if k == 0 || compare(order[k-1], i) != 0 {
			first = append(first, i)
			p.weight = append(p.weight, 0)
		}
		p.of[i] = len(first) - 1
		p.weight[len(first)-1]++
	}
	p.n = len(first)
	p.correct = make([]uint8, p.n*p.groups)
	p.missing = make([]uint8, p.n*p.groups)
	complete := true
	for k, i := range first {
		correct, observed := m.CorrectWords(i), m.ObservedWords(i)
		for g := range p.groups {
			word, shift := g/8, uint(g%8*8)
			all := uint8(0xff) >> max(0, (g+1)*groupSize-items)
			p.correct[k*p.groups+g] = uint8(correct[word] >> shift)
			miss := all &^ uint8(observed[word]>>shift)
			p.missing[k*p.groups+g] = miss
			complete = complete && miss == 0
		}
	}
	p.correctBy = transposeBytes(p.correct, p.n, p.groups)
	if complete {
		p.missing = nil
	} else {
		p.missingBy = transposeBytes(p.missing, p.n, p.groups)
	}
	return p
}

func transposeBytes(src []uint8, rows, cols int) []uint8 {
	dst := make([]uint8, len(src))
	for i := range rows {
		for j := range cols {
			dst[j*rows+i] = src[i*cols+j]
		}
	}
	return dst
}

// counts returns, per item, the number of models that answered it and of those
// that answered correctly.
func (p *patterns) counts() (answered, correct []float64) {
	answered, correct = make([]float64, p.items), make([]float64, p.items)
	for k, w := range p.weight {
		for j := range p.items {
			at := k*p.groups + j/groupSize
			bit := uint8(1) << (j % groupSize)
			if p.missing == nil || p.missing[at]&bit == 0 {
				answered[j] += w
			}
			if p.correct[at]&bit != 0 {
				correct[j] += w
			}
		}
	}
	return answered, correct
}

// scores returns each pattern's share of correct answers among those it has to the
// items of the mask; ½ if it has none.
func (p *patterns) scores(mask []uint8) []float64 {
	score := make([]float64, p.n)
	for i := range score {
		answered, correct := 0, 0
		for g, use := range mask {
			at := i*p.groups + g
			if p.missing != nil {
				use &^= p.missing[at]
			}
			answered += bits.OnesCount8(use)
			correct += bits.OnesCount8(use & p.correct[at])
		}
		score[i] = 0.5
		if answered > 0 {
			score[i] = float64(correct) / float64(answered)
		}
	}
	return score
}
