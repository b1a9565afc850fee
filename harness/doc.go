// Package harness reads what lm-evaluation-harness writes, and writes what it
// reads: answers to the selected items out of its sample logs, and task groups that
// ask these items.
//
// Sample logs have changed shape many times. The reader goes by content: one JSON
// object per line or an array of them, plain or gzipped, one filter or several, any
// order of lines. What it can't be sure of it says in warnings or refuses; it never
// picks one of two answers silently.
package harness
