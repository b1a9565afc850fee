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
	info, bias []float64 // items × nodes
	all        []float64 // nodes: log weight when every item is answered
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
	t.all = logWeight(grid, info, bias)
	return t
}

// logWeight integrates J/(2I) from the first node on by the trapezoidal rule.
func logWeight(grid, info, bias []float64) []float64 {
	w := make([]float64, len(grid))
	for k := 1; k < len(grid); k++ {
		w[k] = w[k-1] + (half(info[k-1], bias[k-1])+half(info[k], bias[k]))/2*(grid[k]-grid[k-1])
	}
	return w
}

// half returns J/(2I), 0 where the items tell nothing.
func half(info, bias float64) float64 {
	if info > 0 {
		return bias / (2 * info)
	}
	return 0
}

// of returns the log weight of a pattern's answered items at the nodes.
func (t *warmTable) of(grid []float64, items int, p pattern) []float64 {
	if p.answered == items {
		return t.all
	}
	q := len(grid)
	info, bias := make([]float64, q), make([]float64, q)
	for w, word := range p.observed {
		for ; word != 0; word &= word - 1 {
			j := w*64 + bits.TrailingZeros64(word)
			add(info, t.info[j*q:(j+1)*q])
			add(bias, t.bias[j*q:(j+1)*q])
		}
	}
	return logWeight(grid, info, bias)
}

// weighted returns Warm's estimate: the root of
//
//	ℓ'(θ) + J(θ)/(2I(θ)) = 0,   |θ| ≤ bound
//
// which for the 2PL maximises ℓ + ½ log I (Warm 1989, Psychometrika 54:427). Of
// several roots it is the one with the largest weighted likelihood. SE = 1/√I, the
// expected information there. row is ℓ and weight the log weight at the nodes.
func (s *Scorer) weighted(row []float64, p pattern, weight []float64) Estimate {
	if p.answered == 0 {
		return Estimate{0, s.capped(0)}
	}
	k := 0
	for i := range row {
		row[i] += weight[i]
		if row[i] > row[k] || row[i] == row[k] && math.Abs(s.grid[i]) < math.Abs(s.grid[k]) {
			k = i
		}
	}
	lo, hi := s.grid[max(k-1, 0)], s.grid[min(k+1, len(s.grid)-1)]
	theta := s.warmRoot(p, lo, hi, s.grid[k])
	return Estimate{theta, s.capped(information(s.items, p, theta))}
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
	return first + half(info, bias)
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
