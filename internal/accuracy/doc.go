// Package accuracy measures how well scores are reconstructed on real data, beside
// the published figures of other methods on the same data. It reads the reference
// data, whose own README describes them. No test model is used in choosing anything.
package accuracy
