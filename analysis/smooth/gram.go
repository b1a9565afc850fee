package smooth

// accumulator sums the sparse cross products X'X and X'y of an additive model in
// B-spline coordinates. Column 0 of X is the intercept; term j has the columns
// start[j] … start[j+1]-1, of which a row touches four.
type accumulator struct {
	bases []Basis
	start []int
	p     int
	xx    []float64 // p × p; of blocks off the diagonal only the upper ones
	xy    []float64
	n     float64
	yy    float64
	at    []int // the row being added
	w     [][order]float64
}

func newAccumulator(bases []Basis) *accumulator {
	acc := &accumulator{bases: bases, start: make([]int, len(bases)+1), p: 1}
	for j, b := range bases {
		acc.start[j] = acc.p
		acc.p += b.K
	}
	acc.start[len(bases)] = acc.p
	acc.xx = make([]float64, acc.p*acc.p)
	acc.xy = make([]float64, acc.p)
	acc.at = make([]int, len(bases))
	acc.w = make([][order]float64, len(bases))
	return acc
}

// reset forgets all rows.
func (acc *accumulator) reset() {
	clear(acc.xx)
	clear(acc.xy)
	acc.n, acc.yy = 0, 0
}

// setTerm evaluates term j of the row to be added at x.
func (acc *accumulator) setTerm(j int, x float64) {
	first, w := acc.bases[j].At(x)
	acc.at[j], acc.w[j] = acc.start[j]+first, w
}

// add adds the row. It stands for weight observations with the same x, whose
// y add up to sum and whose y² to squares.
func (acc *accumulator) add(weight, sum, squares float64) {
	acc.n += weight
	acc.yy += squares
	acc.xx[0] += weight
	acc.xy[0] += sum
	for j, at := range acc.at {
		for s, ws := range acc.w[j] {
			scaled := weight * ws
			acc.xx[at+s] += scaled
			acc.xy[at+s] += sum * ws
			line := acc.xx[(at+s)*acc.p : (at+s+1)*acc.p]
			for l := j; l < len(acc.at); l++ {
				c, v := line[acc.at[l]:acc.at[l]+order], &acc.w[l]
				c[0] += scaled * v[0]
				c[1] += scaled * v[1]
				c[2] += scaled * v[2]
				c[3] += scaled * v[3]
			}
		}
	}
}

// gram holds the cross products in difference coordinates.
//
// A term Σ_k B_k(x) β_k is written as β = c·1 + s·t + C·e: a constant, a straight
// line with t_k = k - (K-1)/2, and the K-2 second differences e = D·β, where
// C_kd = max(k-d-1, 0) is the double sum (D·C = I). All constants together are the
// intercept. The penalty Σ λ_i β'D'diag(v_i)Dβ is diagonal in these coordinates,
// e'diag(V)e, and does not touch intercept and lines, which are therefore swept
// out once: the search for the smoothing parameters works on the differences only.
//
// Coordinates: 0 intercept, 1 … J lines, off[j] … off[j+1]-1 differences of term j.
type gram struct {
	fixed int // 1 + J
	size  int
	off   []int
	// After sweep of the fixed part f: a_ee = X_e'X_e - X_e'X_f (X_f'X_f)⁻¹ X_f'X_e,
	// a_fe = (X_f'X_f)⁻¹ X_f'X_e, a_ff = -(X_f'X_f)⁻¹; b and yy likewise.
	a      []float64
	b      []float64
	yy     float64
	rank   int // of the fixed part
	active []bool
	tmp    []float64
}

func newGram(acc *accumulator) *gram {
	g := &gram{fixed: 1 + len(acc.bases), off: make([]int, len(acc.bases)+1)}
	g.size = g.fixed
	for j, b := range acc.bases {
		g.off[j] = g.size
		g.size += b.K - 2
	}
	g.off[len(acc.bases)] = g.size
	g.a = make([]float64, g.size*g.size)
	g.b = make([]float64, g.size)
	g.tmp = make([]float64, g.size*acc.p)
	g.active = make([]bool, g.fixed)
	return g
}

// load turns the sums of acc into difference coordinates and sweeps out the fixed
// part.
func (g *gram) load(acc *accumulator) {
	p := acc.p
	for j := range acc.bases { // complete the lower blocks
		for r := acc.start[j]; r < acc.start[j+1]; r++ {
			acc.xx[r*p] = acc.xx[r]
			for c := acc.start[j+1]; c < p; c++ {
				acc.xx[c*p+r] = acc.xx[r*p+c]
			}
		}
	}
	// tmp = T'·xx, row by row; then a = tmp·T.
	g.transform(acc, func(k int) []float64 { return acc.xx[k*p : (k+1)*p] },
		func(d int) []float64 { return g.tmp[d*p : (d+1)*p] })
	for r := range g.size {
		g.transformVector(acc, g.a[r*g.size:(r+1)*g.size], g.tmp[r*p:(r+1)*p])
	}
	g.transformVector(acc, g.b, acc.xy)
	g.yy = acc.yy
	g.sweep()
}

// transform applies T' to rows: dst(d) = Σ_k T_kd src(k).
func (g *gram) transform(acc *accumulator, src, dst func(int) []float64) {
	copy(dst(0), src(0))
	run := make([]float64, acc.p)
	for j, basis := range acc.bases {
		line := dst(1 + j)
		clear(line)
		for k := range basis.K {
			t := float64(k) - float64(basis.K-1)/2
			for c, v := range src(acc.start[j] + k) {
				line[c] += t * v
			}
		}
		clear(run)
		for d := basis.K - 3; d >= 0; d-- {
			row := dst(g.off[j] + d)
			for c, v := range src(acc.start[j] + d + 2) {
				run[c] += v
				row[c] = run[c]
			}
			if d < basis.K-3 {
				for c, v := range dst(g.off[j] + d + 1) {
					row[c] += v
				}
			}
		}
	}
}

// transformVector is transform for one column.
func (g *gram) transformVector(acc *accumulator, dst, src []float64) {
	dst[0] = src[0]
	for j, basis := range acc.bases {
		s := src[acc.start[j]:acc.start[j+1]]
		line := 0.0
		for k, v := range s {
			line += (float64(k) - float64(basis.K-1)/2) * v
		}
		dst[1+j] = line
		e := dst[g.off[j]:g.off[j+1]]
		run, double := 0.0, 0.0
		for d := basis.K - 3; d >= 0; d-- {
			run += s[d+2]
			double += run
			e[d] = double
		}
	}
}

// redundant is the share of a fixed column's square that must be left after the
// columns before it are swept out; below it the column is one of their
// combinations and is dropped.
const redundant = 1e-9

// sweep applies the symmetric sweep operator (Goodnight 1979) to the fixed columns.
func (g *gram) sweep() {
	n := g.size
	var original [64]float64
	before := original[:0]
	for c := range g.fixed {
		before = append(before, g.a[c*n+c])
	}
	g.rank = 0
	for c := range g.fixed {
		pivotRow := g.a[c*n : (c+1)*n]
		pivot := pivotRow[c]
		g.active[c] = pivot > redundant*before[c]
		if !g.active[c] {
			continue
		}
		g.rank++
		inv := 1 / pivot
		bc := g.b[c]
		for i := range n {
			if i == c {
				continue
			}
			r := g.a[i*n : (i+1)*n]
			f := r[c] * inv
			if f == 0 {
				continue
			}
			for j, v := range pivotRow {
				r[j] -= f * v
			}
			g.b[i] -= f * bc
			r[c] = f
		}
		g.yy -= bc * bc * inv
		for j := range pivotRow {
			pivotRow[j] *= inv
		}
		pivotRow[c] = -inv
		g.b[c] = bc * inv
	}
	for c, active := range g.active {
		if active {
			continue
		}
		clear(g.a[c*n : (c+1)*n])
		for i := range n {
			g.a[i*n+c] = 0
		}
		g.b[c] = 0
	}
}
