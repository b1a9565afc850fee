package score

import (
	"errors"
	"fmt"
	"io"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/corpus"
)

// ItemBank is all that an adaptive test needs: items, and calibrations of the scores
// that it predicts from few of them.
type ItemBank struct {
	Benchmark string   `json:"benchmark"` // or the name of the table
	Metric    string   `json:"metric"`    // what makes an answer correct; empty where the table does not say
	Kind      irt.Kind `json:"kind"`
	Fit       string   `json:"fit"` // how the fit of the items ended
	Models    int      `json:"models"`
	Origin    Origin   `json:"origin"`
	Items     []Item   `json:"items"`

	// Calibrations are one for each design of a test; the first is the default.
	Calibrations []adaptive.Calibration `json:"calibrations"`
}

// Origin says what an item bank was made from. No time is in it, so that the same
// answers give the same file.
type Origin struct {
	Source      string `json:"source"` // file name, or "warehouse"
	Input       string `json:"input"`  // fingerprint of the answers
	Kept        bool   `json:"kept"`   // without the items and models that the warehouse's filters drop
	CodeVersion string `json:"code_version"`
	Seed        uint64 `json:"seed"`
}

// bankFormat is that of an item bank's file. A bank of 14,000 items unpacks to 3 MB.
var bankFormat = format{
	name: "metabench item bank", noun: "item bank", article: "an", version: 1, most: 256 << 20, writer: "metabench adaptive calibrate",
}

// NewItems returns items with their parameters.
func NewItems(keys []string, items []irt.Item) []Item {
	out := make([]Item, len(items))
	for j, it := range items {
		out[j] = Item{Key: keys[j], A: it.A, D: it.D, G: it.G, U: it.U}
	}
	return out
}

// Bank returns the items as an adaptive test takes them.
func (b *ItemBank) Bank() (*adaptive.Bank, error) {
	return adaptive.NewBank(keysOf(b.Items), curves(b.Items))
}

// Calibration returns the calibration of a test's design.
func (b *ItemBank) Calibration(criterion adaptive.Criterion, estimator ability.Method) (*adaptive.Calibration, bool) {
	for k := range b.Calibrations {
		if c := &b.Calibrations[k]; c.Criterion == criterion && c.Estimator == estimator {
			return c, true
		}
	}
	return nil, false
}

func (b *ItemBank) check() error {
	if len(b.Calibrations) == 0 {
		return errors.New("it has no calibration")
	}
	for k := range b.Calibrations {
		c := &b.Calibrations[k]
		if err := c.Check(); err != nil {
			return err
		}
		if first, _ := b.Calibration(c.Criterion, c.Estimator); first != c {
			return fmt.Errorf("it has two calibrations for %s with %s", c.Criterion, c.Estimator)
		}
	}
	_, err := b.Bank()
	return err
}

// Write writes an item bank. Equal banks give equal bytes.
func (b *ItemBank) Write(w io.Writer) error {
	if err := b.check(); err != nil {
		return bankFormat.fail(corpus.KindFormat, "it can't be written", err, "")
	}
	return bankFormat.write(w, b)
}

// ReadItemBank reads what Write wrote, and the checksum of its content. It returns a
// *corpus.DataError for anything else.
func ReadItemBank(r io.Reader) (b *ItemBank, checksum string, err error) {
	b = &ItemBank{}
	if checksum, err = bankFormat.read(r, bankFormat.only(b)); err != nil {
		return nil, "", err
	}
	if err := b.check(); err != nil {
		return nil, "", bankFormat.fail(corpus.KindFormat, "its content doesn't fit together", err, "Calibrate again")
	}
	return b, checksum, nil
}
