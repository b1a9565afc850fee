package table

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"metabench/corpus"
)

// maxName is the longest name of a model or item that is accepted, in bytes. The
// limit only keeps a damaged file from being one name.
const maxName = 16 << 10

// checkName refuses what can't be the name of a model or an item: bytes that are no text, and
// characters that make a name look like another one.
func checkName(p location, column, name string) *corpus.DataError {
	switch {
	case len(name) > maxName:
		return p.errorf(corpus.KindName, column, "Look at the file: a quote may never be closed",
			"a name of %d bytes, more than %d", len(name), maxName)
	case !utf8.ValidString(name):
		return p.errorf(corpus.KindName, column, "Save the table as UTF-8", "the name %q is not UTF-8", corpus.Clip(name, 40))
	}
	before := rune(0)
	for _, r := range name {
		switch {
		case unicode.IsControl(r):
			return p.errorf(corpus.KindName, column, "Remove it",
				"the name %q contains a control character", corpus.Clip(name, 40))
		case isInvisible(r) && !joins(before, r):
			return p.errorf(corpus.KindName, column, "Remove it: the name looks the same without it",
				"the name %q contains the invisible character %U", corpus.Clip(name, 40), r)
		}
		before = r
	}
	return nil
}

// isInvisible reports whether a character is not shown, or only changes how others are shown,
// as those that reverse the direction of writing.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// joins reports whether r is one of the two joiners that some scripts need, after a character
// of such a script.
func joins(before, r rune) bool {
	return (r == '\u200c' || r == '\u200d') && before > unicode.MaxLatin1
}

// names turns the values of a column into names. White space around a name is no part of it,
// so that "m" and "m " are one model. A value is checked in the first row that has it.
type names struct {
	dict    *dictionary
	checked []uint32 // by code of a value: one more than the code of its name; 0 for values not met
}

// of returns the code of the name that a cell holds.
func (n *names) of(b *batch, column, i int, file, title string) (uint32, error) {
	c := &b.cells[column]
	code := missingCode
	if !c.numeric() {
		code = c.codes[i]
	} else if text := cellText(c, n.dict, i); text != "" {
		code = n.dict.code([]byte(text)) // numbers stored as floating point, such as 17.0, name items by their digits
	}
	if int(code) < len(n.checked) && n.checked[code] > 0 {
		return n.checked[code] - 1, nil
	}
	return n.check(b.location(file, i), title, code)
}

// check checks the name that a code stands for, in a row where it occurs.
func (n *names) check(p location, title string, code uint32) (uint32, error) {
	name := code
	if code != missingCode {
		text := n.dict.values[code]
		trimmed := strings.TrimSpace(text)
		if err := checkName(p, title, trimmed); err != nil {
			return 0, err
		}
		if trimmed != text {
			name = n.dict.code([]byte(trimmed))
		}
	}
	if name == missingCode {
		return 0, p.errorf(corpus.KindName, title, "Remove the row or name it", "the name is missing")
	}
	for len(n.checked) < len(n.dict.values) {
		n.checked = append(n.checked, 0)
	}
	n.checked[code] = name + 1
	return name, nil
}
