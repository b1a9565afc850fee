// Package corpus holds the plain values that go from where answers are read (the Hub's
// files, a user's tables) to where they are stored (the warehouse): benchmarks, models, items,
// files and blocks of answers, and the one type of error for bad data. It imports nothing of
// this module.
package corpus
