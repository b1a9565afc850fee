package irt

import "math"

// Item holds the parameters of one item's response curve
//
//	P(θ) = G + (U - G) / (1 + exp(-(A·θ + D)))
//
// A is the slope (logit per SD of ability, any sign), D the intercept (logit), G
// the lower and U the upper asymptote (probabilities, 0 ≤ G < U ≤ 1). The 2PL has
// G = 0 and U = 1, the 3PL U = 1 (Birnbaum 1968; Barton and Lord 1981).
type Item struct {
	A, D, G, U float64
}

// FromDifficulty returns the item with discrimination a, difficulty b and
// asymptotes g and u: the curve g + (u - g) / (1 + exp(-a·(θ - b))).
func FromDifficulty(a, b, g, u float64) Item {
	return Item{A: a, D: -a * b, G: g, U: u}
}

// Difficulty returns b = -D/A, the ability (in SD) at which the curve is half way
// between its asymptotes. A flat item (A = 0) has none: the result is then ±Inf, or
// 0 if D is 0 too.
func (it Item) Difficulty() float64 {
	if it.D == 0 {
		return 0
	}
	return -it.D / it.A
}

// logisticPair returns s = 1/(1+exp(-z)) and 1-s, both with full relative
// precision.
func logisticPair(z float64) (s, c float64) {
	if z >= 0 {
		e := math.Exp(-z)
		return 1 / (1 + e), e / (1 + e)
	}
	e := math.Exp(z)
	return e / (1 + e), 1 / (1 + e)
}

// Prob returns P(θ), the probability of a correct answer.
func (it Item) Prob(theta float64) float64 {
	s, c := logisticPair(it.A*theta + it.D)
	return it.G*c + it.U*s
}

// LogProb returns log P(θ) and log(1 - P(θ)). Both stay finite and keep their
// relative precision where P is 0 or 1 to machine precision, as for a 2PL item far
// from its difficulty.
func (it Item) LogProb(theta float64) (logP, logQ float64) {
	z := it.A*theta + it.D
	s, c := logisticPair(z)
	if it.G == 0 {
		logP = math.Log(it.U) + logLogistic(z)
	} else {
		logP = math.Log(it.G*c + it.U*s)
	}
	if it.U == 1 {
		logQ = math.Log1p(-it.G) + logLogistic(-z)
	} else {
		logQ = math.Log((1-it.G)*c + (1-it.U)*s)
	}
	return logP, logQ
}

// logLogistic returns log(1/(1+exp(-z))).
func logLogistic(z float64) float64 {
	if z >= 0 {
		return -math.Log1p(math.Exp(-z))
	}
	return z - math.Log1p(math.Exp(z))
}

// Derivatives returns P(θ) and its first two derivatives by θ. With
// s = 1/(1+exp(-(A·θ+D))):
//
//	P'  = A (U-G) s (1-s)
//	P'' = A² (U-G) s (1-s) (1-2s)
func (it Item) Derivatives(theta float64) (p, dp, d2p float64) {
	s, c := logisticPair(it.A*theta + it.D)
	dp = it.A * (it.U - it.G) * s * c
	return it.G*c + it.U*s, dp, it.A * dp * (c - s)
}

// Information returns the Fisher information of the item about θ,
//
//	I(θ) = P'(θ)² / (P(θ) (1 - P(θ)))
//
// in 1/SD². It is computed from e = exp(-|A·θ+D|) with the common powers of e
// cancelled, so that it tends to its limit instead of 0/0 where P leaves the range
// of floating point.
func (it Item) Information(theta float64) float64 {
	if it.U <= it.G {
		return 0
	}
	z := it.A*theta + it.D
	// By symmetry the item with z, G, U has the information of the mirrored one
	// with -z, 1-U, 1-G: look only at the lower half of the curve.
	lower, upper := it.G, it.U
	if z > 0 {
		z, lower, upper = -z, 1-it.U, 1-it.G
	}
	e := math.Exp(z)
	ratio := 1 / upper // e / (lower + upper·e)
	if lower > 0 {
		ratio = e / (lower + upper*e)
	}
	slope := it.A * (it.U - it.G) / (1 + e)
	return slope * slope * e * ratio / ((1 - lower) + (1-upper)*e)
}

// MaxInformation returns the ability (SD) at which the item is most informative
// and its information there. A flat item is nowhere informative: 0, 0.
//
// With x = P - 1/2 the stationary points of the information solve
//
//	x³ + p x + q = 0,  p = (G + U - 2GU)/2 - 3/4,  q = (G + U - 1)/4
//
// which has three real roots, the middle one between G and U: x = r sin(φ),
// r = 2 √(-p/3), sin(3φ) = 4q/r³. For U = 1 this is Birnbaum's
// P = (1 + √(1+8G))/4 (Birnbaum 1968; the 4PL: Magis 2013, Applied Psychological
// Measurement 37:304).
func (it Item) MaxInformation() (theta, information float64) {
	if it.A == 0 || it.U <= it.G {
		return 0, 0
	}
	p := (it.G+it.U-2*it.G*it.U)/2 - 0.75
	q := (it.G + it.U - 1) / 4
	r := 2 * math.Sqrt(-p/3)
	x := r * math.Sin(math.Asin(max(-1, min(1, 4*q/(r*r*r))))/3)
	at := x + 0.5
	theta = (math.Log((at-it.G)/(it.U-at)) - it.D) / it.A
	return theta, it.Information(theta)
}

// TestInformation returns the sum of the items' information at θ (1/SD²); the
// standard error of a maximum likelihood ability is one over its square root.
func TestInformation(items []Item, theta float64) float64 {
	sum := 0.0
	for _, it := range items {
		sum += it.Information(theta)
	}
	return sum
}
