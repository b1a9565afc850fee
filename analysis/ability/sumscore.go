package ability

import (
	"context"
	"encoding/binary"
	"math"
	"sync"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// sumTable holds the estimate for every number of correct answers to a set of items.
type sumTable struct {
	s     *Scorer
	items []int
	bySum []Estimate // index: number of correct answers

	mu    sync.Mutex
	tiny  []bool // the sum's probability underflows at every node: not in bySum yet
	extra map[int]Estimate
}

// at returns the estimate of a sum. The rare sums whose probability underflows are
// costly, so they are only computed when asked for.
func (t *sumTable) at(sum int) Estimate {
	if !t.tiny[sum] {
		return t.bySum[sum]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.extra[sum]
	if !ok {
		e = t.s.tiltedEstimate(t.items, sum)
		t.extra[sum] = e
	}
	return e
}

// sumScores fills EAPsum estimates: the mean and SD of
//
//	p(θ | s) ∝ φ(θ) Σ_{x: Σx=s} Π_j P_j(θ)^x_j (1-P_j(θ))^(1-x_j)
//
// A model with missing answers is judged by the sum over the items it answered,
// among those items. Models that answered the same items share a table.
func (s *Scorer) sumScores(ctx context.Context, m *response.Matrix, out []Estimate) error {
	tables := &sumTables{s: s, of: make(map[string]*sumEntry)}
	return parallel.Until(ctx, (len(out)+block-1)/block, s.workers, func(t, _ int) {
		for i := t * block; i < min(len(out), (t+1)*block); i++ {
			correct, observed := m.Counts(i)
			table := s.sum
			if observed < len(s.items) {
				table = tables.get(m.ObservedWords(i))
			}
			out[i] = table.at(correct)
		}
	})
}

// maxSumTables bounds the tables kept at once; where every model has gaps of its
// own, keeping all of them would take models × items estimates.
const maxSumTables = 4096

// sumTables shares tables between the workers of one call.
type sumTables struct {
	s  *Scorer
	mu sync.Mutex
	of map[string]*sumEntry
}

type sumEntry struct {
	once  sync.Once
	table *sumTable
}

func (t *sumTables) get(observed []uint64) *sumTable {
	key := make([]byte, 0, 8*len(observed))
	for _, w := range observed {
		key = binary.LittleEndian.AppendUint64(key, w)
	}
	t.mu.Lock()
	e := t.of[string(key)]
	if e == nil {
		e = new(sumEntry)
		if len(t.of) < maxSumTables {
			t.of[string(key)] = e
		}
	}
	t.mu.Unlock()
	e.once.Do(func() {
		var items []int
		for j := range t.s.items {
			if observed[j/64]>>(j%64)&1 == 1 {
				items = append(items, j)
			}
		}
		e.table = t.s.newSumTable(items, 1)
	})
	return e.table
}

// newSumTable computes the estimate of every sum of the given items by the recursion
// of Lord and Wingersky (1984, Applied Psychological Measurement 8:453): with L_n(s)
// the probability at a node that s of the first n answers are correct,
//
//	L_n(s) = L_{n-1}(s) (1-P_n) + L_{n-1}(s-1) P_n
//
// All terms are positive, so nothing cancels; what underflows at every node is
// computed again by tilting.
func (s *Scorer) newSumTable(items []int, workers int) *sumTable {
	n, q := len(items), len(s.grid)
	like := make([]float64, (n+1)*q) // sums × nodes
	// Nodes are independent; a strip of them stays in the cache.
	strips := (q + stripNodes - 1) / stripNodes
	parallel.Each(strips, workers, func(strip, _ int) {
		lo := strip * stripNodes
		hi := min(q, lo+stripNodes)
		part := s.sumStrip(items, s.grid[lo:hi])
		for sum := range n + 1 {
			copy(like[sum*q+lo:sum*q+hi], part[sum*(hi-lo):(sum+1)*(hi-lo)])
		}
	})
	t := &sumTable{
		s: s, items: items, bySum: make([]Estimate, n+1),
		tiny: make([]bool, n+1), extra: make(map[int]Estimate),
	}
	logs := make([]float64, q)
	for sum := range t.bySum {
		most := 0.0
		for k, v := range like[sum*q : (sum+1)*q] {
			most = max(most, v)
			logs[k] = math.Log(v) + s.curve.offset[k]
		}
		if t.tiny[sum] = most < 1e-280; !t.tiny[sum] {
			t.bySum[sum], _ = moments(s.grid, logs)
		}
	}
	return t
}

// stripNodes is how many nodes the recursion takes at a time.
const stripNodes = 32

// sumStrip returns L(s) at the given nodes, sums × nodes.
func (s *Scorer) sumStrip(items []int, nodes []float64) []float64 {
	q := len(nodes)
	like := make([]float64, (len(items)+1)*q)
	for k := range q {
		like[k] = 1
	}
	p, c := make([]float64, q), make([]float64, q)
	for done, j := range items {
		it := s.items[j]
		for k, theta := range nodes {
			p[k], c[k] = it.Prob(theta), wrongProb(it.G, it.U, it.A*theta+it.D)
		}
		for sum := done + 1; sum > 0; sum-- {
			row, less := like[sum*q:(sum+1)*q], like[(sum-1)*q:sum*q]
			for k := range row {
				row[k] = row[k]*c[k] + less[k]*p[k]
			}
		}
		for k := range q {
			like[k] *= c[k]
		}
	}
	return like
}

// wrongProb returns 1-P = (1-g)(1-s) + (1-u)s without cancellation.
func wrongProb(g, u, z float64) float64 {
	e := math.Exp(-math.Abs(z))
	s := 1 / (1 + e)
	c := e * s
	if z < 0 {
		s, c = c, s
	}
	return (1-g)*c + (1-u)*s
}

// tiltedEstimate is the estimate of a sum computed without underflow.
func (s *Scorer) tiltedEstimate(items []int, sum int) Estimate {
	logs := make([]float64, len(s.grid))
	for k, theta := range s.grid {
		logs[k] = s.logSum(items, sum, theta) + s.curve.offset[k]
	}
	est, _ := moments(s.grid, logs)
	return est
}

// logSum returns the log-probability that exactly sum of the items are answered
// correctly at θ. Every P is tilted to P·e^λ/(1-P+P·e^λ), with λ such that sum is the
// expected number; the recursion then is far from underflow, and
//
//	L(s) = L_tilted(s) Π_j (1-P_j+P_j e^λ) e^(-λ s)
func (s *Scorer) logSum(items []int, sum int, theta float64) float64 {
	total, logits := 0.0, make([]float64, len(items))
	for k, j := range items {
		logP, logQ := s.items[j].LogProb(theta)
		logits[k] = logP - logQ
		switch sum {
		case 0:
			total += logQ
		case len(items):
			total += logP
		}
	}
	if sum == 0 || sum == len(items) {
		return total
	}
	lambda := tilt(logits, sum)
	like := make([]float64, sum+1)
	like[0] = 1
	logNorm := -lambda * float64(sum)
	for k, j := range items {
		_, logQ := s.items[j].LogProb(theta)
		z := logits[k] + lambda
		p := 1 / (1 + math.Exp(-z))
		c := 1 / (1 + math.Exp(z))
		logNorm += logQ + max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
		for n := min(k+1, sum); n > 0; n-- {
			like[n] = like[n]*c + like[n-1]*p
		}
		like[0] *= c
	}
	return math.Log(like[sum]) + logNorm
}

// tilt solves Σ 1/(1+exp(-(logit+λ))) = sum for λ by Newton steps in a bracket. Any λ
// gives the right answer, a good one avoids underflow.
func tilt(logits []float64, sum int) float64 {
	lo, hi := 0.0, 0.0
	for _, z := range logits {
		lo, hi = min(lo, -z), max(hi, -z)
	}
	n := float64(len(logits))
	lo, hi = lo-math.Log(n)-1, hi+math.Log(n)+1
	x := (lo + hi) / 2
	for range 60 {
		excess, slope := -float64(sum), 0.0
		for _, z := range logits {
			p := 1 / (1 + math.Exp(-(z + x)))
			excess += p
			slope += p * (1 - p)
		}
		if excess < 0 {
			lo = x
		} else {
			hi = x
		}
		next := x - excess/slope
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-x) < 1e-3 {
			return next
		}
		x = next
	}
	return x
}
