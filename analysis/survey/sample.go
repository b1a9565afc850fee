package survey

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"metabench/analysis/response"
)

// spare is added to p (1 - p) before items are drawn in proportion to its root.
const spare = 0.03

// Draw is an item to ask, and the probability with which it was drawn from those left.
type Draw struct {
	Item        int     `json:"item"`
	Probability float64 `json:"probability"`
}

// Sample is one model's survey: draw an item, add its answer, as long as wanted.
type Sample struct {
	open    []bool // items of the population not asked
	left    int
	size    int // items of the population
	right   int
	asked   int
	predict *mixture

	weight, square, sum float64   // Σ w, Σ w², Σ w φ
	phi, w              []float64 // of each answer
}

// Start begins a survey of the items that the model can be asked, all if nil.
func (f *Frame) Start(available []bool) *Sample {
	s := &Sample{open: make([]bool, f.items), predict: f.predictor()}
	for j := range s.open {
		if available == nil || available[j] {
			s.open[j] = true
			s.size++
		}
	}
	s.left = s.size
	return s
}

// Draw draws the next item: those whose answers are least certain are likeliest. It
// returns false when none is left.
func (s *Sample) Draw(rng *rand.Rand) (Draw, bool) {
	return draw(rng, s.open, func(j int) float64 { return uncertainty(s.predict.p[j]) })
}

func uncertainty(p float64) float64 { return math.Sqrt(p*(1-p) + spare) }

// draw draws one of the open items in proportion to a weight.
func draw(rng *rand.Rand, open []bool, weight func(item int) float64) (Draw, bool) {
	sum := 0.0
	for j, ok := range open {
		if ok {
			sum += weight(j)
		}
	}
	at, last := rng.Float64()*sum, Draw{Item: -1}
	for j, ok := range open {
		if !ok {
			continue
		}
		last = Draw{j, weight(j) / sum}
		if at -= weight(j); at < 0 {
			break
		}
	}
	return last, last.Item >= 0
}

// Add takes the answer to an item that was drawn.
func (s *Sample) Add(d Draw, correct bool) error {
	if d.Item < 0 || d.Item >= len(s.open) || !s.open[d.Item] {
		return fmt.Errorf("survey: item %d is not open: it was asked before or can't be asked", d.Item)
	}
	if !(d.Probability > 0 && d.Probability <= 1) {
		return fmt.Errorf("survey: item %d was drawn with probability %v: need more than 0 and at most 1", d.Item, d.Probability)
	}
	expected := float64(s.right)
	for j, ok := range s.open {
		if ok {
			expected += s.predict.p[j]
		}
	}
	y := 0.0
	if correct {
		y = 1
		s.right++
	}
	phi := (expected + (y-s.predict.p[d.Item])/d.Probability) / float64(s.size)
	// The first answers are foretold badly, and what is left to foretell becomes less: with
	// l items left the variance is about in proportion to l (l - 1).
	t, l := float64(s.asked), float64(s.left)
	w := (t + 15) / (t + 30) / max(l*(l-1), 1) * float64(s.size*s.size)
	s.phi, s.w = append(s.phi, phi), append(s.w, w)
	s.weight, s.square, s.sum = s.weight+w, s.square+w*w, s.sum+w*phi
	s.open[d.Item] = false
	s.left--
	s.asked++
	s.predict.add(d.Item, correct)
	return nil
}

// Estimate is a score with an interval, in points from 0 to 100.
type Estimate struct {
	Score float64 `json:"score"`
	SE    float64 `json:"se"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
	Asked int     `json:"asked"`
}

// Estimate returns the score with an interval that holds with the given probability. Of
// less than three answers the interval is all that they leave possible.
func (s *Sample) Estimate(level float64) Estimate {
	least, most := float64(s.right), float64(s.right+s.left)
	within := func(share float64) float64 {
		return 100 * min(most, max(least, share*float64(s.size))) / float64(max(1, s.size))
	}
	e := Estimate{Asked: s.asked, Score: within(0.5), SE: math.Inf(1), Lower: within(0), Upper: within(1)}
	if s.left == 0 {
		e.Score, e.SE = within(0), 0
		return e
	}
	if s.asked == 0 {
		return e
	}
	mean := s.sum / s.weight
	e.Score = within(mean)
	count := s.weight * s.weight / s.square
	if s.asked < 3 || count <= 2 {
		return e
	}
	variance := 0.0
	for k, phi := range s.phi {
		d := s.w[k] * (phi - mean)
		variance += d * d
	}
	se := math.Sqrt(variance / (s.weight * s.weight) * count / (count - 1))
	half := se * distuv.StudentsT{Sigma: 1, Nu: count - 1}.Quantile((1+level)/2)
	e.SE, e.Lower, e.Upper = 100*se, within(mean-half), within(mean+half)
	return e
}

// Form draws a form of n items before anybody answers, with a probability for each that
// suits models of any score.
func (f *Frame) Form(n int, rng *rand.Rand) []Draw {
	open, weight := make([]bool, f.items), make([]float64, f.items)
	r := newRegression(f, f.priors[0])
	for j := range open {
		open[j] = true
	}
	for level := -3.0; level <= 3; level++ {
		r.beta[f.width-1] = level
		for j := range weight {
			weight[j] += uncertainty(r.at(j))
		}
	}
	form := make([]Draw, 0, n)
	for len(form) < n {
		d, ok := draw(rng, open, func(j int) float64 { return weight[j] })
		if !ok {
			break
		}
		open[d.Item] = false
		form = append(form, d)
	}
	return form
}

// Score estimates a model's score from its answers to a form, which are predicted one
// after the other from those before.
func (f *Frame) Score(form []Draw, answer func(item int) response.Answer, level float64) (Estimate, error) {
	s := f.Start(nil)
	for _, d := range form {
		a := answer(d.Item)
		if a == response.Missing {
			return Estimate{}, fmt.Errorf("survey: no answer to item %d of the form: the guarantee needs all of them", d.Item+1)
		}
		if err := s.Add(d, a == response.Correct); err != nil {
			return Estimate{}, err
		}
	}
	return s.Estimate(level), nil
}
