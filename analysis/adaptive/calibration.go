package adaptive

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"metabench/analysis/ability"
	"metabench/analysis/smooth"
)

// Calibration corrects the scores that a test predicts, and gives them intervals that
// hold as often as they say. The p-IRT score inherits what the item model gets wrong,
// which is much the same for all models of a score; a calibration is learnt from the
// answers of models whose actual scores are known. It is read-only.
//
// With n of J items asked, the predicted score p and the ability θ,
//
//	S = p + (1 - n/J) (f₁(p) + f₂(θ))
//	interval: S ± (1 - n/J) h(S)
//
// f₁, f₂ and log h are smooths, fitted at each Node's number of answers and
// interpolated linearly in log(1+n) between them. After the last they stay: what is
// left to err about is the share of the items that was not asked.
type Calibration struct {
	Criterion Criterion      `json:"criterion"` // the design of the test that it belongs to
	Estimator ability.Method `json:"estimator"`
	Among     int            `json:"among"`
	Length    int            `json:"length"` // see Options
	Models    int            `json:"models"` // that it was fitted on
	Nodes     []Node         `json:"nodes"`  // rising in Answered, from 0
}

// Node is a calibration after a number of answers. All functions are in points.
type Node struct {
	Answered int      `json:"answered"`
	Offset   float64  `json:"offset"`
	Score    Function `json:"score"`   // f₁, of the p-IRT score; the offset is to be added
	Ability  Function `json:"ability"` // f₂
	Spread   Function `json:"spread"`  // log of the errors' size, of the corrected score
	HalfBand float64  `json:"half_band"`
	SD       float64  `json:"sd"` // both in units of exp(Spread): 90 % of errors are smaller, their SD
}

// Function is a smooth of one variable: cubic B-splines on equal intervals from Lo to
// Hi, constant beyond. Without coefficients it is zero.
type Function struct {
	Lo   float64   `json:"lo"`
	Hi   float64   `json:"hi"`
	Coef []float64 `json:"coef"`
}

func functionOf(t smooth.Term) Function {
	return Function{Lo: t.Basis.Lo, Hi: t.Basis.Hi, Coef: t.Coef}
}

// at returns the value at x.
func (f *Function) at(x float64) float64 {
	if len(f.Coef) == 0 {
		return 0
	}
	intervals := float64(len(f.Coef) - 3)
	term := smooth.Term{Basis: smooth.Basis{Lo: f.Lo, Hi: f.Hi, Step: (f.Hi - f.Lo) / intervals, K: len(f.Coef)}, Coef: f.Coef}
	return term.At(max(f.Lo, min(f.Hi, x)))
}

func (f *Function) check() error {
	if len(f.Coef) == 0 {
		return nil
	}
	if len(f.Coef) < 4 || !(f.Lo < f.Hi) || math.IsInf(f.Hi-f.Lo, 0) || slices.ContainsFunc(f.Coef, notFinite) {
		return fmt.Errorf("a smooth from %v to %v with %d coefficients: need a range and at least 4 finite ones", f.Lo, f.Hi, len(f.Coef))
	}
	return nil
}

func notFinite(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// Check finds what would make a calibration useless.
func (c *Calibration) Check() error {
	switch {
	case int(c.Criterion) >= len(criterionNames) || c.Estimator > ability.WLE || c.Estimator == ability.EAPSum:
		return fmt.Errorf("calibration: criterion %s with estimator %s is no adaptive test", c.Criterion, c.Estimator)
	case c.Among < 0 || c.Length < 0 || c.Models < 1:
		return fmt.Errorf("calibration: among %d, length %d, %d models: out of range", c.Among, c.Length, c.Models)
	case len(c.Nodes) == 0 || c.Nodes[0].Answered != 0:
		return errors.New("calibration: it has to begin at no answers")
	}
	for k := range c.Nodes {
		n := &c.Nodes[k]
		err := errors.Join(n.Score.check(), n.Ability.check(), n.Spread.check())
		switch {
		case k > 0 && n.Answered <= c.Nodes[k-1].Answered:
			err = errors.New("numbers of answers do not rise")
		case notFinite(n.Offset) || !(n.HalfBand > 0) || !(n.SD > 0) || notFinite(n.HalfBand) || notFinite(n.SD):
			err = fmt.Errorf("offset %v, half band %v, SD %v: need finite numbers, the last two positive", n.Offset, n.HalfBand, n.SD)
		}
		if err != nil {
			return fmt.Errorf("calibration after %d answers: %w", n.Answered, err)
		}
	}
	return nil
}

// apply returns what a node makes of a predicted score when all items are still to
// be answered: the correction, half the width of the interval, and the SD.
func (n *Node) apply(points, theta, share float64) (correction, half, sd float64) {
	correction = n.Offset + n.Score.at(points) + n.Ability.at(theta)
	size := math.Exp(n.Spread.at(points + share*correction))
	return correction, n.HalfBand * size, n.SD * size
}

// correct calibrates a score, given the bounds that the answers so far set to it.
func (c *Calibration) correct(s Score, theta float64, answered, items int, least, most float64) Score {
	share := 1 - float64(answered)/float64(items)
	if share <= 0 {
		return s
	}
	k := 0
	for k+1 < len(c.Nodes) && c.Nodes[k+1].Answered <= answered {
		k++
	}
	correction, half, sd := c.Nodes[k].apply(s.Raw, theta, share)
	if k+1 < len(c.Nodes) {
		lo, hi := math.Log1p(float64(c.Nodes[k].Answered)), math.Log1p(float64(c.Nodes[k+1].Answered))
		way := (math.Log1p(float64(answered)) - lo) / (hi - lo)
		correction2, half2, sd2 := c.Nodes[k+1].apply(s.Raw, theta, share)
		correction += way * (correction2 - correction)
		half *= math.Pow(half2/half, way)
		sd *= math.Pow(sd2/sd, way)
	}
	mean := s.Raw + share*correction
	within := func(v float64) float64 { return max(least, min(most, v)) }
	s.Points, s.SD = within(mean), share*sd
	s.Low, s.High = within(mean-share*half), within(mean+share*half)
	return s
}
