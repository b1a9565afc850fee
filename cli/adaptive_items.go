package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/score"
	"metabench/table"
)

// adaptiveItems are the items of a test: with calibrations when they come from an item
// bank, without when from a table of parameters.
type adaptiveItems struct {
	bank *adaptive.Bank
	file *score.ItemBank // nil for a table
}

// readItems reads an item bank or a table of parameters, told apart by content.
func readItems(ctx context.Context, path string) (adaptiveItems, error) {
	file, err := os.Open(path)
	if err != nil {
		return adaptiveItems{}, err
	}
	items, err := readItemBank(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return adaptiveItems{}, fmt.Errorf("%s: %w", path, err)
	}
	if items.bank == nil {
		items.bank, err = readParameters(ctx, path)
	}
	return items, err
}

// readItemBank reads an item bank; of anything else it returns nothing.
func readItemBank(file io.ReadSeeker) (adaptiveItems, error) {
	if !score.Enveloped(file) {
		return adaptiveItems{}, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return adaptiveItems{}, err
	}
	b, _, err := score.ReadItemBank(file)
	if err != nil {
		return adaptiveItems{}, err
	}
	bank, err := b.Bank()
	return adaptiveItems{bank, b}, err
}

// readParameters reads a table of item parameters: columns item, a1, d and, if there,
// g (else 0) and u (else 1).
func readParameters(ctx context.Context, path string) (*adaptive.Bank, error) {
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	keys, err := frame.Strings("item")
	if err != nil {
		return nil, err
	}
	items := make([]irt.Item, len(keys))
	for _, c := range []struct {
		name  string
		field func(*irt.Item) *float64
		value float64 // where there is no column
	}{
		{"a1", func(it *irt.Item) *float64 { return &it.A }, math.NaN()},
		{"d", func(it *irt.Item) *float64 { return &it.D }, math.NaN()},
		{"g", func(it *irt.Item) *float64 { return &it.G }, 0},
		{"u", func(it *irt.Item) *float64 { return &it.U }, 1},
	} {
		if !math.IsNaN(c.value) && !frame.Has(c.name) {
			for j := range items {
				*c.field(&items[j]) = c.value
			}
			continue
		}
		values, err := frame.Floats(c.name)
		if err != nil {
			return nil, err
		}
		for j, v := range values {
			*c.field(&items[j]) = v
		}
	}
	bank, err := adaptive.NewBank(keys, items)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bank, nil
}

// calibrate adds to a test's options the calibration for its design, which is the
// bank's first where the flags leave it open.
func (s adaptiveItems) calibrate(o *adaptive.Options, f *adaptiveTestFlags) error {
	if s.file == nil {
		return nil
	}
	if f.misfit != 0 {
		return usagef("--misfit %v: an item bank brings intervals of its own; leave it out", f.misfit)
	}
	if f.criterion == "" {
		o.Criterion = s.file.Calibrations[0].Criterion
	}
	if f.estimator == "" {
		o.Estimator = s.file.Calibrations[0].Estimator
		if f.criterion != "" {
			k := slices.IndexFunc(s.file.Calibrations, func(c adaptive.Calibration) bool { return c.Criterion == o.Criterion })
			if k >= 0 {
				o.Estimator = s.file.Calibrations[k].Estimator
			}
		}
	}
	c, ok := s.file.Calibration(o.Criterion, o.Estimator)
	if !ok {
		return usagef("the item bank %s is not calibrated for criterion %s with estimator %s, but for %s; "+
			"metabench adaptive calibrate takes --criterion and --estimator", f.items, o.Criterion, o.Estimator, designs(s.file))
	}
	o.Calibration = c
	if f.among == 0 {
		o.Among = c.Among
	}
	if f.length == 0 {
		o.Length = c.Length
	}
	return nil
}

// designs lists what a bank is calibrated for.
func designs(b *score.ItemBank) string {
	var names []string
	for _, c := range b.Calibrations {
		names = append(names, fmt.Sprintf("%s with %s", c.Criterion, strings.ToLower(c.Estimator.String())))
	}
	return strings.Join(names, ", ")
}

// warnings says what a score of the test can't be trusted for.
func (s adaptiveItems) warnings(o adaptive.Options) []string {
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
	if s.file != nil && s.file.Fit != irt.Converged.String() && s.file.Fit != irt.Local.String() { // the calibration is of these items, whatever others there are
		out = append(out, "the fit of the items ended with: "+s.file.Fit)
	}
	return out
}

// adaptiveReply is a reply with what has to be said about it.
type adaptiveReply struct {
	adaptive.Reply
	Calibrated bool     `json:"calibrated"`
	Warnings   []string `json:"warnings,omitempty"`
}

// adaptiveTest is a test that is ready to reply.
type adaptiveTest struct {
	*adaptive.Test
	items    adaptiveItems
	warnings []string
}

// test reads the items and prepares the test.
func (f *adaptiveTestFlags) test(ctx context.Context) (*adaptiveTest, error) {
	if f.items == "" {
		return nil, usagef("--items FILE is needed: an item bank of `metabench adaptive calibrate`, " +
			"or item parameters as `metabench fit --out DIR` writes them")
	}
	o := adaptive.Options{Among: f.among, Length: f.length, Misfit: f.misfit, Seed: f.seed}
	var err error
	if f.criterion != "" {
		if o.Criterion, err = adaptive.ParseCriterion(f.criterion); err != nil {
			return nil, usagef("--criterion: %w", err)
		}
	}
	if f.estimator != "" {
		if o.Estimator, err = ability.ParseMethod(f.estimator); err != nil {
			return nil, usagef("--estimator: %w", err)
		}
	}
	if f.stop != "" {
		if o.Stop, err = adaptive.ParseRule(f.stop); err != nil {
			return nil, usagef("--stop: %w", err)
		}
	}
	items, err := readItems(ctx, f.items)
	if err != nil {
		return nil, err
	}
	if err := items.calibrate(&o, f); err != nil {
		return nil, err
	}
	t, err := adaptive.NewTest(items.bank, o)
	if err != nil {
		return nil, withCode(ExitUsage, err)
	}
	return &adaptiveTest{t, items, items.warnings(t.Options())}, nil
}

// reply answers a request.
func (t *adaptiveTest) reply(r adaptive.Request) (adaptiveReply, error) {
	reply, err := t.Reply(r)
	return adaptiveReply{reply, t.Options().Calibration != nil, t.warnings}, err
}
