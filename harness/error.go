// Package harness reads what lm-evaluation-harness writes, and writes what it
// reads: answers to the selected items out of its sample logs, and task groups that
// ask these items.
//
// Sample logs have changed shape many times. The reader goes by content: one JSON
// object per line or an array of them, plain or gzipped, one filter or several, any
// order of lines. What it can't be sure of it says in warnings or refuses; it never
// picks one of two answers silently.
package harness

import (
	"fmt"
	"strings"
)

// Kind classifies what is wrong with an input, for callers that decide on it.
type Kind string

// What can be wrong with the output of a harness.
const (
	KindFormat    Kind = "format"    // not the JSON of a harness
	KindEmpty     Kind = "empty"     // no samples
	KindTruncated Kind = "truncated" // the file ends too early
	KindIdentity  Kind = "identity"  // a sample doesn't say which item it is
	KindTask      Kind = "task"      // samples of a task that isn't one of metabench's
	KindValue     Kind = "value"     // a metric that is neither 0 nor 1, or no metric at all
	KindDuplicate Kind = "duplicate" // an item answered twice, differently
	KindAmbiguous Kind = "ambiguous" // several runs or models and no way to choose
	KindLimit     Kind = "limit"     // larger than this reader is willing to hold
)

// Error says what is wrong, where, and what to do about it.
type Error struct {
	Kind    Kind
	File    string
	Line    int64 // 1-based line on which the sample starts
	Item    string
	Problem string
	Remedy  string
	Err     error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("read ")
	b.WriteString(clip(e.File, 300))
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	if e.Item != "" {
		fmt.Fprintf(&b, ", item %q", clip(e.Item, 80))
	}
	b.WriteString(": ")
	b.WriteString(e.Problem)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Remedy != "" {
		b.WriteString(". ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// clip shortens foreign text so that a message stays readable.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
