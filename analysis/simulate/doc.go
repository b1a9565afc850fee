// Package simulate draws populations of models and benchmarks: abilities, items with
// known parameters, and answers. The demo, the replica of the Hub and the
// parameter-recovery studies use them.
//
// All randomness comes from a seed. Everything about a benchmark is drawn from a
// stream of its own, named by the benchmark, so that adding one does not change the
// others.
package simulate
