package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// missingCodes are values that stand for a missing answer in a table, besides the empty
// cell: -1, 9, ".".
type missingCodes struct {
	texts   []string
	numbers []float64
}

// newMissingCodes refuses codes that are answers.
func newMissingCodes(path string, codes []string) (missingCodes, error) {
	var m missingCodes
	for _, code := range codes {
		code = strings.TrimSpace(code)
		if a := answerOfText(code, missingCodes{}); a <= 1 {
			return m, &corpus.DataError{Kind: corpus.KindValue, File: path,
				Reason: fmt.Sprintf("%s is an answer and can't be the code of a missing one", code),
				Remedy: "Leave it out of --missing"}
		}
		m.texts = append(m.texts, code)
		if v, err := strconv.ParseFloat(code, 64); err == nil {
			m.numbers = append(m.numbers, v)
		}
	}
	return m, nil
}

func (m *missingCodes) hasNumber(v float64) bool { return slices.Contains(m.numbers, v) }
func (m *missingCodes) hasText(text string) bool { return slices.Contains(m.texts, text) }
