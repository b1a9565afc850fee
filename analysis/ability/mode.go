package ability

import "math"

const (
	coarseStep = 0.2   // between nodes, where the objective has one mode
	finestStep = 0.025 // between nodes, for steep items with asymptotes
	slackAim   = 0.3   // log units by which a mode may exceed the nodes beside it
	newtonStop = 1e-6  // a Newton step this small, in SE, is the last
)

// prepareMode sets up MAP (precision 1) and ML (precision 0) on [-limit, limit].
func (s *Scorer) prepareMode(precision, limit float64) {
	for step := coarseStep; ; step /= 2 {
		s.grid = equidistant(stepsOf(limit, step)+1, limit)
		s.curvature = newCurvature(s.items, s.grid, precision)
		if s.curvature.concave || step <= finestStep || worst(s.curvature.slack) <= slackAim {
			break
		}
	}
	offset := make([]float64, len(s.grid))
	for k, theta := range s.grid {
		offset[k] = -precision * theta * theta / 2
	}
	s.curve = newCurves(s.items, s.grid, offset)
}

func worst(slack []float64) float64 {
	most := 0.0
	for _, v := range slack {
		most = max(most, v)
	}
	return most
}

// mode returns the global maximum of
//
//	F(θ) = ℓ(θ) - θ²/2 (MAP), θ ∈ ℝ,   or   ℓ(θ) (ML), |θ| ≤ bound
//
// and SE = 1/√J, J the observed information: minus the second derivative there; but
// see estimate. row is F at the nodes.
//
// The posterior of a 2PL pattern has one mode, that of a 3PL or 4PL pattern can have
// several. Every cell between nodes that could hold a value above the best one seen,
// by its bound on the second derivative (see curvature), is searched by branch and bound down to
// intervals on which F is concave, and there by Newton steps that never leave the
// bracket. Beyond the grid F is bounded by the monotone limits of the curves and the
// prior; only if that bound exceeds the best value is it searched too.
func (s *Scorer) mode(row []float64, p pattern) Estimate {
	precision := s.precision()
	if p.answered == 0 {
		return s.estimate(0, precision)
	}
	f := search{s: s, p: p, precision: precision, best: math.Inf(-1)}
	k := f.bestNode(row)
	if s.curvature.concave {
		f.concave(row, k)
	} else {
		f.cells(row, k)
		f.beyond()
		f.polish()
	}
	_, second := f.slopes(f.at)
	return s.estimate(f.at, -second)
}

func (s *Scorer) precision() float64 {
	if s.method == MAP {
		return 1
	}
	return 0
}

// estimate is an ability with SE = 1/√information, but never more than what is known
// without any answer: the prior's 1, or the SD of a uniform distribution within the
// bounds. An SE that would be larger is marked as capped.
func (s *Scorer) estimate(theta, information float64) Estimate {
	limit := 1.0
	if s.method == ML || s.method == WLE {
		limit = s.bound / math.Sqrt(3)
	}
	if information*limit*limit >= 1 {
		return Estimate{Theta: theta, SE: 1 / math.Sqrt(information)}
	}
	return Estimate{Theta: theta, SE: limit, Capped: true}
}

// search is the state of one pattern's search.
type search struct {
	s         *Scorer
	p         pattern
	precision float64
	at, best  float64
	rough     bool // best is only a lower bound of F(at)
}

func (f *search) value(theta float64) float64 {
	return logLikelihood(f.s.items, f.p, theta) - f.precision*theta*theta/2
}

func (f *search) slopes(theta float64) (first, second float64) {
	first, second = slopes(f.s.items, f.p, theta)
	return first - f.precision*theta, second - f.precision
}

// bestNode returns the node with the largest value, of equals the one nearest to 0.
func (f *search) bestNode(row []float64) int {
	k := 0
	for i, v := range row {
		if v > row[k] || v == row[k] && math.Abs(f.s.grid[i]) < math.Abs(f.s.grid[k]) {
			k = i
		}
	}
	return k
}

// concave finds the only mode, next to the best node k or, for the last node,
// beyond it.
func (f *search) concave(row []float64, k int) {
	grid := f.s.grid
	last := len(grid) - 1
	if k > 0 && k < last {
		f.at = f.newton(grid[k-1], grid[k+1], peakThrough(grid, row, k))
		return
	}
	end, step := grid[k], grid[1]-grid[0]
	first, _ := f.slopes(end)
	inward := first > 0 == (k == 0)
	switch {
	case first == 0:
		f.at = end
	case inward && k == 0:
		f.at = f.newton(end, grid[1], end)
	case inward:
		f.at = f.newton(grid[last-1], end, end)
	case f.precision == 0:
		f.at = end // the likelihood still rises at the bound
	default:
		if k == 0 {
			step = -step
		}
		far := end + step
		for {
			next, _ := f.slopes(far)
			if next > 0 != (first > 0) {
				break
			}
			end, step = far, 2*step
			far = end + step
		}
		f.at = f.newton(min(end, far), max(end, far), end)
	}
}

// peakThrough returns the peak of the quartic through node k and two neighbours on each
// side, or of the parabola through it and its neighbours where that has none nearby.
func peakThrough(grid, row []float64, k int) float64 {
	step := grid[k+1] - grid[k]
	left, right := row[k]-row[k-1], row[k]-row[k+1]
	if left+right <= 0 {
		return grid[k]
	}
	parabola := (left - right) / (2 * (left + right))
	if k < 2 || k > len(grid)-3 {
		return grid[k] + step*parabola
	}
	// Derivatives at node k by central differences, in units of the step.
	far, near := row[k-2], row[k-1]
	near2, far2 := row[k+1], row[k+2]
	d1 := (far - 8*near + 8*near2 - far2) / 12
	d2 := (-far + 16*near - 30*row[k] + 16*near2 - far2) / 12
	d3 := (-far + 2*near - 2*near2 + far2) / 2
	d4 := far - 4*near + 6*row[k] - 4*near2 + far2
	t := parabola
	for range 4 {
		slope := d1 + t*(d2+t*(d3/2+t*d4/6))
		second := d2 + t*(d3+t*d4/2)
		if second >= 0 {
			return grid[k] + step*parabola
		}
		t -= slope / second
	}
	if !(math.Abs(t) < 1) {
		t = parabola
	}
	return grid[k] + step*t
}

// newton returns the zero of F' in [lo, hi], where F is concave with F'(lo) ≥ 0 ≥
// F'(hi), from the start x.
func (f *search) newton(lo, hi, x float64) float64 {
	for range 200 {
		first, second := f.slopes(x)
		if first == 0 {
			return x
		}
		if first > 0 {
			lo = x
		} else {
			hi = x
		}
		next := x - first/second
		if !(next > lo && next < hi) {
			next = lo + (hi-lo)/2
			if next == lo || next == hi {
				return next
			}
			x = next
			continue
		}
		step := next - x
		x = next
		if step*step*-second < newtonStop*newtonStop {
			return x
		}
	}
	return x
}

// cells searches the cells of the grid, best first around node k.
func (f *search) cells(row []float64, k int) {
	grid, c := f.s.grid, &f.s.curvature
	n := len(f.s.items)
	f.at, f.best = grid[k], row[k]
	lo, hi := k, k
	if k > 0 && k < len(grid)-1 &&
		c.ofCell(n, k-1, f.p) < f.precision && c.ofCell(n, k, f.p) < f.precision {
		f.at, f.rough = f.newton(grid[k-1], grid[k+1], peakThrough(grid, row, k)), true
		// As far as F stays concave there is no other mode.
		lo, hi = k-1, k+1
		for lo > 0 && !f.exceeds(row[lo]+c.slack[lo-1]) && c.ofCell(n, lo-1, f.p) < f.precision {
			lo--
		}
		for hi < len(grid)-1 && !f.exceeds(row[hi]+c.slack[hi]) && c.ofCell(n, hi, f.p) < f.precision {
			hi++
		}
	}
	for i := range len(grid) - 1 {
		if i >= lo && i < hi || f.exceeds(max(row[i], row[i+1])+c.slack[i]) {
			continue
		}
		f.cell(grid[i], grid[i+1], row[i], row[i+1])
	}
}

// cell looks for a value above the best one in [lo, hi], given F at its ends. The ends
// are offered at once and the better half is searched first, so that the best value
// soon rules out the rest.
func (f *search) cell(lo, hi, atLo, atHi float64) {
	f.offerValue(lo, atLo)
	f.offerValue(hi, atHi)
	width := hi - lo
	least, most := f.s.curvature.between(f.s.items, f.p, lo, hi)
	if most <= f.precision {
		first, _ := f.slopes(lo)
		last, _ := f.slopes(hi)
		if first > 0 && last < 0 {
			f.offer(f.newton(lo, hi, lo+width/2))
		}
		return
	}
	if width < 1e-9 || max(atLo, atHi)+(f.precision-least)*width*width/8 <= f.best+f.equal() {
		return
	}
	mid := lo + width/2
	atMid := f.value(mid)
	if atHi > atLo {
		f.cell(mid, hi, atMid, atHi)
		f.cell(lo, mid, atLo, atMid)
		return
	}
	f.cell(lo, mid, atLo, atMid)
	f.cell(mid, hi, atMid, atHi)
}

// beyond searches outside the grid if a value above the best one is possible there.
func (f *search) beyond() {
	if f.precision == 0 {
		return
	}
	limit := f.s.grid[len(f.s.grid)-1]
	for side, sign := range [2]float64{-1, 1} {
		if f.exceeds(f.s.curvature.beyond(f.p, side) - limit*limit/2) {
			continue
		}
		// The log-likelihood is at most 0, so F < best where θ² > -2·best.
		far := max(limit+1, math.Sqrt(-2*f.best))
		a, b := sign*limit, sign*far
		if sign < 0 {
			a, b = b, a
		}
		f.cell(a, b, f.value(a), f.value(b))
	}
}

// exceeds reports whether the best value is above bound. The value at the first mode
// is computed only if that of the node beside it does not settle the matter.
func (f *search) exceeds(bound float64) bool {
	if f.rough && bound >= f.best {
		f.best, f.rough = f.value(f.at), false
	}
	return f.best+f.equal() > bound
}

// equal is the difference of values that counts as none, somewhat above their rounding
// error. Without it the search would not leave a plateau.
func (f *search) equal() float64 { return 1e-12 * (1 + math.Abs(f.best)) }

// polish moves to the zero of F' next to the mode found, which a cell given up for its
// bound need not have reached.
func (f *search) polish() {
	limit := f.s.grid[len(f.s.grid)-1]
	for range 5 {
		first, second := f.slopes(f.at)
		step := -first / second
		if second >= 0 || !(step*step*-second < 1e-4) {
			return
		}
		f.at += step
		if f.precision == 0 {
			f.at = max(-limit, min(limit, f.at))
		}
		if step*step*-second < newtonStop*newtonStop {
			return
		}
	}
}

func (f *search) offer(theta float64) { f.offerValue(theta, f.value(theta)) }

func (f *search) offerValue(theta, value float64) {
	if value > f.best {
		f.at, f.best = theta, value
	}
}
