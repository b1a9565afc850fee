// Package spelling helps with error messages: it suggests the word that a misspelt one was
// meant to be, and explains errors of encoding/json.
package spelling

import (
	"strings"

	"github.com/hbollon/go-edlib"
)

// Nearest returns the candidate closest to word, and whether it is close enough to be
// suggested: at a distance of at most a third of the word's length, or 2 in a short word.
// The distance is optimal string alignment: insertions, deletions, substitutions and swaps
// of neighbours each cost 1. Letter case does not count. Of equally close candidates the
// first is returned.
func Nearest(word string, candidates []string) (string, bool) {
	best, bestDistance := "", len(word)+1
	for _, c := range candidates {
		if d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(word), strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best, best != "" && bestDistance <= max(2, len(word)/3) && bestDistance < len(word)
}

// Suggestion is a phrase to put behind an error: ` (did you mean "x"?)`, or
// nothing when no candidate is near.
func Suggestion(word string, candidates []string) string {
	if c, ok := Nearest(word, candidates); ok {
		return ` (did you mean "` + c + `"?)`
	}
	return ""
}
