// Package response holds binary answers of models to items, one bit each, with
// a mask for the answers that were never observed.
//
// The warehouse and the readers of files make a Table, every estimator reads a Matrix.
// The package also has the parts of a split as types: a function that chooses something
// takes a TrainSet or a ValidationSet, only the final evaluation takes a TestSet.
package response
