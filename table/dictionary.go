package table

import "strings"

// dictionary numbers the distinct values of a column in the order in which they
// appear. Missing values have no number; they are missingCode.
type dictionary struct {
	values []string
	byText map[string]uint32
	last   uint32 // code of the last value
}

func newDictionary() *dictionary {
	return &dictionary{byText: make(map[string]uint32)}
}

// code returns the number of a value. The last value and its successor are tried first: in
// a long table the model repeats and the items have the same order for every model, so that
// most values need no hash.
func (d *dictionary) code(text []byte) uint32 {
	if int(d.last) < len(d.values) && d.values[d.last] == string(text) {
		return d.last
	}
	if next := d.last + 1; int(next) < len(d.values) && d.values[next] == string(text) {
		d.last = next
		return next
	}
	if c, ok := d.byText[string(text)]; ok {
		if c != missingCode {
			d.last = c
		}
		return c
	}
	return d.add(string(text))
}

func (d *dictionary) add(text string) uint32 {
	c := uint32(len(d.values))
	if isMissing(text) {
		c = missingCode
	} else {
		d.values = append(d.values, text)
		d.last = c
	}
	d.byText[text] = c
	return c
}

// text returns the value that a code stands for; "" for a missing one.
func (d *dictionary) text(code uint32) string {
	if code == missingCode {
		return ""
	}
	return d.values[code]
}

// isMissing reports whether a cell says that there is no value: it is empty, NA,
// NaN or null, in any case of letters.
func isMissing(text string) bool {
	switch len(text) {
	case 0:
		return true
	case 2:
		return strings.EqualFold(text, "NA")
	case 3:
		return strings.EqualFold(text, "NaN")
	case 4:
		return strings.EqualFold(text, "null")
	}
	return false
}
