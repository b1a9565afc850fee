package table

import (
	"fmt"
	"strings"

	"metabench/corpus"
	"metabench/spelling"
)

// maxListed is how many names an error message lists.
const maxListed = 20

// missingColumn is the error for a column that a file does not have. It lists those that the
// file has, and names the one that was probably meant.
func missingColumn(file, column string, have []string) *corpus.DataError {
	remedy := "It has the columns " + list(have)
	if near, ok := nearest(column, have); ok {
		remedy = fmt.Sprintf("Did you mean %q? %s", near, remedy)
	}
	return &corpus.DataError{Kind: corpus.KindColumn, File: file, Column: column,
		Reason: "there is no such column", Remedy: remedy}
}

// list writes names for a message, the first maxListed of them.
func list(names []string) string {
	shown := names
	if len(shown) > maxListed {
		shown = shown[:maxListed]
	}
	quoted := make([]string, len(shown))
	for k, n := range shown {
		quoted[k] = corpus.Clip(n, 60)
	}
	s := strings.Join(quoted, ", ")
	if rest := len(names) - len(shown); rest > 0 {
		s += fmt.Sprintf(" and %d more", rest)
	}
	return s
}

// nearest returns the name that was probably meant.
func nearest(asked string, have []string) (string, bool) {
	short := make([]string, len(have))
	for k, name := range have {
		short[k] = corpus.Clip(name, 100)
	}
	return spelling.Nearest(corpus.Clip(asked, 100), short)
}
