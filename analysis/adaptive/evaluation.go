package adaptive

import (
	"context"
	"fmt"

	"metabench/analysis/ability"
	"metabench/analysis/response"
	"metabench/analysis/smooth"
)

// Evaluation compares adaptive tests with a fixed form on models that neither the
// items nor the calibration have seen.
type Evaluation struct {
	Bank  *Bank
	Table *response.Table // columns are the bank's items
	Train response.TrainSet
	Test  response.TestSet

	Form    int   // items of the fixed form; 0 for none
	Lengths []int // numbers of items at which the error is reported, rising
	Workers int   // 0 means GOMAXPROCS; does not change the result
}

// Errors are those of the p-IRT score and of the same after calibration: a smooth of
// the actual on the predicted score, fitted to the train models. The p-IRT score
// inherits the misfit of the item model; the smooth takes out what is common to all
// models of a score.
type Errors struct {
	Raw        Accuracy `json:"raw"`
	Calibrated Accuracy `json:"calibrated"`
}

// AtLength is the error after a number of items.
type AtLength struct {
	Items int `json:"items"`
	Errors
}

// FormReport is the error of a fixed form.
type FormReport struct {
	Items     int            `json:"items"`
	Estimator ability.Method `json:"estimator"`
	Interval
	Errors
}

// Interval says how often the 90 % intervals of the p-IRT score hold: as predicted
// from the item model alone, and widened by its Misfit on the train models.
type Interval struct {
	Coverage float64 `json:"coverage"`
	Misfit   float64 `json:"misfit"` // points, see Options.Misfit
	Widened  float64 `json:"coverage_with_misfit"`
}

func intervalOf(train, test []Played) Interval {
	misfit := misfitOf(train)
	return Interval{coverageOf(test, 0), misfit, coverageOf(test, misfit)}
}

// TestReport is how an adaptive test did on the test models.
type TestReport struct {
	Criterion Criterion      `json:"criterion"`
	Estimator ability.Method `json:"estimator"`
	Stop      string         `json:"stop"`
	Items     Lengths        `json:"items"`
	Errors
	Interval
	Stopped  map[string]int `json:"stopped"`
	Exposure Exposure       `json:"exposure"`
	Curve    []AtLength     `json:"curve"`

	// Reaches is the smallest of the Lengths at which the calibrated RMSE is no larger
	// than that of the fixed form; 0 if none is.
	Reaches int `json:"reaches"`
}

// FixedForm evaluates the fixed form with one estimator.
func (ev Evaluation) FixedForm(ctx context.Context, estimator ability.Method) (*FormReport, error) {
	form := FixedForm(ev.Bank, ev.Form)
	train, err := PlayForm(ctx, ev.Bank, form, estimator, ev.Table.SelectModels(ev.Train.Rows))
	if err != nil {
		return nil, err
	}
	test, err := PlayForm(ctx, ev.Bank, form, estimator, ev.Table.SelectModels(ev.Test.Rows))
	if err != nil {
		return nil, err
	}
	out := &FormReport{Items: len(form), Estimator: estimator, Interval: intervalOf(train, test)}
	out.Errors, err = errorsOf(ctx, pointsOf(train), actualOf(train), pointsOf(test), actualOf(test))
	return out, err
}

// Adaptive plays an adaptive test with all train models, to calibrate, and with all
// test models. form is what to compare with; nil for nothing. Options.Misfit is
// estimated, not used.
func (ev Evaluation) Adaptive(ctx context.Context, opts Options, form *FormReport) (*TestReport, error) {
	opts.Misfit = 0
	t, err := NewTest(ev.Bank, opts)
	if err != nil {
		return nil, err
	}
	study := Study{Test: t, Workers: ev.Workers}
	for _, n := range ev.Lengths {
		study.Length = max(study.Length, n)
	}
	train, err := study.Run(ctx, ev.Table.SelectModels(ev.Train.Rows))
	if err != nil {
		return nil, err
	}
	test, err := study.Run(ctx, ev.Table.SelectModels(ev.Test.Rows))
	if err != nil {
		return nil, err
	}
	out := &TestReport{
		Criterion: opts.Criterion, Estimator: opts.Estimator, Stop: opts.Stop.String(),
		Items: lengthsOf(test), Interval: intervalOf(train, test), Stopped: make(map[string]int),
		Exposure: exposureOf(test, len(ev.Bank.Items)),
	}
	for _, p := range test {
		out.Stopped[p.Stopped]++
	}
	x, y := actualOf(train), actualOf(test)
	if out.Errors, err = errorsOf(ctx, pointsOf(train), x, pointsOf(test), y); err != nil {
		return nil, err
	}
	for _, n := range ev.Lengths {
		e, err := errorsOf(ctx, pointsAfter(train, n), x, pointsAfter(test, n), y)
		if err != nil {
			return nil, err
		}
		out.Curve = append(out.Curve, AtLength{n, e})
		if form != nil && out.Reaches == 0 && e.Calibrated.RMSE <= form.Calibrated.RMSE {
			out.Reaches = n
		}
	}
	return out, nil
}

// calibrationFunctions is the size of the calibration's basis: enough for a smooth
// monotone bend, too few to chase single models.
const calibrationFunctions = 10

// errorsOf fits the calibration to train and evaluates it on test.
func errorsOf(ctx context.Context, trainX, trainY, testX, testY []float64) (Errors, error) {
	out := Errors{Raw: accuracyOf(testX, testY)}
	smooths := []smooth.Smooth{{Name: "predicted score", Functions: calibrationFunctions, Penalties: 1}}
	m, err := smooth.Fit(ctx, smooths, [][]float64{trainX}, trainY, smooth.Settings{})
	if err != nil {
		return Errors{}, fmt.Errorf("calibrate %d train models: %w", len(trainY), err)
	}
	calibrated := make([]float64, len(testX))
	for i, x := range testX {
		calibrated[i] = max(0, min(100, m.Predict([]float64{x})))
	}
	out.Calibrated = accuracyOf(calibrated, testY)
	return out, nil
}
