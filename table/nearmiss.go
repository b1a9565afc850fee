package table

import (
	"fmt"
	"strings"
)

// maxListed is how many names an error message lists.
const maxListed = 20

// missingColumn is the error for a column that a file does not have. It lists what
// the file has and names the one that was probably meant.
func missingColumn(file, column string, have []string) *Error {
	remedy := "It has the columns " + list(have)
	if near, ok := nearest(column, have); ok {
		remedy = fmt.Sprintf("Did you mean %q? %s", near, remedy)
	}
	return &Error{Kind: KindColumn, File: file, Column: column,
		Problem: "there is no such column", Remedy: remedy}
}

// list writes names for a message, the first maxListed of them.
func list(names []string) string {
	shown := names
	if len(shown) > maxListed {
		shown = shown[:maxListed]
	}
	quoted := make([]string, len(shown))
	for k, n := range shown {
		quoted[k] = clip(n, 60)
	}
	s := strings.Join(quoted, ", ")
	if rest := len(names) - len(shown); rest > 0 {
		s += fmt.Sprintf(" and %d more", rest)
	}
	return s
}

// nearest returns the name that is closest to what was asked for, if one is close
// enough to be a slip of the pen: at most a third of the letters differ.
func nearest(asked string, have []string) (string, bool) {
	want := []rune(strings.ToLower(clip(asked, 100)))
	best, bestDistance := "", len(want)/3+1
	for _, name := range have {
		if d := distance(want, []rune(strings.ToLower(clip(name, 100)))); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best, best != ""
}

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment).
func distance(a, b []rune) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
