// Package result has the rows of an analysis's results: plain values, one type for each
// table of the warehouse. Every row belongs to a run; the warehouse adds the run's
// identity when it stores a Set.
package result
