package config

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Key    string // "filter.min_sd", or a key that does not exist
	Value  string // as given
	Origin string // where it was given
	Rule   string // what it breaks and what to do
}

func (p Problem) String() string {
	if p.Value == "" {
		return fmt.Sprintf("%s (%s): %s", p.Key, p.Origin, p.Rule)
	}
	return fmt.Sprintf("%s = %q (%s): %s", p.Key, p.Value, p.Origin, p.Rule)
}

// Error lists every problem of a configuration at once.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	lines = append(lines, fmt.Sprintf("configuration: %d problem(s)", len(e.Problems)))
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}
