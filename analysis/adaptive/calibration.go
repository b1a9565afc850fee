package adaptive

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

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
// f₁ and f₂ are smooths, h the 90 % quantile of the errors near a score; they are
// fitted at each Node's number of answers and interpolated linearly in log(1+n) between
// them. After the last, f₁ and f₂ stay, and h² grows by the chance in the fewer answers
// that are left.
type Calibration struct {
	Criterion Criterion      `json:"criterion"` // the design of the test that it belongs to
	Estimator ability.Method `json:"estimator"`
	Among     int            `json:"among"`
	Length    int            `json:"length"` // see Options
	Models    int            `json:"models"` // that it was fitted on
	Misfit    float64        `json:"misfit"` // points, see Options.Misfit; for who knows the items but not the calibration
	Nodes     []Node         `json:"nodes"`  // rising in Answered, from 0
}

// Node is a calibration after a number of answers. All functions are in points.
type Node struct {
	Answered int      `json:"answered"`
	Offset   float64  `json:"offset"`
	Score    Function `json:"score"`   // f₁, of the p-IRT score; the offset is to be added
	Ability  Function `json:"ability"` // f₂
	Errors   Band     `json:"errors"`
}

// Band says how large the errors of corrected scores are, for a score none of whose
// items was asked: values at rising scores, linear between them and constant beyond.
type Band struct {
	At   []float64 `json:"at"`
	Half []float64 `json:"half"` // h: 90 % of the errors near there are no larger
	SD   []float64 `json:"sd"`
}

// near returns the values at a score.
func (b *Band) near(score float64) (half, sd float64) {
	k := sort.SearchFloat64s(b.At, score)
	switch {
	case k == 0:
		return b.Half[0], b.SD[0]
	case k == len(b.At):
		return b.Half[k-1], b.SD[k-1]
	}
	way := (score - b.At[k-1]) / (b.At[k] - b.At[k-1])
	return b.Half[k-1] + way*(b.Half[k]-b.Half[k-1]), b.SD[k-1] + way*(b.SD[k]-b.SD[k-1])
}

func (b *Band) check() error {
	if n := len(b.At); n == 0 || len(b.Half) != n || len(b.SD) != n {
		return fmt.Errorf("errors at %d scores, %d intervals and %d SD: need as many of each", len(b.At), len(b.Half), len(b.SD))
	}
	for k, at := range b.At {
		if notFinite(at) || k > 0 && at <= b.At[k-1] || !(b.Half[k] > 0) || !(b.SD[k] > 0) || notFinite(b.Half[k]) || notFinite(b.SD[k]) {
			return fmt.Errorf("errors at score %v: half an interval %v, SD %v: need rising scores and positive numbers", at, b.Half[k], b.SD[k])
		}
	}
	return nil
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

// maxMisfit is the range of a score.
const maxMisfit = 100

// Check finds what would make a calibration useless.
func (c *Calibration) Check() error {
	switch {
	case int(c.Criterion) >= len(criterionNames) || c.Estimator > ability.WLE || c.Estimator == ability.EAPSum:
		return fmt.Errorf("calibration: criterion %s with estimator %s is no adaptive test", c.Criterion, c.Estimator)
	case c.Among < 0 || c.Length < 0 || c.Models < 1:
		return fmt.Errorf("calibration: among %d, length %d, %d models: out of range", c.Among, c.Length, c.Models)
	case !(c.Misfit >= 0 && c.Misfit <= maxMisfit):
		return fmt.Errorf("calibration: misfit %v: need points from 0 to %d", c.Misfit, maxMisfit)
	case len(c.Nodes) == 0 || c.Nodes[0].Answered != 0:
		return errors.New("calibration: it has to begin at no answers")
	}
	for k := range c.Nodes {
		n := &c.Nodes[k]
		err := errors.Join(n.Score.check(), n.Ability.check(), n.Errors.check())
		switch {
		case k > 0 && n.Answered <= c.Nodes[k-1].Answered:
			err = errors.New("numbers of answers do not rise")
		case notFinite(n.Offset):
			err = errors.New("offset is not finite")
		}
		if err != nil {
			return fmt.Errorf("calibration after %d answers: %w", n.Answered, err)
		}
	}
	return nil
}

func (n *Node) correction(points, theta float64) float64 {
	return n.Offset + n.Score.at(points) + n.Ability.at(theta)
}

// apply returns what a node makes of a predicted score when all items are still to
// be answered: the correction, half the width of the interval, and the SD.
func (n *Node) apply(points, theta, share float64) (correction, half, sd float64) {
	correction = n.correction(points, theta)
	half, sd = n.Errors.near(points + share*correction)
	return correction, half, sd
}

// known is what the answers so far say of a score for certain, and of the rest.
type known struct {
	answered, items int
	least, most     float64 // bounds of the score, points
	variance        float64 // mean of P(1-P) over the items not asked
}

// correct calibrates a score.
func (c *Calibration) correct(s Score, theta float64, of known) Score {
	share := 1 - float64(of.answered)/float64(of.items)
	if share <= 0 {
		return s
	}
	k := 0
	for k+1 < len(c.Nodes) && c.Nodes[k+1].Answered <= of.answered {
		k++
	}
	correction, half, sd := c.Nodes[k].apply(s.Raw, theta, share)
	if k+1 < len(c.Nodes) {
		lo, hi := math.Log1p(float64(c.Nodes[k].Answered)), math.Log1p(float64(c.Nodes[k+1].Answered))
		way := (math.Log1p(float64(of.answered)) - lo) / (hi - lo)
		correction2, half2, sd2 := c.Nodes[k+1].apply(s.Raw, theta, share)
		correction += way * (correction2 - correction)
		half *= math.Pow(half2/half, way)
		sd *= math.Pow(sd2/sd, way)
	} else if n := c.Nodes[k].Answered; n < of.items {
		// The fewer items are left, the more it matters that their answers are chance:
		// the mean of m answers has the variance P(1-P)/m.
		chance := 1e4 * of.variance * (1/float64(of.items-of.answered) - 1/float64(of.items-n))
		half, sd = math.Sqrt(half*half+normal90*normal90*chance), math.Sqrt(sd*sd+chance)
	}
	within := func(v float64) float64 { return max(of.least, min(of.most, v)) }
	s.Points, s.SD = within(s.Raw+share*correction), share*sd
	// Around a score within the bounds, so that the interval never closes at one.
	s.Low, s.High = within(s.Points-share*half), within(s.Points+share*half)
	return s
}
