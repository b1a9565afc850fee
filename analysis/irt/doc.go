// Package irt estimates item response models from binary answers: the two-,
// three- and four-parameter logistic models (2PL, 3PL, 4PL) by marginal maximum
// likelihood.
//
// One parameterisation is used throughout, slope and intercept:
//
//	P(θ) = g + (u - g) / (1 + exp(-(a·θ + d)))
//
// with θ, the ability, in standard deviations of a standard normal population.
// Difficulty b = -d/a appears only in Item.Difficulty and FromDifficulty.
package irt
