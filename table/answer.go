package table

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"metabench/corpus"
)

// notBinary marks a value of an answer column that is none of 0, 1 and missing.
const notBinary uint8 = 254

// answers turns the values of an answer column into 0, 1 and corpus.Missing.
type answers struct {
	dict    *dictionary
	missing missingCodes
	byCode  []uint8
}

// of returns the answer in a row of a batch, or notBinary.
func (a *answers) of(c *cells, i int) uint8 {
	if c.numeric() {
		return answerOfNumber(c.floats[i], a.missing)
	}
	code := c.codes[i]
	if code == missingCode {
		return corpus.Missing
	}
	for int(code) >= len(a.byCode) {
		a.byCode = append(a.byCode, answerOfText(a.dict.values[len(a.byCode)], a.missing))
	}
	return a.byCode[code]
}

func answerOfNumber(v float64, missing missingCodes) uint8 {
	switch {
	case v == 0:
		return 0
	case v == 1:
		return 1
	case math.IsNaN(v), missing.hasNumber(v):
		return corpus.Missing
	}
	return notBinary
}

// answerOfText accepts 0 and 1 in the spellings of the usual writers: 0, 0.0, false.
func answerOfText(text string, missing missingCodes) uint8 {
	text = strings.TrimSpace(text)
	switch {
	case isMissing(text), missing.hasText(text):
		return corpus.Missing
	case strings.EqualFold(text, "true"):
		return 1
	case strings.EqualFold(text, "false"):
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return notBinary
	}
	return answerOfNumber(v, missing)
}

// wrongAnswer explains a value that is no answer, such as a share of points where an answer
// is right or wrong.
func wrongAnswer(p location, column, text, metric string) *corpus.DataError {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	switch {
	case text == column || text == "correct":
		return headerRepeated(p, column)
	case err == nil && v > 0 && v < 1:
		e := p.errorf(corpus.KindValue, column, "Give right (1) or wrong (0) per item; for TruthfulQA that is mc1, not mc2",
			"the value %s is a continuous score, and an answer is 0 or 1", text)
		if metric != "" {
			e.Reason = fmt.Sprintf("the value %s is a continuous score, and %s is 0 or 1", text, metric)
		}
		return e
	}
	remedy := "Give 1 for right, 0 for wrong, and leave the cell empty where there is no answer"
	if len(text) <= maxCode {
		remedy += "; if it is a code for no answer, say --missing " + shellWord(text)
	}
	return p.errorf(corpus.KindValue, column, remedy,
		"the value %q is neither 0 nor 1", corpus.Clip(text, 40))
}

// maxCode is the length of the longest text that may be a code for no answer, in bytes.
const maxCode = 12

// shellWord writes a value as it is typed on a command line.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("-+._,:/@%", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return "'" + s + "'"
	}
	return s
}

// headerRepeated explains a line that repeats the header, as several writers that append to
// one file leave it.
func headerRepeated(p location, column string) *corpus.DataError {
	return p.errorf(corpus.KindFormat, column, "Remove the line, and check that the lines around it are whole",
		"the header is repeated inside the file")
}
