// Package smooth fits penalised regression splines: adaptive ones, whose smoothness
// may vary along the predictor, plain P-splines, and additive models of several of
// either. Smoothing parameters minimise generalised cross validation.
//
// Sources: Eilers and Marx, "Flexible smoothing with B-splines and penalties",
// Statistical Science 11 (1996); Wood, "Generalized Additive Models: An Introduction
// with R", 2nd ed. (2017), sections 4.2, 5.3; Wood, "Stable and efficient multiple
// smoothing parameter estimation for generalized additive models", JASA 99 (2004).
package smooth
