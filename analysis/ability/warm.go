package ability

import (
	"math"
	"math/bits"

	"metabench/analysis/irt"
)

// warmTable holds, at the nodes, what Warm's weight needs of every item:
//
//	I_j = P'²/(P(1-P)),   J_j = P'P''/(P(1-P))
type warmTable struct {
	info, bias []float64  // items × nodes
	all        warmWeight // when every item is answered
}

// itemBias returns I_j(θ) and J_j(θ) = I_j·a(1-2s), s the logistic.
func itemBias(it irt.Item, theta float64) (info, bias float64) {
	right, wrong, balance := scores(&it, it.A*theta+it.D)
	info = -right * wrong
	return info, info * it.A * balance
}

func newWarmTable(items []irt.Item, grid []float64) warmTable {
	q := len(grid)
	t := warmTable{info: make([]float64, len(items)*q), bias: make([]float64, len(items)*q)}
	info, bias := make([]float64, q), make([]float64, q)
	for j, it := range items {
		for k, theta := range grid {
			i, b := itemBias(it, theta)
			t.info[j*q+k], t.bias[j*q+k] = i, b
			info[k] += i
			bias[k] += b
		}
	}
	all := pattern{observed: make([]uint64, (len(items)+63)/64)}
	for j := range items {
		all.observed[j/64] |= 1 << (j % 64)
	}
	s := Scorer{items: items, grid: grid}
	t.all = s.logWeight(all, info, bias)
	return t
}

// warmGrid returns the nodes: 0.1 apart, and closer where steep items curve, so that
// a·step is at most warmResolved there. Between two nodes the weighted likelihood then
// has no maximum that cannot be seen at the nodes.
func warmGrid(items []irt.Item, bound float64) []float64 {
	var steep [][3]float64 // of the steep items: from, to, widest step
	for _, it := range items {
		slope := math.Abs(it.A)
		if slope*warmStep <= warmResolved {
			continue
		}
		// Beyond these logits the logarithms of P and 1-P are straight lines.
		low, high := -10.0, 10.0
		if it.G > 0 {
			low += math.Log(it.G)
		}
		if it.U < 1 {
			high -= math.Log(1 - it.U)
		}
		from, to := (low-it.D)/it.A, (high-it.D)/it.A
		steep = append(steep, [3]float64{min(from, to), max(from, to), warmResolved / slope})
	}
	even := equidistant(stepsOf(bound, warmStep)+1, bound)
	if steep == nil {
		return even
	}
	grid := even[:1:1]
	for k := range even[1:] {
		lo, hi := even[k], even[k+1]
		parts := 1
		for _, b := range steep {
			if b[0] < hi && b[1] > lo {
				parts = max(parts, int(math.Ceil((hi-lo)/b[2])))
			}
		}
		parts = min(parts, warmParts)
		for i := 1; i < parts; i++ {
			grid = append(grid, lo+(hi-lo)*float64(i)/float64(parts))
		}
		grid = append(grid, hi)
	}
	return grid
}

const (
	warmStep     = 0.1    // between nodes
	warmResolved = 0.5    // slope times step at which an item's curve is resolved
	warmParts    = 40     // of a step, enough for a slope of 200
	warmTiny     = 1e-200 // information below which the items' own may have underflowed
)

// warmWeight is the weight of a pattern's answered items at the nodes.
type warmWeight struct {
	log    []float64 // ∫ J/(2I) from the first node on, by the trapezoidal rule
	margin []float64 // error bound of that: Σ step·|change of J/(2I)|/2
}

// logWeight integrates; info and bias are I and J at the nodes.
func (s *Scorer) logWeight(p pattern, info, bias []float64) warmWeight {
	w := warmWeight{make([]float64, len(s.grid)), make([]float64, len(s.grid))}
	before := s.half(p, s.grid[0], info[0], bias[0])
	for k := 1; k < len(s.grid); k++ {
		at := s.half(p, s.grid[k], info[k], bias[k])
		step := s.grid[k] - s.grid[k-1]
		w.log[k] = w.log[k-1] + (before+at)/2*step
		w.margin[k] = w.margin[k-1] + math.Abs(at-before)/2*step
		before = at
	}
	return w
}

// half returns J/(2I) at θ, 0 where the items tell nothing whatever θ is. It is an average of
// a(1-2s)/2 over the answered items, weighted by their information. Far from all steep items
// that underflows, but its ratios don't.
func (s *Scorer) half(p pattern, theta, info, bias float64) float64 {
	if info > warmTiny {
		return bias / (2 * info)
	}
	_, mean := s.logInformation(p, theta)
	return mean / 2
}

// logInformation returns log I and J/I of the answered items at θ; -Inf and 0 if no
// item has a slope.
func (s *Scorer) logInformation(p pattern, theta float64) (logInfo, mean float64) {
	var logs, tilts []float64
	most := math.Inf(-1)
	for w, word := range p.observed {
		for ; word != 0; word &= word - 1 {
			it := &s.items[w*64+bits.TrailingZeros64(word)]
			if it.A == 0 {
				continue
			}
			z := it.A*theta + it.D
			rise, fall := logLogistic(z), logLogistic(-z)
			v := 2*math.Log(math.Abs(it.A)) + rise + fall
			if it.G > 0 {
				v += rise + math.Log(it.U-it.G) - math.Log(it.G*math.Exp(fall)+it.U*math.Exp(rise))
			}
			if it.U < 1 {
				v += fall + math.Log(it.U-it.G) - math.Log((1-it.G)*math.Exp(fall)+(1-it.U)*math.Exp(rise))
			}
			logs, tilts = append(logs, v), append(tilts, it.A*math.Tanh(-z/2))
			most = max(most, v)
		}
	}
	if math.IsInf(most, -1) {
		return most, 0
	}
	sum, tilt := 0.0, 0.0
	for k, v := range logs {
		share := math.Exp(v - most)
		sum, tilt = sum+share, tilt+share*tilts[k]
	}
	return most + math.Log(sum), tilt / sum
}

// logLogistic returns log(1/(1+exp(-z))).
func logLogistic(z float64) float64 {
	if z >= 0 {
		return -math.Log1p(math.Exp(-z))
	}
	return z - math.Log1p(math.Exp(z))
}

// weightOf returns the weight of a pattern.
func (s *Scorer) weightOf(p pattern) warmWeight {
	t, q := &s.warm, len(s.grid)
	if p.answered == len(s.items) {
		return t.all
	}
	info, bias := make([]float64, q), make([]float64, q)
	for w, word := range p.observed {
		for ; word != 0; word &= word - 1 {
			j := w*64 + bits.TrailingZeros64(word)
			add(info, t.info[j*q:(j+1)*q])
			add(bias, t.bias[j*q:(j+1)*q])
		}
	}
	return s.logWeight(p, info, bias)
}

// weighted returns Warm's estimate: the global maximum of the weighted likelihood
//
//	ℓ(θ) + ∫ J/(2I) dθ,   |θ| ≤ bound
//
// a root of ℓ' + J/(2I) or a bound; for the 2PL the weight is ½ log I (Warm 1989,
// Psychometrika 54:427). SE = 1/√I, the expected information there, but see estimate. row
// is ℓ at the nodes.
//
// Every maximum shows at the nodes (see warmGrid). Those whose values there are so close
// to the best that the rule of the nodes might rank them wrongly are found exactly and
// compared by exact differences.
func (s *Scorer) weighted(row []float64, p pattern, weight warmWeight) Estimate {
	if p.answered == 0 {
		return s.estimate(0, 0)
	}
	k := 0
	for i := range row {
		row[i] += weight.log[i]
		if row[i] > row[k] || row[i] == row[k] && math.Abs(s.grid[i]) < math.Abs(s.grid[k]) {
			k = i
		}
	}
	last := len(row) - 1
	top := func(i int) float64 {
		return s.warmRoot(p, s.grid[max(i-1, 0)], s.grid[min(i+1, last)], s.grid[i])
	}
	theta := top(k)
	for i, v := range row {
		rises, falls := i == 0 || v > row[i-1], i == last || v >= row[i+1]
		if i == k || !rises || !falls {
			continue
		}
		// The top of a parabola lies above the node beside it by at most an eighth of the
		// second difference.
		above := warmNear
		if i > 0 && i < last {
			above += (2*v - row[i-1] - row[i+1]) / 4
		}
		if v+above+math.Abs(weight.margin[i]-weight.margin[k]) < row[k] {
			continue
		}
		if other := top(i); s.warmGain(p, theta, other) > warmEqual {
			theta = other
		}
	}
	return s.estimate(theta, information(s.items, p, theta))
}

const (
	warmNear  = 0.1  // log units by which a maximum may exceed its node beyond what a parabola does
	warmEqual = 1e-9 // difference of weighted log-likelihoods that counts as none
)

// warmGain returns by how much the weighted log-likelihood is larger at b than at a.
func (s *Scorer) warmGain(p pattern, a, b float64) float64 {
	gain := logLikelihood(s.items, p, b) - logLikelihood(s.items, p, a)
	plain := true
	for w, word := range p.observed {
		for ; word != 0; word &= word - 1 {
			it := &s.items[w*64+bits.TrailingZeros64(word)]
			plain = plain && it.G == 0 && it.U == 1
		}
	}
	if plain { // J = I', so that the integral is ½ log I
		from, _ := s.logInformation(p, a)
		to, _ := s.logInformation(p, b)
		if math.IsInf(from, -1) {
			return gain
		}
		return gain + (to-from)/2
	}
	half := func(theta float64) float64 {
		_, mean := s.logInformation(p, theta)
		return mean / 2
	}
	const pieces = 32
	step := (b - a) / pieces
	for i := range pieces {
		lo, hi := a+float64(i)*step, a+float64(i+1)*step
		gain += simpson(half, lo, hi, half(lo), half(lo+(hi-lo)/2), half(hi), 20)
	}
	return gain
}

// simpson integrates f from lo to hi, given its values at the ends and the middle, by
// Simpson's rule on halves until they agree.
func simpson(f func(float64) float64, lo, hi, atLo, atMid, atHi float64, depth int) float64 {
	mid := lo + (hi-lo)/2
	left, right := f(lo+(mid-lo)/2), f(mid+(hi-mid)/2)
	whole := (hi - lo) / 6 * (atLo + 4*atMid + atHi)
	halves := (hi - lo) / 12 * (atLo + 4*left + 2*atMid + 4*right + atHi)
	if depth == 0 || math.Abs(halves-whole) < 1e-11 {
		return halves + (halves-whole)/15
	}
	return simpson(f, lo, mid, atLo, left, atMid, depth-1) + simpson(f, mid, hi, atMid, right, atHi, depth-1)
}

// warmSlope returns ℓ' + J/(2I), all three from one exponential an item.
func (s *Scorer) warmSlope(p pattern, theta float64) float64 {
	first, info, bias := 0.0, 0.0, 0.0
	for w, word := range p.observed {
		correct := p.correct[w]
		for ; word != 0; word &= word - 1 {
			b := bits.TrailingZeros64(word)
			it := &s.items[w*64+b]
			right, wrong, balance := scores(it, it.A*theta+it.D)
			i := -right * wrong
			info += i
			bias += i * it.A * balance
			if correct>>b&1 == 1 {
				first += right
			} else {
				first += wrong
			}
		}
	}
	return first + s.half(p, theta, info, bias)
}

// warmRoot finds where the slope falls through 0 in [lo, hi] by a safe
// variant of the secant rule (Illinois). If it does not change sign there, the end
// that it points to is the answer: a bound.
func (s *Scorer) warmRoot(p pattern, lo, hi, start float64) float64 {
	at := s.warmSlope(p, start)
	if at == 0 {
		return start
	}
	flo, fhi := at, at
	if at > 0 {
		lo = start
		if fhi = s.warmSlope(p, hi); fhi >= 0 {
			return hi
		}
	} else {
		hi = start
		if flo = s.warmSlope(p, lo); flo <= 0 {
			return lo
		}
	}
	side := 0
	for range 200 {
		x := lo + (hi-lo)*flo/(flo-fhi)
		if !(x > lo && x < hi) || hi-lo < 1e-13 {
			break
		}
		f := s.warmSlope(p, x)
		switch {
		case f == 0:
			return x
		case f > 0:
			lo, flo = x, f
			if side == 1 {
				fhi /= 2
			}
			side = 1
		default:
			hi, fhi = x, f
			if side == -1 {
				flo /= 2
			}
			side = -1
		}
	}
	return lo + (hi-lo)*flo/(flo-fhi)
}
