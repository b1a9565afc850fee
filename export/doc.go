// Package export composes what others use from what builds stored in a warehouse: the
// calibration bundle that package score needs, and the questions of a form for a task
// group of lm-evaluation-harness. It reads the warehouse, and writes no file.
package export
