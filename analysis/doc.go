// Package analysis is a build: the stages, in order, that select forms of a benchmark
// from the answers of many models, and fit the reconstruction of its score. Build runs
// them on one benchmark, Joint on all benchmarks together. It is pure computation: it
// caches the outputs of stages through the interface Cache, and reports its progress to
// a Reporter.
package analysis
