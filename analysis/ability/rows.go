package ability

import (
	"context"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

const (
	groupSize  = 8    // items of one byte table
	chunk      = 8    // groups whose tables are alive at once
	superblock = 2048 // models whose rows are alive at once
	block      = 64   // models done by one task
	fewModels  = 128  // below this a table of sums costs more than it saves
)

// rows computes the log-likelihood of every model at the nodes, with the offset
// added, and calls done once a model. done may be called by several goroutines.
//
// Sums over eight items at a time come from a table of all 256 subsets (the "method
// of four Russians"), so that one addition of a row stands for eight. For a few
// models the subsets are summed directly, in the same order: a model's row does not
// depend on its company.
func (s *Scorer) rows(ctx context.Context, m *response.Matrix, done func(model int, row []float64, p pattern)) error {
	models, _ := m.Dims()
	for first := 0; first < models; first += superblock {
		n := min(superblock, models-first)
		r := &rowBlock{s: s, m: m, first: first, n: n, q: len(s.grid)}
		if err := r.fill(ctx); err != nil {
			return err
		}
		err := parallel.Until(ctx, (n+block-1)/block, s.workers, func(t, _ int) {
			for i := t * block; i < min(n, (t+1)*block); i++ {
				done(first+i, r.row[i*r.q:(i+1)*r.q], r.patterns[i])
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rowBlock is the rows of up to superblock models in the making.
type rowBlock struct {
	s        *Scorer
	m        *response.Matrix
	first, n int
	q        int
	patterns []pattern
	row      []float64 // n × q
	complete bool      // some row has no missing answer
	gaps     bool      // some row has
}

func (r *rowBlock) fill(ctx context.Context) error {
	r.patterns = make([]pattern, r.n)
	r.row = make([]float64, r.n*r.q)
	_, items := r.m.Dims()
	for i := range r.n {
		_, answered := r.m.Counts(r.first + i)
		r.patterns[i] = pattern{r.m.CorrectWords(r.first + i), r.m.ObservedWords(r.first + i), answered}
		offset := r.s.curve.offset
		if answered == items {
			r.complete, offset = true, r.s.curve.wrong
		} else {
			r.gaps = true
		}
		copy(r.row[i*r.q:], offset)
	}
	groups := (items + groupSize - 1) / groupSize
	if r.n < fewModels {
		return parallel.Until(ctx, r.n, r.s.workers, func(i, _ int) { r.direct(i, groups, make([]float64, r.q)) })
	}
	return r.byTables(ctx, groups)
}

// byteOf returns the eight bits of group g of a plane.
func byteOf(words []uint64, g int) int {
	return int(words[g/8] >> (g % 8 * 8) & 0xff)
}

// direct sums a row without tables.
func (r *rowBlock) direct(i, groups int, sum []float64) {
	p, row := r.patterns[i], r.row[i*r.q:(i+1)*r.q]
	c := &r.s.curve
	_, items := r.m.Dims()
	for g := range groups {
		correct := byteOf(p.correct, g)
		if p.answered == items {
			addSubset(row, sum, c.odds, g, correct)
			continue
		}
		addSubset(row, sum, c.logP, g, correct)
		addSubset(row, sum, c.logQ, g, byteOf(p.observed, g)&^correct)
	}
}

// addSubset adds to row the sum of the values of a subset of group g's items.
func addSubset(row, sum, values []float64, g, subset int) {
	if subset == 0 {
		return
	}
	clear(sum)
	q := len(row)
	for b := range groupSize {
		if subset>>b&1 == 1 {
			at := (g*groupSize + b) * q
			add(sum, values[at:at+q])
		}
	}
	add(row, sum)
}

func (r *rowBlock) byTables(ctx context.Context, groups int) error {
	q, c := r.q, &r.s.curve
	_, items := r.m.Dims()
	kinds := make([][]float64, 0, 3) // odds, log P, log Q
	tables := make([][]float64, 3)
	for k, values := range [][]float64{c.odds, c.logP, c.logQ} {
		kinds = append(kinds, values)
		if k == 0 && r.complete || k > 0 && r.gaps {
			tables[k] = make([]float64, min(chunk, groups)*256*q)
		}
	}
	for g0 := 0; g0 < groups; g0 += chunk {
		g1 := min(g0+chunk, groups)
		err := parallel.Until(ctx, g1-g0, r.s.workers, func(k, _ int) {
			for kind, t := range tables {
				if t != nil {
					fillTable(t[k*256*q:(k+1)*256*q], kinds[kind], (g0+k)*groupSize, items, q)
				}
			}
		})
		if err != nil {
			return err
		}
		err = parallel.Until(ctx, (r.n+block-1)/block, r.s.workers, func(t, _ int) {
			for i := t * block; i < min(r.n, (t+1)*block); i++ {
				r.addGroups(i, g0, g1, tables)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// addGroups adds the sums of the groups g0 … g1-1 to row i.
func (r *rowBlock) addGroups(i, g0, g1 int, tables [][]float64) {
	q, p, row := r.q, r.patterns[i], r.row[i*r.q:(i+1)*r.q]
	_, items := r.m.Dims()
	g := g0
	if p.answered == items {
		// Four tables in one pass over the row: a third faster than one by one.
		for ; g+4 <= g1; g += 4 {
			t := tables[0][(g-g0)*256*q:]
			add4(row, t[byteOf(p.correct, g)*q:], t[(256+byteOf(p.correct, g+1))*q:],
				t[(512+byteOf(p.correct, g+2))*q:], t[(768+byteOf(p.correct, g+3))*q:])
		}
		for ; g < g1; g++ {
			add(row, tables[0][((g-g0)*256+byteOf(p.correct, g))*q:])
		}
		return
	}
	for ; g < g1; g++ {
		correct := byteOf(p.correct, g)
		if correct != 0 {
			add(row, tables[1][((g-g0)*256+correct)*q:])
		}
		if wrong := byteOf(p.observed, g) &^ correct; wrong != 0 {
			add(row, tables[2][((g-g0)*256+wrong)*q:])
		}
	}
}

// fillTable fills 256 rows of q sums, one for each subset of the items first …
// first+7; row b is row b without its highest bit plus that item.
func fillTable(table, values []float64, first, items, q int) {
	clear(table[:q])
	for b := range groupSize {
		high := 1 << b
		if first+b >= items {
			clear(table[high*q : 2*high*q]) // unused bits are never set
			continue
		}
		item := values[(first+b)*q : (first+b+1)*q]
		for sub := range high {
			from, to := table[sub*q:(sub+1)*q], table[(high+sub)*q:(high+sub+1)*q]
			for k, v := range from {
				to[k] = v + item[k]
			}
		}
	}
}

func add(dst, src []float64) {
	src = src[:len(dst)]
	for k := range dst {
		dst[k] += src[k]
	}
}

// add4 adds four rows one after another, so that the sum is that of four adds.
func add4(dst, a, b, c, d []float64) {
	a, b, c, d = a[:len(dst)], b[:len(dst)], c[:len(dst)], d[:len(dst)]
	for k, v := range dst {
		dst[k] = v + a[k] + b[k] + c[k] + d[k]
	}
}
