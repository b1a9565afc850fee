package statistics

import (
	"context"
	"errors"
	"fmt"

	"metabench/analysis/trial"
	"metabench/table"
)

// TrialOptions say how estimators of scores are tried on a table of answers.
type TrialOptions struct {
	trial.Options
	Table table.ResponseOptions
	Note  func(string) // gets what the reader of the table decided by itself
}

// Trial tries every estimator on models that it has not seen.
//
// Errors: *OptionError, *corpus.DataError.
func Trial(ctx context.Context, path string, o TrialOptions) ([]trial.Report, error) {
	answers, err := table.ReadResponses(ctx, path, o.Table)
	if err != nil {
		return nil, columnError(err)
	}
	for _, note := range answers.Notes() {
		o.Note(note)
	}
	labels := map[string][]string{}
	for _, s := range o.Splits {
		if name := s.Column(); name != "" {
			if labels[name], err = answers.Labels(ctx, path, name); err != nil {
				return nil, columnError(err)
			}
		}
	}
	outcomes, err := trial.Run(ctx, trial.NewData(answers.Table, labels), o.Options)
	if err != nil {
		err = fmt.Errorf("accuracy %s: %w", path, err)
		var few *trial.TooFewError
		var many *trial.TooManyItemsError
		if errors.As(err, &few) || errors.As(err, &many) {
			err = &OptionError{err}
		}
		return nil, err
	}
	reports := make([]trial.Report, len(outcomes))
	for k, outcome := range outcomes {
		reports[k] = outcome.Report()
	}
	return reports, nil
}
