package score

import (
	"fmt"
	"slices"
	"strings"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
)

// TestOptions are those of an adaptive test. What is nil or 0 is the item bank's default.
type TestOptions struct {
	Criterion *adaptive.Criterion
	Estimator *ability.Method
	Stop      adaptive.Any
	Among     int     // ask one of so many best items
	Length    int     // items over which chance fades out
	Misfit    float64 // without an item bank: see adaptive.Options
	Seed      uint64
}

// AdaptiveTest is a test that is ready to reply.
type AdaptiveTest struct {
	*adaptive.Test
	Calibrated *ItemBank // nil for items without calibrations
	Warnings   []string  // why its scores may be off
}

// NewAdaptiveTest prepares a test of the items of a bank. calibrated is the item bank that
// they are from, nil for parameters alone. An error says which option can't be met.
func NewAdaptiveTest(bank *adaptive.Bank, calibrated *ItemBank, o TestOptions) (*AdaptiveTest, error) {
	opts := adaptive.Options{Stop: o.Stop, Among: o.Among, Length: o.Length, Misfit: o.Misfit, Seed: o.Seed}
	if o.Criterion != nil {
		opts.Criterion = *o.Criterion
	}
	if o.Estimator != nil {
		opts.Estimator = *o.Estimator
	}
	if calibrated != nil {
		if err := calibrated.calibrate(&opts, o); err != nil {
			return nil, err
		}
	}
	t, err := adaptive.NewTest(bank, opts)
	if err != nil {
		return nil, err
	}
	return &AdaptiveTest{t, calibrated, warnings(t.Options(), calibrated)}, nil
}

// calibrate adds to a test's options the calibration of its design, which is the bank's
// first where the options leave it open.
func (b *ItemBank) calibrate(opts *adaptive.Options, o TestOptions) error {
	if o.Misfit != 0 {
		return fmt.Errorf("--misfit %v: an item bank brings intervals of its own; leave it out", o.Misfit)
	}
	if o.Criterion == nil {
		opts.Criterion = b.Calibrations[0].Criterion
	}
	if o.Estimator == nil {
		first := max(0, slices.IndexFunc(b.Calibrations, func(c adaptive.Calibration) bool { return c.Criterion == opts.Criterion }))
		opts.Estimator = b.Calibrations[first].Estimator
	}
	c, ok := b.Calibration(opts.Criterion, opts.Estimator)
	if !ok {
		return fmt.Errorf("the item bank is not calibrated for criterion %s with estimator %s, but for %s; "+
			"metabench adaptive calibrate takes --criterion and --estimator", opts.Criterion, opts.Estimator, b.Designs())
	}
	opts.Calibration = c
	if o.Among == 0 {
		opts.Among = c.Among
	}
	if o.Length == 0 {
		opts.Length = c.Length
	}
	return nil
}

// Designs lists what a bank is calibrated for.
func (b *ItemBank) Designs() string {
	var names []string
	for _, c := range b.Calibrations {
		names = append(names, fmt.Sprintf("%s with %s", c.Criterion, strings.ToLower(c.Estimator.String())))
	}
	return strings.Join(names, ", ")
}

// warnings says why the scores of a test may be off.
func warnings(o adaptive.Options, calibrated *ItemBank) []string {
	const remedy = "; metabench adaptive calibrate writes an item bank whose intervals hold"
	var out []string
	switch c := o.Calibration; {
	case c == nil && o.Misfit == 0:
		out = append(out, "score and interval rest on the item model alone: the score may be off, and the 90 % interval too narrow"+remedy)
	case c == nil:
		out = append(out, "the score rests on the item model alone and may be off; its interval is widened by --misfit"+remedy)
	case max(1, o.Among) != c.Among || o.Length != c.Length:
		out = append(out, fmt.Sprintf("the item bank is calibrated for --among %d and --length %d, not %d and %d: its intervals may be wrong",
			c.Among, c.Length, max(1, o.Among), o.Length))
	}
	if b := calibrated; b != nil && b.Fit != irt.Converged.String() && b.Fit != irt.Local.String() { // the calibration is of these items, whatever others there are
		out = append(out, "the fit of the items ended with: "+b.Fit)
	}
	return out
}

// AdaptiveReply is the reply of a test and what has to be said about it.
type AdaptiveReply struct {
	adaptive.Reply
	Calibrated bool     `json:"calibrated"`
	Warnings   []string `json:"warnings,omitempty"`
}

// Reply answers a request.
func (t *AdaptiveTest) Reply(r adaptive.Request) (AdaptiveReply, error) {
	reply, err := t.Test.Reply(r)
	return AdaptiveReply{reply, t.Options().Calibration != nil, t.Warnings}, err
}

// TestInfo describes a test.
type TestInfo struct {
	Benchmark string             `json:"benchmark,omitempty"`
	Metric    string             `json:"metric,omitempty"`
	Items     int                `json:"items"`
	Criterion adaptive.Criterion `json:"criterion"`
	Estimator string             `json:"estimator"`
	Stop      string             `json:"stop"`
	Among     int                `json:"among"`
	Length    int                `json:"length"`
	Misfit    float64            `json:"misfit"`
	Seed      uint64             `json:"seed"`
	Models    int                `json:"calibration_models"` // 0: not calibrated
	Warnings  []string           `json:"warnings,omitempty"`
}

// Info describes the test.
func (t *AdaptiveTest) Info() TestInfo {
	o := t.Options()
	info := TestInfo{
		Items: len(t.Bank().Items), Criterion: o.Criterion, Estimator: o.Estimator.String(), Stop: o.Stop.String(),
		Among: max(1, o.Among), Length: o.Length, Misfit: o.Misfit, Seed: o.Seed, Warnings: t.Warnings,
	}
	if b := t.Calibrated; b != nil {
		info.Benchmark, info.Metric, info.Models = b.Benchmark, b.Metric, o.Calibration.Models
	}
	return info
}
