package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// maxCodes is how many different values besides 0 and 1 an item may have: codes for no
// answer, or steps of a scale. A column with more is a measurement.
const maxCodes = 5

// itemColumn is a column of a wide table: an item with its answers, or the reason why it is
// no item.
type itemColumn struct {
	answers []uint8
	because string // it is no item; empty for an item
	empty   bool   // nothing in it is worth keeping
}

// census counts what a column holds.
type census struct {
	binary, other int
	values        []string // other than 0, 1 and missing, the first few different ones
	first         int      // row of the first of them
	texts         bool     // one of them is no number
	fractions     bool     // one of them is no whole number
}

// classify decides whether a column is an item. A column that may be an item in another
// coding is an error: leaving it out would lose its answers silently.
func (f *Frame) classify(k, model int, skip string, missing missingCodes, metric string) (itemColumn, error) {
	name, c := f.names[k], &f.columns[k]
	switch lower := strings.ToLower(name); {
	case skip != "":
		return itemColumn{because: skip}, nil
	case lower == "set" || lower == "split":
		return itemColumn{because: "is called set or split"}, nil
	case name == "":
		return itemColumn{because: "has no name", empty: true}, nil
	}
	read := answers{dict: c.dict, missing: missing}
	out := make([]uint8, f.rows)
	n := census{first: -1}
	seen := map[string]bool{}
	for i := range out {
		out[i] = read.of(&c.cells, i)
		switch out[i] {
		case 0, 1:
			n.binary++
		case notBinary:
			if n.first < 0 {
				n.first = i
			}
			n.other++
			if text := strings.TrimSpace(c.text(i)); len(n.values) <= maxCodes && !seen[text] {
				seen[text] = true
				n.add(text)
			}
		case corpus.Missing:
		}
	}
	switch {
	case n.other == 0 && n.binary == 0:
		return itemColumn{because: "has no answers", empty: true}, nil
	case n.other == 0:
		return itemColumn{answers: out}, nil
	case n.mayBeItem():
		return itemColumn{}, f.otherCoding(k, model, n, metric)
	case n.texts:
		return itemColumn{because: "holds text"}, nil
	case n.binary == 0 && len(n.values) == 1:
		return itemColumn{because: "holds " + corpus.Clip(n.values[0], 40) + " and no answers", empty: true}, nil
	}
	return itemColumn{because: "holds numbers other than 0 and 1"}, nil
}

func (n *census) add(text string) {
	n.values = append(n.values, text)
	v, err := strconv.ParseFloat(text, 64)
	n.texts = n.texts || err != nil
	n.fractions = n.fractions || err == nil && v != math.Trunc(v)
}

// answerWords are pairs of values for wrong and right, or names of two choices.
var answerWords = [][2]string{
	{"no", "yes"}, {"n", "y"}, {"f", "t"}, {"wrong", "right"}, {"w", "r"}, {"incorrect", "correct"}, {"i", "c"},
	{"fail", "pass"}, {"failed", "passed"}, {"-", "+"}, {"a", "b"},
}

// mayBeItem reports whether a column that holds other values than 0 and 1 may be an
// item nonetheless.
func (n *census) mayBeItem() bool {
	few := len(n.values) <= maxCodes
	switch {
	case n.other < n.binary:
		return true
	case n.binary > 0:
		return few && !n.fractions
	case len(n.values) != 2:
		return false
	}
	a, b := strings.ToLower(n.values[0]), strings.ToLower(n.values[1])
	return slices.ContainsFunc(answerWords, func(w [2]string) bool { return a == w[0] && b == w[1] || a == w[1] && b == w[0] })
}

// otherCoding is the error for a column that seems to be an item in another coding than 0
// and 1.
func (f *Frame) otherCoding(k, model int, n census, metric string) *corpus.DataError {
	e := wrongAnswer(f.location(n.first), f.names[k], f.columns[k].text(n.first), metric)
	e.Model, e.Item = f.columns[model].text(n.first), f.names[k]
	if e.Kind != corpus.KindValue || n.fractions {
		return e
	}
	shown := make([]string, len(n.values))
	codes := make([]string, len(n.values))
	for i, v := range n.values {
		shown[i], codes[i] = strconv.Quote(corpus.Clip(v, 40)), corpus.Clip(v, maxCode)
	}
	if n.binary == 0 || n.binary > 0 && len(n.values) == 1 && n.values[0] == "2" {
		pair := strings.Join(shown, " and ")
		if n.binary > 0 {
			pair = fmt.Sprintf("%s beside 0 or 1", pair)
		}
		e.Reason = fmt.Sprintf("the column holds %s where an item has 0 for wrong and 1 for right", pair)
		e.Remedy = fmt.Sprintf("Recode it to 0 and 1, or say --skip %s if it is no item", shellWord(f.names[k]))
		return e
	}
	e.Reason = fmt.Sprintf("neither 0 nor 1 stands in %d of %d cells, but %s", n.other, f.rows, strings.Join(shown, ", "))
	e.Remedy = fmt.Sprintf("If these are codes for no answer, say --missing %s; if it is no item, say --skip %s; else give 1 for right and 0 for wrong",
		shellWord(strings.Join(codes, ",")), shellWord(f.names[k]))
	return e
}

// maxAsked bounds the columns that askLong compares.
const maxAsked = 8

// askLong returns an error that asks for the columns if the frame looks like a long table
// with unusual column names: two columns of repeated names whose pairs identify the rows.
// One of the two must be the column with, unless that is negative.
func (f *Frame) askLong(model int, roles roles, with int) *corpus.DataError {
	var repeated []int
	for k := range f.names {
		if f.repeats(k) {
			repeated = append(repeated, k)
		}
		if len(repeated) == maxAsked {
			break
		}
	}
	for i, a := range repeated {
		for _, b := range repeated[i+1:] {
			if with >= 0 && a != with && b != with || !f.identify(a, b) {
				continue
			}
			if b == model {
				a, b = b, a
			}
			if slices.Contains(roles.model, f.names[b]) || slices.Contains(roles.item, f.names[a]) {
				a, b = b, a
			}
			answer := "COLUMN"
			for k, name := range f.names {
				likely := slices.Contains(append(slices.Concat(correctRole.known...), correctRole.perhaps...), folded(name))
				if k != a && k != b && (likely || len(f.names) == 3) {
					answer = shellWord(name)
					break
				}
			}
			return &corpus.DataError{Kind: corpus.KindColumn, File: f.file,
				Reason: "this seems to be a long table, a row an answer, but its columns have other names than model, item and correct",
				Remedy: fmt.Sprintf("Name them, such as --model-column %s --item-column %s --correct-column %s. It has the columns %s",
					shellWord(f.names[a]), shellWord(f.names[b]), answer, list(f.names))}
		}
	}
	return nil
}

// repeats reports whether every row of a column has a name, or a number other than an
// answer, and some have the same.
func (f *Frame) repeats(k int) bool {
	read := answers{dict: f.columns[k].dict}
	seen := map[string]bool{}
	names := false
	for i := range f.rows {
		text := f.columns[k].text(i)
		if text == "" {
			return false
		}
		names = names || read.of(&f.columns[k].cells, i) == notBinary
		seen[text] = true
	}
	return names && len(seen) > 1 && len(seen) < f.rows
}

// identify reports whether no two rows have the same values in both columns.
func (f *Frame) identify(a, b int) bool {
	seen := make(map[[2]string]bool, f.rows)
	for i := range f.rows {
		key := [2]string{f.columns[a].text(i), f.columns[b].text(i)}
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}
