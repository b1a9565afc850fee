package ability

import (
	"math"
	"math/bits"

	"metabench/analysis/irt"
)

// pattern is one model's row of the bit matrix.
type pattern struct {
	correct, observed []uint64
	answered          int
}

// logLikelihood returns Σ_j log P_j(θ) over the correct answers plus log(1-P_j(θ))
// over the wrong ones.
func logLikelihood(items []irt.Item, p pattern, theta float64) float64 {
	sum := 0.0
	for w, word := range p.observed {
		correct := p.correct[w]
		for ; word != 0; word &= word - 1 {
			b := bits.TrailingZeros64(word)
			logP, logQ := items[w*64+b].LogProb(theta)
			if correct>>b&1 == 1 {
				sum += logP
			} else {
				sum += logQ
			}
		}
	}
	return sum
}

// slopes returns the first two derivatives of the log-likelihood by θ. With
// s = 1/(1+exp(-(aθ+d))), t = P'/P for a correct and -P'/(1-P) for a wrong answer:
//
//	ℓ'  = Σ t,   ℓ'' = Σ a(1-2s)t - t²
//
// which for the 2PL are Σ a(x-s) and -Σ a²s(1-s).
func slopes(items []irt.Item, p pattern, theta float64) (first, second float64) {
	for w, word := range p.observed {
		correct := p.correct[w]
		for ; word != 0; word &= word - 1 {
			b := bits.TrailingZeros64(word)
			it := &items[w*64+b]
			right, wrong, balance := scores(it, it.A*theta+it.D)
			t := wrong
			if correct>>b&1 == 1 {
				t = right
			}
			first += t
			if it.G == 0 && it.U == 1 {
				second += right * wrong
			} else {
				second += it.A*balance*t - t*t
			}
		}
	}
	return first, second
}

// scores returns the derivatives by θ of log P and log(1-P) at z = aθ+d, and 1-2s. The
// information is minus their product, since P'/P · P'/(1-P) = P'²/(P(1-P)).
func scores(it *irt.Item, z float64) (right, wrong, balance float64) {
	e := math.Exp(-math.Abs(z))
	s := 1 / (1 + e)
	c := e * s
	if z < 0 {
		s, c = c, s
	}
	right, wrong = it.A*c, -it.A*s
	if it.G > 0 {
		right *= (it.U - it.G) * s / (it.G*c + it.U*s)
	} // with g = 0, s cancels: P' = a u s c, P = u s
	if it.U < 1 { // likewise with u = 1
		wrong *= (it.U - it.G) * c / ((1-it.G)*c + (1-it.U)*s)
	}
	return right, wrong, c - s
}

// information returns the Fisher information of the answered items at θ (1/SD²).
func information(items []irt.Item, p pattern, theta float64) float64 {
	sum := 0.0
	for w, word := range p.observed {
		for ; word != 0; word &= word - 1 {
			sum += items[w*64+bits.TrailingZeros64(word)].Information(theta)
		}
	}
	return sum
}
