package score

import (
	"context"

	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// BankOptions say how an item bank is calibrated.
type BankOptions struct {
	Name    string // of the benchmark or table
	Origin  Origin
	Kind    irt.Kind
	Designs []adaptive.Options // of the tests to calibrate for; the first is the default
	Length  int                // items up to which corrections are fitted
	Workers int                // 0 for all; the result is the same

	// Report is called as calibrations are done; may be nil.
	Report func(done, total int)
}

// CalibrateBank fits the items of a table, and calibrates the scores of adaptive tests of
// every design by playing them with its models. Models without answers are left out.
//
// Errors: those of irt.Fit and adaptive.Calibrator.Run.
func CalibrateBank(ctx context.Context, table *response.Table, o BankOptions) (*ItemBank, error) {
	table = adaptive.Answered(table)
	fit, err := adaptive.FitItems(ctx, table.Answers, o.Kind, o.Workers)
	if err != nil {
		return nil, err
	}
	b := &ItemBank{
		Benchmark: o.Name, Metric: table.Metric, Kind: o.Kind, Fit: fit.Status.String(),
		Models: len(table.Models), Origin: o.Origin, Items: NewItems(table.Items, fit.Items),
	}
	bank, err := b.Bank()
	if err != nil {
		return nil, err
	}
	report := func(done int) {
		if o.Report != nil {
			o.Report(done, len(o.Designs))
		}
	}
	calibrator := adaptive.Calibrator{Bank: bank, Answers: o.Length, Workers: o.Workers}
	for k, design := range o.Designs {
		report(k)
		c, err := calibrator.Run(ctx, design, table)
		if err != nil {
			return nil, err
		}
		b.Calibrations = append(b.Calibrations, *c)
	}
	report(len(o.Designs))
	return b, nil
}
