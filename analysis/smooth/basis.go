package smooth

import "math"

// order is the number of cubic B-splines that are not zero at a point.
const order = 4

// Basis is a family of k cubic B-splines on equally spaced knots.
//
// The K functions cover K-3 intervals of width (Hi-Lo)/(K-3). They sum to one
// everywhere in [Lo, Hi], and coefficients that are linear in the index give a
// straight line. Outside [Lo, Hi] every function is continued by its tangent, so
// a curve goes on with the value and slope that it has at the end.
type Basis struct {
	Lo, Hi float64 // ends of the range
	Step   float64 // width of an interval
	K      int     // number of functions
}

// margin is the share of the range by which the knots reach beyond the data on
// either side (Wood 2017, section 5.3.3, uses the same 0.1 %).
const margin = 0.001

// NewBasis returns k ≥ 4 cubic B-splines over the range of the data from minimum to
// maximum, widened by 0.1 % of the range on both sides. It panics if the range is
// empty or k < 4.
func NewBasis(minimum, maximum float64, k int) Basis {
	if k < order {
		panic("smooth: a cubic basis needs at least 4 functions")
	}
	if !(maximum > minimum) {
		panic("smooth: empty range")
	}
	widen := margin * (maximum - minimum)
	lo, hi := minimum-widen, maximum+widen
	return Basis{Lo: lo, Hi: hi, Step: (hi - lo) / float64(k-order+1), K: k}
}

// At evaluates the basis: function first+r has the value w[r] at x, all others are
// zero. In the interval the uniform cubic B-splines are, with u in [0, 1),
//
//	(1-u)³/6, (3u³-6u²+4)/6, (-3u³+3u²+3u+1)/6, u³/6.
func (b Basis) At(x float64) (first int, w [order]float64) {
	if !(x >= b.Lo && x <= b.Hi) {
		return b.beyond(x)
	}
	s := (x - b.Lo) / b.Step
	first = min(int(s), b.K-order)
	return first, cubic(s - float64(first))
}

func cubic(u float64) [order]float64 {
	v, u2 := 1-u, u*u
	u3 := u2 * u
	return [order]float64{
		v * v * v / 6,
		(3*u3 - 6*u2 + 4) / 6,
		(-3*u3 + 3*u2 + 3*u + 1) / 6,
		u3 / 6,
	}
}

// slope returns the derivatives of the four functions with respect to u.
func slope(u float64) [order]float64 {
	v := 1 - u
	return [order]float64{
		-v * v / 2,
		(3*u*u - 4*u) / 2,
		(-3*u*u + 2*u + 1) / 2,
		u * u / 2,
	}
}

// beyond evaluates the tangents of the basis functions outside of the range.
func (b Basis) beyond(x float64) (first int, w [order]float64) {
	if math.IsNaN(x) {
		return 0, [order]float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	}
	end, u := b.Lo, 0.0
	if x > b.Hi {
		end, u, first = b.Hi, 1, b.K-order
	}
	w = cubic(u)
	steps := (x - end) / b.Step
	for r, d := range slope(u) {
		w[r] += steps * d
	}
	return first, w
}

// value returns the curve of the given k coefficients at x.
func (b Basis) value(coef []float64, x float64) float64 {
	first, w := b.At(x)
	c := coef[first : first+order]
	return w[0]*c[0] + w[1]*c[1] + w[2]*c[2] + w[3]*c[3]
}

// penaltyWeights returns how the m penalties of an adaptive smooth with k
// coefficients weigh the k-2 second differences: v[i][d] is the i-th of m cubic
// B-splines at the d-th of k-2 equally spaced points. They sum to one over i, so
// equal penalties are the ordinary P-spline; m = 1 is that P-spline itself.
func penaltyWeights(k, m int) [][]float64 {
	v := make([][]float64, m)
	for i := range v {
		v[i] = make([]float64, k-2)
	}
	if m == 1 {
		for d := range v[0] {
			v[0][d] = 1
		}
		return v
	}
	points := NewBasis(0, float64(k-3), m)
	for d := range k - 2 {
		first, w := points.At(float64(d))
		for r, value := range w {
			v[first+r][d] = value
		}
	}
	return v
}
