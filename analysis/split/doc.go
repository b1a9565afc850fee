// Package split divides models into training, validation and test models: at
// random within strata of like scores, or by family, so that nothing is fitted to a
// relative of a test model.
package split
