package adaptive

import (
	"math"

	"metabench/analysis/irt"
)

// Score is the predicted share of correct answers over the whole bank, in points from
// 0 to 100, with a 90 % prediction interval.
type Score struct {
	Points float64 `json:"points"`
	SD     float64 `json:"sd"` // of the prediction error
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Raw    float64 `json:"raw"` // what the item model alone predicts, uncorrected
	RawSD  float64 `json:"raw_sd"`
}

// Width returns the length of the interval in points.
func (s Score) Width() float64 { return s.High - s.Low }

// normal90 is the 95 % quantile of the standard normal distribution.
const normal90 = 1.6448536269514722

// expected holds sums over all items at the grid.
type expected struct {
	correct  []float64 // Σ P
	slope    []float64 // Σ P'
	variance []float64 // Σ P (1-P)
}

func newExpected(items []irt.Item) expected {
	e := expected{
		correct: make([]float64, gridNodes), slope: make([]float64, gridNodes), variance: make([]float64, gridNodes),
	}
	for k := range gridNodes {
		for _, it := range items {
			p, dp, _ := it.Derivatives(gridTheta(k))
			e.correct[k] += p
			e.slope[k] += dp
			e.variance[k] += p * (1 - p)
		}
	}
	return e
}

// at interpolates the sums: ΣP by a cubic through values and slopes, the others
// linearly.
func (e *expected) at(theta float64) (correct, slope, variance float64) {
	k, t := onGrid(theta)
	h00, h10 := (1+2*t)*(1-t)*(1-t), t*(1-t)*(1-t)
	h01, h11 := t*t*(3-2*t), t*t*(t-1)
	correct = h00*e.correct[k] + h01*e.correct[k+1] + gridStep*(h10*e.slope[k]+h11*e.slope[k+1])
	return correct, (1-t)*e.slope[k] + t*e.slope[k+1], (1-t)*e.variance[k] + t*e.variance[k+1]
}

// score predicts the score over J items from n answers with R correct, at ability θ
// with standard error SE (p-IRT; Polo et al. 2024, tinyBenchmarks):
//
//	S = (R + Σ_unasked P_j(θ)) / J
//	Var S = (Σ_unasked P_j(1-P_j) + (Σ_unasked P'_j)² SE²) / J² + (1 - n/J)² τ²
//
// What was answered is known; the rest is expected. The variance is that of the
// unknown answers, that of the ability, and that of the item model's misfit τ. A
// calibration, where there is one, replaces the mean and the interval.
func (b *Bank) score(asked []Answer, theta, se, misfit float64, c *Calibration) Score {
	sum, slope, variance := b.curve.at(theta)
	right := 0
	for _, a := range asked {
		p, dp, _ := b.Items[a.Item].Derivatives(max(-gridLimit, min(gridLimit, theta)))
		sum, slope, variance = sum-p, slope-dp, variance-p*(1-p)
		if a.Correct {
			right++
		}
	}
	points := 100 / float64(len(b.Items))
	mean := points * (float64(right) + sum)
	sd := 0.0
	if unasked := len(b.Items) - len(asked); unasked > 0 {
		misfit *= float64(unasked)
		sd = points * math.Sqrt(max(0, variance)+slope*slope*se*se+misfit*misfit/1e4)
	} else {
		mean = points * float64(right)
	}
	// The score can't fall below the right answers so far nor rise above what is left.
	least := points * float64(right)
	most := points * float64(len(b.Items)-len(asked)+right)
	within := func(v float64) float64 { return max(least, min(most, v)) }
	s := Score{Points: within(mean), SD: sd, Low: within(mean - normal90*sd), High: within(mean + normal90*sd), Raw: within(mean), RawSD: sd}
	if c == nil {
		return s
	}
	return c.correct(s, theta, known{
		answered: len(asked), items: len(b.Items), least: least, most: most,
		variance: max(0, variance) / float64(max(1, len(b.Items)-len(asked))),
	})
}
