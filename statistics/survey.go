package statistics

import (
	"context"
	"errors"
	"math"

	"metabench/analysis/survey"
	"metabench/analysis/trial"
)

// SurveyOptions say how surveys are tried.
type SurveyOptions struct {
	Split    trial.Split
	Lengths  []int   // answers, rising; nil for 5 and 10 % of the items
	Level    float64 // of the intervals
	Seed     uint64
	Workers  int                   // 0 means one a processor; does not change the result
	Progress func(done, total int) // called by one goroutine at a time; may be nil
}

// SurveyReport says how surveys of test models did.
type SurveyReport struct {
	Split   string          `json:"split"`
	Train   int             `json:"train"` // models
	Test    int             `json:"test"`
	Level   float64         `json:"level"`
	Surveys []survey.Report `json:"surveys"` // one a length
}

// Survey tries surveys with models that they have not seen.
//
// Errors: *OptionError.
func Survey(ctx context.Context, a *Answers, o SurveyOptions) (*SurveyReport, error) {
	data := trial.NewData(a.Table, nil)
	train, test, err := o.Split.Divide(data, o.Seed)
	var few *trial.TooFewError
	var column *trial.NoColumnError
	if errors.As(err, &few) || errors.As(err, &column) {
		err = &OptionError{err}
	}
	if err != nil {
		return nil, err
	}
	if o.Lengths == nil {
		for _, share := range []float64{0.05, 0.1} {
			o.Lengths = append(o.Lengths, max(3, int(math.Round(share*float64(len(a.Items))))))
		}
	}
	study := survey.Study{
		Answers: data.Table.Answers, Train: train, Test: test,
		Lengths: o.Lengths, Level: o.Level, Seed: o.Seed, Workers: o.Workers, Progress: o.Progress,
	}
	r := &SurveyReport{Split: o.Split.String(), Train: len(train.Rows), Test: len(test.Rows), Level: o.Level}
	r.Surveys, err = study.Run(ctx)
	return r, err
}
