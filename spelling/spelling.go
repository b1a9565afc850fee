// Package spelling finds what a misspelt word was meant to be, and says what is wrong
// with a text of JSON.
package spelling

import "strings"

// Nearest returns the candidate closest to word in edit distance, and whether it
// is close enough to be suggested: at most a third of the word's letters differ,
// and two in a short word. Letter case does not count. Of equally close
// candidates the first is returned.
func Nearest(word string, candidates []string) (string, bool) {
	best, bestDistance := "", len(word)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < bestDistance {
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

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours each cost one.
func distance(a, b string) int {
	before := make([]int, len(b)+1)
	previous := make([]int, len(b)+1)
	current := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			substitute := previous[j-1]
			if a[i-1] != b[j-1] {
				substitute++
			}
			current[j] = min(previous[j]+1, current[j-1]+1, substitute)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
