package ability

import "metabench/analysis/response"

// Running estimates the ability of one model while its answers come in one by one.
// An answer costs one addition a node, not a pass over all earlier answers. It is
// for one goroutine.
type Running struct {
	s          *Scorer
	row, work  []float64
	info, bias []float64 // WLE
	p          pattern
}

// Start returns a Running without answers. It panics for EAPSum, whose estimate
// depends on which other items were answered as a whole.
func (s *Scorer) Start() *Running {
	if s.method == EAPSum {
		panic("ability: EAPsum has no running estimate")
	}
	words := (len(s.items) + 63) / 64
	q := len(s.grid)
	r := &Running{s: s, row: make([]float64, q), work: make([]float64, q)}
	r.p.correct, r.p.observed = make([]uint64, words), make([]uint64, words)
	if s.method == WLE {
		r.info, r.bias = make([]float64, q), make([]float64, q)
	}
	r.Reset()
	return r
}

// Reset forgets all answers.
func (r *Running) Reset() {
	copy(r.row, r.s.curve.offset)
	clear(r.p.correct)
	clear(r.p.observed)
	r.p.answered = 0
	clear(r.info)
	clear(r.bias)
}

// At returns the answer to an item so far.
func (r *Running) At(item int) response.Answer {
	switch w, b := item/64, item%64; {
	case r.p.observed[w]>>b&1 == 0:
		return response.Missing
	case r.p.correct[w]>>b&1 == 1:
		return response.Correct
	}
	return response.Wrong
}

// Add takes in the answer to an item. It panics if the item was answered before.
func (r *Running) Add(item int, correct bool) {
	if r.At(item) != response.Missing {
		panic("ability: item answered twice")
	}
	r.p.observed[item/64] |= 1 << (item % 64)
	r.p.answered++
	q, logs := len(r.row), r.s.curve.logQ
	if correct {
		r.p.correct[item/64] |= 1 << (item % 64)
		logs = r.s.curve.logP
	}
	add(r.row, logs[item*q:(item+1)*q])
	if r.info != nil {
		add(r.info, r.s.warm.info[item*q:(item+1)*q])
		add(r.bias, r.s.warm.bias[item*q:(item+1)*q])
	}
}

// Estimate returns the ability given the answers so far: that of Scorer.Pattern, up
// to rounding.
func (r *Running) Estimate() Estimate {
	copy(r.work, r.row)
	if r.info != nil {
		return r.s.weighted(r.work, r.p, r.s.logWeight(r.p, r.info, r.bias))
	}
	return r.s.finish(r.work, r.p)
}
