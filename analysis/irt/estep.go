package irt

import (
	"math"
	"slices"

	"metabench/analysis/internal/parallel"
)

const (
	patternBlock = 128  // patterns summed by one task
	chunkGroups  = 16   // groups whose tables are alive at once: 2 MB at 61 nodes
	negligible   = 46.0 // a posterior weight below exp(-46) = 1e-20 of the largest is taken as 0
	windowMargin = 80.0 // nodes above exp(-80) of the largest are looked at again
	maxLogit     = 300.0
)

// estep computes the marginal log-likelihood of the patterns and the expected
// counts of the items' answers at every node, given the items' curves:
//
//	ℓ = Σ_i w_i log Σ_q exp(v_q + Σ_j x_ij log P_jq + (1-x_ij) log Q_jq)
//	correct_jq = Σ_i w_i x_ij π_iq      (π_i: posterior of pattern i, sums to 1)
//	missing_jq = Σ_i w_i (1-o_ij) π_iq
//	total_q    = Σ_i w_i π_iq
//
// Both products with the binary matrix go through tables indexed by the answers to
// eight items at a time (the "method of four Russians"): one addition of a row
// stands for eight. Posteriors are narrow, so each pattern looks only at the window
// of nodes that mattered at the last full pass; what is left out is below the
// rounding error, and a window that turns out too small makes the pass full.
//
// Sums over patterns are made block by block or in the order of the patterns, never
// in that of the workers.
type estep struct {
	p       *patterns
	grid    Grid
	workers int

	logOdds []float64 // items (rounded up to groups) × nodes: log P - log Q
	logQ    []float64 // items × nodes
	base    []float64 // nodes: log weight + Σ_j log Q

	posterior []float64 // patterns × nodes, times the pattern's weight
	lo, hi    []int32   // nodes that are not negligible
	wlo, whi  []int32   // nodes looked at
	from      int       // first node of the tables
	width     int       // nodes of the tables
	tables    []float64 // chunkGroups × 256 × nodes
	mtables   []float64
	scratch   [][]float64 // per worker
	blockSum  []float64
	overflow  []bool // per block: a window was too small

	correct []float64 // items × nodes
	missing []float64 // items × nodes, nil if complete
	total   []float64 // nodes
}

func newEStep(p *patterns, grid Grid, workers int) *estep {
	q := len(grid.Nodes)
	padded := p.groups * groupSize
	blocks := (p.n + patternBlock - 1) / patternBlock
	e := &estep{
		p: p, grid: grid, workers: workers,
		logOdds: make([]float64, padded*q), logQ: make([]float64, padded*q), base: make([]float64, q),
		posterior: make([]float64, p.n*q),
		lo:        make([]int32, p.n), hi: make([]int32, p.n),
		wlo: make([]int32, p.n), whi: make([]int32, p.n),
		tables:   make([]float64, min(chunkGroups, p.groups)*256*q),
		scratch:  make([][]float64, workers),
		blockSum: make([]float64, blocks), overflow: make([]bool, blocks),
		correct: make([]float64, padded*q), total: make([]float64, q),
	}
	if p.missing != nil {
		e.mtables = make([]float64, len(e.tables))
		e.missing = make([]float64, padded*q)
	}
	for w := range e.scratch {
		e.scratch[w] = make([]float64, 2*256*q)
	}
	return e
}

// curves fills the tables of log-probabilities; fill does it for one item.
func (e *estep) curves(fill func(j int, logOdds, logQ []float64)) {
	q := len(e.grid.Nodes)
	parallel.Each(e.p.groups, e.workers, func(g, _ int) {
		for j := g * groupSize; j < min((g+1)*groupSize, e.p.items); j++ {
			fill(j, e.logOdds[j*q:(j+1)*q], e.logQ[j*q:(j+1)*q])
		}
	})
	copy(e.base, e.grid.LogWeight)
	for j := range e.p.items {
		add(e.base, e.logQ[j*q:(j+1)*q])
	}
}

// logCurve fills log P - log Q and log Q of an item at the nodes.
func logCurve(it Item, nodes, logOdds, logQ []float64) {
	for k, theta := range nodes {
		z := max(-maxLogit, min(maxLogit, it.A*theta+it.D))
		if it.G == 0 && it.U == 1 {
			logOdds[k], logQ[k] = z, logLogistic(-z)
			continue
		}
		s, c := logisticPair(z)
		logQ[k] = math.Log((1-it.G)*c + (1-it.U)*s)
		logOdds[k] = math.Log(it.G*c+it.U*s) - logQ[k]
	}
}

// run does the whole step for the given items and returns the log-likelihood. With
// full every node is looked at and the windows are drawn anew.
func (e *estep) run(items []Item, full bool) float64 {
	return e.runCurves(full, func(j int, logOdds, logQ []float64) {
		logCurve(items[j], e.grid.Nodes, logOdds, logQ)
	})
}

// runCurves is run for any curves: fill gives an item's log P - log Q and log Q at
// every node.
func (e *estep) runCurves(full bool, fill func(j int, logOdds, logQ []float64)) float64 {
	e.curves(fill)
	if full || !e.forward(false) {
		e.forward(true)
	}
	e.backward()
	sum := 0.0
	for _, s := range e.blockSum {
		sum += s
	}
	return sum
}

// forward computes the posteriors. It reports false if a window was too small.
func (e *estep) forward(full bool) bool {
	q := len(e.grid.Nodes)
	e.from, e.width = 0, q
	if !full {
		e.from, e.width = span(e.wlo, e.whi)
	}
	w := e.width
	for g0 := 0; g0 < e.p.groups; g0 += chunkGroups {
		g1 := min(g0+chunkGroups, e.p.groups)
		parallel.Each(g1-g0, e.workers, func(k, _ int) {
			at := (g0+k)*groupSize*q + e.from
			fillTable(e.tables[k*256*w:(k+1)*256*w], e.logOdds[at:], q, w)
			if e.mtables != nil {
				fillTable(e.mtables[k*256*w:(k+1)*256*w], e.logQ[at:], q, w)
			}
		})
		parallel.Each(len(e.blockSum), e.workers, func(block, _ int) {
			e.sumBlock(block, g0, g1, full)
		})
	}
	for _, over := range e.overflow {
		if over {
			return false
		}
	}
	return true
}

// sumBlock adds the groups g0 … g1-1 to the log-likelihoods of a block of patterns
// and, after the last group, turns them into posteriors.
func (e *estep) sumBlock(block, g0, g1 int, full bool) {
	q, w, groups := len(e.grid.Nodes), e.width, e.p.groups
	from, to := block*patternBlock, min((block+1)*patternBlock, e.p.n)
	sum := 0.0
	if g0 == 0 {
		e.overflow[block] = false
	}
	for i := from; i < to; i++ {
		lo, hi := 0, q
		if !full {
			lo, hi = int(e.wlo[i]), int(e.whi[i])
		}
		row := e.posterior[i*q+lo : i*q+hi]
		if g0 == 0 {
			copy(row, e.base[lo:hi])
		}
		bytes := e.p.correct[i*groups+g0 : i*groups+g1]
		k := 0
		for ; k+4 <= len(bytes); k += 4 {
			t := e.tables[k*256*w+lo-e.from:]
			add4(row,
				t[int(bytes[k])*w:],
				t[(256+int(bytes[k+1]))*w:],
				t[(512+int(bytes[k+2]))*w:],
				t[(768+int(bytes[k+3]))*w:])
		}
		for ; k < len(bytes); k++ {
			add(row, e.tables[(k*256+int(bytes[k]))*w+lo-e.from:])
		}
		if e.mtables != nil {
			for k, m := range e.p.missing[i*groups+g0 : i*groups+g1] {
				if m != 0 {
					subtract(row, e.mtables[(k*256+int(m))*w+lo-e.from:])
				}
			}
		}
		if g1 == groups {
			sum += e.p.weight[i] * e.normalise(i, lo, hi, full, block)
		}
	}
	e.blockSum[block] = sum
}

// normalise turns the log-likelihoods of pattern i at the nodes lo … hi-1 into
// posterior weights times the pattern's weight and returns the log-likelihood.
func (e *estep) normalise(i, lo, hi int, full bool, block int) float64 {
	q := len(e.grid.Nodes)
	row := e.posterior[i*q+lo : i*q+hi]
	most := math.Inf(-1)
	for _, v := range row {
		if v > most {
			most = v
		}
	}
	if full {
		a, b := rangeAbove(row, most-windowMargin)
		e.wlo[i], e.whi[i] = int32(a), int32(b)
	}
	a, b := rangeAbove(row, most-negligible)
	if !full && (a == 0 && lo > 0 || b == len(row) && hi < q) {
		e.overflow[block] = true
	}
	e.lo[i], e.hi[i] = int32(lo+a), int32(lo+b)
	row = row[a:b]
	sum := 0.0
	for k, v := range row {
		x := math.Exp(v - most)
		row[k] = x
		sum += x
	}
	scale := e.p.weight[i] / sum
	for k := range row {
		row[k] *= scale
	}
	return most + math.Log(sum)
}

// rangeAbove returns the smallest range that holds every value above the threshold.
func rangeAbove(row []float64, threshold float64) (lo, hi int) {
	hi = len(row)
	for lo < hi-1 && !(row[lo] > threshold) {
		lo++
	}
	for hi > lo+1 && !(row[hi-1] > threshold) {
		hi--
	}
	return lo, hi
}

// backward computes the expected counts from the posteriors.
func (e *estep) backward() {
	e.backwardFrom(e.posterior, e.workers, func(worker int) []float64 { return e.scratch[worker] },
		e.correct, e.missing, e.total)
}

// backwardFrom adds up weights of patterns × nodes into items × nodes: over the
// correct answers and, if there are any, over the missing ones. A task owns two
// groups of items and goes through all patterns in order. tables gives each worker
// room for two tables.
func (e *estep) backwardFrom(weights []float64, workers int, tables func(worker int) []float64, correct, missing, total []float64) {
	q := len(e.grid.Nodes)
	from, w := span(e.lo, e.hi)
	clear(total)
	parallel.Each((e.p.groups+1)/2, workers, func(t, worker int) {
		g := 2 * t
		room := tables(worker)
		first, second := room[:256*w], room[256*w:2*256*w]
		e.collect(weights, e.p.correctBy, g, from, w, first, second)
		if g == 0 {
			for b := range 256 {
				add(total[from:from+w], first[b*w:(b+1)*w])
			}
		}
		foldTable(first, correct[g*groupSize*q:], q, from, w)
		if g+1 < e.p.groups {
			foldTable(second, correct[(g+1)*groupSize*q:], q, from, w)
		}
		if missing == nil {
			return
		}
		e.collect(weights, e.p.missingBy, g, from, w, first, second)
		foldTable(first, missing[g*groupSize*q:], q, from, w)
		if g+1 < e.p.groups {
			foldTable(second, missing[(g+1)*groupSize*q:], q, from, w)
		}
	})
}

// collect adds up the weights of all patterns with the same byte in group g, and in
// group g+1 if there is one, over w nodes from the given one.
func (e *estep) collect(weights []float64, bytes []uint8, g, from, w int, first, second []float64) {
	n, q := e.p.n, len(e.grid.Nodes)
	clear(first)
	a := bytes[g*n : (g+1)*n]
	if g+1 == e.p.groups {
		for i, k := range a {
			lo, hi := int(e.lo[i]), int(e.hi[i])
			at := int(k)*w - from
			add(first[at+lo:at+hi], weights[i*q+lo:])
		}
		return
	}
	clear(second)
	b := bytes[(g+1)*n : (g+2)*n]
	for i, k := range a {
		lo, hi := int(e.lo[i]), int(e.hi[i])
		addBoth(weights[i*q+lo:i*q+hi], first[int(k)*w+lo-from:], second[int(b[i])*w+lo-from:])
	}
}

// span returns the first node and the number of nodes that hold all windows.
func span(lo, hi []int32) (from, width int) {
	a, b := slices.Min(lo), slices.Max(hi)
	return int(a), int(b - a)
}

// fillTable sets row k of the table, w numbers wide, to the sum of the rows b of src
// with bit b of k set. Rows of src are q apart.
func fillTable(table, src []float64, q, w int) {
	clear(table[:w])
	for b := range groupSize {
		row := src[b*q : b*q+w]
		for k := range 1 << b {
			from := table[k*w : (k+1)*w]
			to := table[(k+1<<b)*w:]
			to = to[:len(from)]
			for i, v := range from {
				to[i] = v + row[i]
			}
		}
	}
}

// foldTable is the transpose of fillTable: row b of dst, q numbers wide, becomes the
// sum of the table's rows with bit b set, w numbers wide and put from the given one.
// The table is destroyed.
func foldTable(table, dst []float64, q, from, w int) {
	for b := groupSize - 1; b >= 0; b-- {
		clear(dst[b*q : (b+1)*q])
		out := dst[b*q+from : b*q+from+w]
		for k := range 1 << b {
			low := table[k*w : (k+1)*w]
			high := table[(k+1<<b)*w:]
			high = high[:len(low)]
			for i, v := range high {
				low[i] += v
				out[i] += v
			}
		}
	}
}

func add(dst, a []float64) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] += a[i]
	}
}

func subtract(dst, a []float64) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] -= a[i]
	}
}

func add4(dst, a, b, c, d []float64) {
	n := len(dst)
	a, b, c, d = a[:n], b[:n], c[:n], d[:n]
	for i := range dst {
		dst[i] += (a[i] + b[i]) + (c[i] + d[i])
	}
}

func addBoth(src, a, b []float64) {
	n := len(src)
	a, b = a[:n], b[:n]
	for i, v := range src {
		a[i] += v
		b[i] += v
	}
}
