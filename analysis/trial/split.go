package trial

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"metabench/analysis/response"
	"metabench/analysis/split"
)

// Split is a rule that says which models are learned from and which are tested:
//
//	random       a quarter tested, drawn at random within ranges of the score
//	family       a quarter tested, whole families
//	top=0.1      the best tenth tested, all others learned from
//	bottom=0.1   the worst tenth tested
//	low-half     the lower half learned from, the top 30 % tested
//	column:NAME  as a column of the table says: train and test; with other values, a
//	             quarter tested, models with the same value together
type Split struct {
	kind   string
	share  float64
	column string
}

// Splits that need no column.
const (
	random  = "random"
	family  = "family"
	top     = "top"
	bottom  = "bottom"
	lowHalf = "low-half"
	column  = "column"
)

// Shares of the models.
const (
	testShare     = 0.25
	lowHalfTrain  = 0.5
	lowHalfTested = 0.3
)

// ParseSplit reads a rule as it is written above.
func ParseSplit(text string) (Split, error) {
	if name, ok := strings.CutPrefix(text, column+":"); ok && name != "" {
		return Split{kind: column, column: name}, nil
	}
	switch kind, value, found := strings.Cut(text, "="); {
	case !found && (kind == random || kind == family || kind == lowHalf):
		return Split{kind: kind}, nil
	case kind == top || kind == bottom:
		share := 0.1
		if found {
			var err error
			if share, err = strconv.ParseFloat(value, 64); err != nil || !(share > 0 && share < 1) {
				return Split{}, fmt.Errorf("split %q: %q is no share between 0 and 1", text, value)
			}
		}
		return Split{kind: kind, share: share}, nil
	}
	return Split{}, fmt.Errorf("split %q: want random, family, top=0.1, bottom=0.1, low-half or column:NAME", text)
}

// String writes the rule as ParseSplit reads it.
func (s Split) String() string {
	switch s.kind {
	case top, bottom:
		return s.kind + "=" + strconv.FormatFloat(s.share, 'g', -1, 64)
	case column:
		return s.kind + ":" + s.column
	}
	return s.kind
}

// Column is the column of the table that the rule needs; empty for none.
func (s Split) Column() string { return s.column }

// leastTrained and leastTested are how many models a split must have on each side: the
// fifths that intervals are made from need reconstruct.MinModels themselves, and an error
// of fewer test models says nothing.
const (
	leastTrained = 26
	leastTested  = 5
)

// TooFewError says that a split leaves too few models on a side.
type TooFewError struct {
	Split       Split
	Train, Test int
}

func (e *TooFewError) Error() string {
	return fmt.Sprintf("split %s: %d models to learn from and %d to test, at least %d and %d are needed: add models or take another split",
		e.Split, e.Train, e.Test, leastTrained, leastTested)
}

// Divide divides the models of the data. Only random and grouped splits depend on the seed.
//
// Errors: *NoColumnError, *TooFewError.
func (s Split) Divide(d *Data, seed uint64) (response.TrainSet, response.TestSet, error) {
	p, err := s.of(d, seed)
	return p.train, p.test, err
}

// parts is a division of the models.
type parts struct {
	train  response.TrainSet
	test   response.TestSet
	groups []string // where whole groups were divided
}

// of is Divide with the groups.
func (s Split) of(d *Data, seed uint64) (parts, error) {
	p, err := s.divide(d, seed)
	if err != nil {
		return p, err
	}
	if len(p.train.Rows) < leastTrained || len(p.test.Rows) < leastTested {
		return p, &TooFewError{s, len(p.train.Rows), len(p.test.Rows)}
	}
	return p, nil
}

func (s Split) divide(d *Data, seed uint64) (parts, error) {
	n := len(d.Scores)
	count := func(share float64) int { return int(math.Round(share * float64(n))) }
	switch s.kind { // models are in the order of their scores
	case top:
		return ranges(0, n-count(s.share), n-count(s.share), n), nil
	case bottom:
		return ranges(count(s.share), n, 0, count(s.share)), nil
	case lowHalf:
		return ranges(0, count(lowHalfTrain), n-count(lowHalfTested), n), nil
	case family:
		origins := make([]split.Origin, n)
		for i, m := range d.Table.Models {
			origins[i].Name = m
		}
		return grouped(split.Families(origins, split.Alike([]*response.Matrix{d.Table.Answers}, 1)), seed)
	case column:
		labels, ok := d.Labels[s.column]
		if !ok {
			return parts{}, &NoColumnError{s.column, slices.Sorted(maps.Keys(d.Labels))}
		}
		if given, ok := asGiven(labels); ok {
			return given, nil
		}
		return grouped(labels, seed)
	}
	r, err := split.Stratified(d.Scores, split.Shares{Test: testShare}, seed)
	return parts{train: r.Train, test: r.Test}, err
}

// ranges tests the models from c to d, having learned from those from a to b.
func ranges(a, b, c, d int) parts {
	var p parts
	for i := a; i < b; i++ {
		p.train.Rows = append(p.train.Rows, i)
	}
	for i := c; i < d; i++ {
		p.test.Rows = append(p.test.Rows, i)
	}
	return p
}

func grouped(labels []string, seed uint64) (parts, error) {
	r, err := split.Grouped(labels, split.Shares{Test: testShare}, seed)
	return parts{train: r.Train, test: r.Test, groups: labels}, err
}

// asGiven divides the models where the labels are train and test. Validation models are
// learned from; models without a label have no part.
func asGiven(labels []string) (parts, bool) {
	var p parts
	for i, label := range labels {
		switch strings.ToLower(strings.TrimSpace(label)) {
		case "train", "validation":
			p.train.Rows = append(p.train.Rows, i)
		case "test":
			p.test.Rows = append(p.test.Rows, i)
		case "", "na":
		default:
			return parts{}, false
		}
	}
	return p, true
}

// NoColumnError says that the table has no column of labels by that name.
type NoColumnError struct {
	Column string
	Have   []string
}

func (e *NoColumnError) Error() string {
	if len(e.Have) == 0 {
		return fmt.Sprintf("split by column %q: the table has no columns but model, item and answer", e.Column)
	}
	return fmt.Sprintf("split by column %q: the table has only %s", e.Column, strings.Join(e.Have, ", "))
}
