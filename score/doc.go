// Package score estimates, from a model's answers to the selected items, its scores on the
// whole benchmarks: abilities, reconstructed scores with intervals, and percentiles among
// the models of the corpus.
//
// All it needs is a Bundle, one file of a few megabytes that a build writes. It opens no
// warehouse and no network connection, and fits nothing.
package score
