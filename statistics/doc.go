// Package statistics applies the models of package analysis to tables of a user's own:
// item response models (Fit), additive models (Additive), factors (Factors), and the
// answers and items that adaptive tests are made of. Each function reads a file, computes,
// writes the files that it is asked for, and returns a report that programs read as JSON.
package statistics
