package adaptive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"metabench/analysis/response"
	"metabench/analysis/smooth"
)

// Calibrator fits calibrations: it plays a test with models of known scores, and
// compares what it predicted on the way with what they are.
type Calibrator struct {
	Bank    *Bank
	Answers int // to play each test to; 0: DefaultAnswers
	Workers int // 0 means GOMAXPROCS; does not change the result
}

// DefaultAnswers is how long tests are played for a calibration where nothing says
// how long they will be.
const DefaultAnswers = 200

// Run fits the calibration of a test with these options, whose own calibration and
// misfit are not used, to the models of a table (at least 20, else it is an error). Its
// columns are the bank's items. The models may be those that the items were fitted on,
// but not those that the test is judged by. Its misfit is that after as many answers as
// the stop rule allows.
func (c Calibrator) Run(ctx context.Context, o Options, table *response.Table) (*Calibration, error) {
	if len(table.Models) < fewestModels {
		return nil, fmt.Errorf("calibrate: %d models with known scores: need at least %d", len(table.Models), fewestModels)
	}
	if len(c.Bank.Items) < 2 {
		return nil, errors.New("calibrate: a bank of one item leaves nothing to predict")
	}
	o.Calibration, o.Misfit = nil, 0
	answers := c.Answers
	if answers == 0 {
		answers = DefaultAnswers
	}
	answers = min(answers, len(c.Bank.Items)-1)
	// The choice of items may depend on how long the test is to be, but when it stops
	// is no matter of the calibration's: it has to know every length.
	o = o.withLength(c.Bank)
	end := answers
	if n := lengthOf(o.Stop); n > 0 {
		end = min(n, answers)
	}
	o.Stop = Any{Answers(answers)}
	t, err := NewTest(c.Bank, o)
	if err != nil {
		return nil, err
	}
	played, err := Study{Test: t, Length: answers, Workers: c.Workers}.Run(ctx, table)
	if err != nil {
		return nil, err
	}
	out := &Calibration{Criterion: o.Criterion, Estimator: o.Estimator, Among: max(1, o.Among), Length: o.Length, Models: len(played)}
	for _, n := range ladder(answers) {
		node, err := fitNode(ctx, played, n, len(c.Bank.Items))
		if err != nil {
			return nil, fmt.Errorf("calibrate on %d models after %d answers: %w", len(played), n, err)
		}
		out.Nodes = append(out.Nodes, node)
	}
	out.Misfit = min(maxMisfit, misfitOf(scoresAfter(played, end), actualOf(played), 1-float64(end)/float64(len(c.Bank.Items))))
	return out, nil
}

const (
	// fewestModels is where a 90 % quantile of errors begins to mean something.
	fewestModels = 20

	// calibrationFunctions is the size of a smooth's basis: enough for a bend, too few
	// to chase single models.
	calibrationFunctions = 10

	// distinctValues is how many a predictor needs for a smooth. After few answers
	// there are few scores.
	distinctValues = 2 * calibrationFunctions

	// nearby is the least number of models whose errors make an interval, and mostBands
	// the number of such groups, by score, in a large corpus.
	nearby    = 60
	mostBands = 12

	everyAnswer = 10 // see ladder

	level = 0.9 // of the intervals
)

// ladder returns the numbers of answers at which a calibration up to n is fitted: 0 to
// 10 one by one, because scores after few answers are too few for what is fitted at one
// number of them to suit the next, then in steps of √2 up to n.
func ladder(n int) []int {
	var steps []int
	for x := 0; x <= everyAnswer && x < n; x++ {
		steps = append(steps, x)
	}
	for x := everyAnswer * math.Sqrt2; x < float64(n)/1.2; x *= math.Sqrt2 {
		steps = append(steps, int(math.Round(x)))
	}
	if n > 0 {
		steps = append(steps, n)
	}
	return steps
}

// fitNode fits a calibration after n answers.
func fitNode(ctx context.Context, played []Played, n, items int) (Node, error) {
	raw, theta := make([]float64, len(played)), make([]float64, len(played))
	wanted := make([]float64, len(played)) // correction
	share := 1 - float64(n)/float64(items)
	for i, p := range played {
		at := p.after(n)
		raw[i], theta[i] = at.Score.Raw, at.Theta
		wanted[i] = (p.Actual - at.Score.Raw) / share
	}
	node := Node{Answered: n}
	if distinct(raw) < distinctValues || distinct(theta) < distinctValues {
		node.Offset = mean(wanted)
		err := node.measure(raw, theta, wanted, 1, share)
		return node, err
	}
	m, err := smooth.Fit(ctx, []smooth.Smooth{
		{Name: "predicted score", Functions: calibrationFunctions, Penalties: 1},
		{Name: "ability", Functions: calibrationFunctions, Penalties: 1},
	}, [][]float64{raw, theta}, wanted, smooth.Settings{})
	if err != nil {
		return Node{}, err
	}
	node.Offset, node.Score, node.Ability = m.Intercept, functionOf(m.Terms[0]), functionOf(m.Terms[1])
	err = node.measure(raw, theta, wanted, m.EDF, share)
	return node, err
}

// measure finds the size of the errors that the correction leaves, among models of
// similar corrected scores. Models it has not seen have errors larger by √(N/(N-EDF)).
func (n *Node) measure(raw, theta, wanted []float64, edf, share float64) error {
	count := len(raw)
	grow := math.Sqrt(float64(count) / max(1, float64(count)-edf))
	type point struct{ score, err float64 }
	points := make([]point, count)
	for i := range raw {
		correction := n.correction(raw[i], theta[i])
		points[i] = point{raw[i] + share*correction, grow * math.Abs(wanted[i]-correction)}
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.err, b.err)) })
	bands := max(1, min(mostBands, count/nearby))
	var out Band
	start := 0
	for k := 1; k <= bands && start < count; k++ {
		end := max(start+1, k*count/bands)
		// Tests of few answers give few scores; models of one score are not cut apart.
		for end < count && points[end].score == points[end-1].score {
			end++
		}
		if count-end < nearby {
			end = count
		}
		if end-start < nearby && end < count {
			continue
		}
		group := points[start:end]
		start = end
		at := group[len(group)/2].score
		errs := make([]float64, len(group))
		square := 0.0
		for i, p := range group {
			errs[i] = p.err
			square += p.err * p.err / float64(len(group))
		}
		slices.Sort(errs)
		half := errs[conformal(len(errs))]
		if !(half > 0) {
			return fmt.Errorf("models that score near %.1f are predicted without error: these are no real answers", at)
		}
		out.At, out.Half, out.SD = append(out.At, at), append(out.Half, half), append(out.SD, math.Sqrt(square))
	}
	n.Errors = out
	return nil
}

// conformal returns which of n sorted errors a further one keeps to with at least the
// probability of the level, counted from 0 (split conformal prediction; Vovk, Gammerman
// and Shafer 2005, Algorithmic Learning in a Random World).
func conformal(n int) int { return min(n, int(math.Ceil(level*float64(n+1)))) - 1 }

// distinct returns how many different values there are.
func distinct(v []float64) int { return len(slices.Compact(slices.Sorted(slices.Values(v)))) }
