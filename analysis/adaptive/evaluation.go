package adaptive

import (
	"context"

	"metabench/analysis/ability"
	"metabench/analysis/response"
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

// Errors are those of the p-IRT score and of the same after Calibration.
type Errors struct {
	Raw        Accuracy `json:"raw"`
	Calibrated Accuracy `json:"calibrated"`
}

// Interval says how often the 90 % intervals hold.
type Interval struct {
	Coverage  float64 `json:"coverage"`               // of the calibrated score
	Width     float64 `json:"width"`                  // mean, points
	ItemModel float64 `json:"coverage_item_model"`    // as predicted from the item model alone
	Lowest    float64 `json:"coverage_lowest_fifth"`  // Coverage where the predicted scores are lowest
	Highest   float64 `json:"coverage_highest_fifth"` // and highest
	Misfit    float64 `json:"misfit"`                 // points, see Options.Misfit; of the train models
}

// AtLength is the error after a number of items.
type AtLength struct {
	Items    int     `json:"items"`
	Coverage float64 `json:"coverage"`
	Width    float64 `json:"width"`
	Errors
}

// FormReport is the error of a fixed form.
type FormReport struct {
	Items     int            `json:"items"`
	Estimator ability.Method `json:"estimator"`
	Interval
	Errors
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

// FixedForm evaluates the fixed form with one estimator. It is calibrated like an
// adaptive test of its length.
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
	if err := calibrateForm(ctx, train, test, len(form), len(ev.Bank.Items)); err != nil {
		return nil, err
	}
	scores, actual := scoresOf(test), actualOf(test)
	out := &FormReport{Items: len(form), Estimator: estimator, Interval: intervalOf(scores, actual), Errors: errorsOf(scores, actual)}
	out.Misfit = misfitOf(scoresOf(train), actualOf(train), 1-float64(len(form))/float64(len(ev.Bank.Items)))
	return out, nil
}

// Adaptive plays an adaptive test with all train models, to calibrate it, and the
// calibrated test with all test models: what it reports is what a test with this
// calibration does with models it has never seen. form is what to compare with; nil
// for nothing. Calibration and misfit of the options are estimated, not used.
func (ev Evaluation) Adaptive(ctx context.Context, opts Options, form *FormReport) (*TestReport, error) {
	calibrator := Calibrator{Bank: ev.Bank, Answers: lengthOf(opts.Stop), Workers: ev.Workers}
	for _, n := range ev.Lengths {
		calibrator.Answers = max(calibrator.Answers, n)
	}
	calibration, err := calibrator.Run(ctx, opts, ev.Table.SelectModels(ev.Train.Rows))
	if err != nil {
		return nil, err
	}
	opts.Misfit, opts.Calibration = 0, calibration
	t, err := NewTest(ev.Bank, opts)
	if err != nil {
		return nil, err
	}
	study := Study{Test: t, Workers: ev.Workers}
	for _, n := range ev.Lengths {
		study.Length = max(study.Length, n)
	}
	test, err := study.Run(ctx, ev.Table.SelectModels(ev.Test.Rows))
	if err != nil {
		return nil, err
	}
	out := ev.report(t.Options(), test, form)
	out.Misfit = calibration.Misfit
	return out, nil
}

func (ev Evaluation) report(opts Options, test []Played, form *FormReport) *TestReport {
	scores, actual := scoresOf(test), actualOf(test)
	out := &TestReport{
		Criterion: opts.Criterion, Estimator: opts.Estimator, Stop: opts.Stop.String(),
		Items: lengthsOf(test), Stopped: make(map[string]int), Exposure: exposureOf(test, len(ev.Bank.Items)),
	}
	for _, p := range test {
		out.Stopped[p.Stopped]++
	}
	out.Errors, out.Interval = errorsOf(scores, actual), intervalOf(scores, actual)
	for _, n := range ev.Lengths {
		scores = scoresAfter(test, n)
		at := AtLength{Items: n, Errors: errorsOf(scores, actual)}
		at.Coverage, at.Width = coverageOf(scores, actual), widthOf(scores)
		out.Curve = append(out.Curve, at)
		if form != nil && out.Reaches == 0 && at.Calibrated.RMSE <= form.Calibrated.RMSE {
			out.Reaches = n
		}
	}
	return out
}
