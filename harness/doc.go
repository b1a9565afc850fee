// Package harness reads the sample logs of lm-evaluation-harness, for the answers to the
// selected items, and writes task groups for it that ask these items.
//
// Sample logs have changed their format many times. The reader goes by their content: one
// JSON object per line or an array of them, plain or gzipped, one filter or several, lines
// in any order. Where it is not sure it warns or refuses; it never chooses one of two
// answers without saying so.
package harness
