package adaptive

import (
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
// but not those that the test is judged by. It also returns the misfit
// (Options.Misfit) after as many answers as the stop rule allows.
func (c Calibrator) Run(ctx context.Context, o Options, table *response.Table) (*Calibration, float64, error) {
	if len(table.Models) < fewestModels {
		return nil, 0, fmt.Errorf("calibrate: %d models with known scores: need at least %d", len(table.Models), fewestModels)
	}
	if len(c.Bank.Items) < 2 {
		return nil, 0, errors.New("calibrate: a bank of one item leaves nothing to predict")
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
		return nil, 0, err
	}
	played, err := Study{Test: t, Length: answers, Workers: c.Workers}.Run(ctx, table)
	if err != nil {
		return nil, 0, err
	}
	out := &Calibration{Criterion: o.Criterion, Estimator: o.Estimator, Among: max(1, o.Among), Length: o.Length, Models: len(played)}
	for _, n := range ladder(answers) {
		node, err := fitNode(ctx, played, n, len(c.Bank.Items))
		if err != nil {
			return nil, 0, fmt.Errorf("calibrate on %d models after %d answers: %w", len(played), n, err)
		}
		out.Nodes = append(out.Nodes, node)
	}
	return out, misfitOf(scoresAfter(played, end), actualOf(played), 1-float64(end)/float64(len(c.Bank.Items))), nil
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

	// smallestError, relative to their mean square, keeps the logarithm of an error that
	// is zero by luck from ruling the spread.
	smallestError = 0.01

	level = 0.9 // of the intervals
)

// ladder returns the numbers of answers at which a calibration up to n is fitted:
// none, and steps of √2 from 5 up to n.
func ladder(n int) []int {
	steps := []int{0}
	for x := 5.0; x < float64(n)/1.2; x *= math.Sqrt2 {
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
		return node, node.measure(ctx, raw, theta, wanted, 1, share)
	}
	m, err := smooth.Fit(ctx, []smooth.Smooth{
		{Name: "predicted score", Functions: calibrationFunctions, Penalties: 1},
		{Name: "ability", Functions: calibrationFunctions, Penalties: 1},
	}, [][]float64{raw, theta}, wanted, smooth.Settings{})
	if err != nil {
		return Node{}, err
	}
	node.Offset, node.Score, node.Ability = m.Intercept, functionOf(m.Terms[0]), functionOf(m.Terms[1])
	return node, node.measure(ctx, raw, theta, wanted, m.EDF, share)
}

// measure fits the size of the errors that the correction leaves. Models it has not
// seen have errors larger by √(N/(N-EDF)).
func (n *Node) measure(ctx context.Context, raw, theta, wanted []float64, edf, share float64) error {
	count := float64(len(raw))
	grow := math.Sqrt(count / max(1, count-edf))
	corrected, errs := make([]float64, len(raw)), make([]float64, len(raw))
	square := 0.0
	for i := range raw {
		correction, _, _ := n.apply(raw[i], theta[i], share)
		corrected[i] = raw[i] + share*correction
		errs[i] = grow * math.Abs(wanted[i]-correction)
		square += errs[i] * errs[i] / count
	}
	if !(square > 0) {
		return errors.New("the predicted scores have no error at all: these are no real answers")
	}
	if distinct(corrected) >= distinctValues {
		logs := make([]float64, len(errs))
		for i, e := range errs {
			logs[i] = math.Log(e*e+smallestError*square) / 2
		}
		m, err := smooth.Fit(ctx, []smooth.Smooth{{Name: "corrected score", Functions: calibrationFunctions, Penalties: 1}},
			[][]float64{corrected}, logs, smooth.Settings{})
		if err != nil {
			return err
		}
		n.Spread = functionOf(m.Terms[0])
	}
	n.SD = 0
	for i := range errs {
		errs[i] /= math.Exp(n.Spread.at(corrected[i]))
		n.SD += errs[i] * errs[i] / count
	}
	n.SD = math.Sqrt(n.SD)
	slices.Sort(errs)
	// The smallest bound that a further error keeps with the probability of the level
	// (split conformal prediction; Vovk, Gammerman and Shafer 2005).
	n.HalfBand = errs[min(len(errs), int(math.Ceil(level*(count+1))))-1]
	return nil
}

// distinct returns how many different values there are.
func distinct(v []float64) int { return len(slices.Compact(slices.Sorted(slices.Values(v)))) }
