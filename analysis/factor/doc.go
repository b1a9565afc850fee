// Package factor is exploratory factor analysis: minimum-residual extraction,
// direct oblimin rotation, indices of fit and factor scores.
//
// Model: a standardised observation z (p columns) is L f + u with k correlated
// factors f of unit variance, Cov f = Φ, and independent u, so that the correlation
// matrix is R ≈ L Φ L' + diag(ψ).
//
// Sources: Harman and Jones, "Factor analysis by minimizing residuals (minres)",
// Psychometrika 31 (1966); Jennrich, "A simple general method for oblique rotation",
// Psychometrika 67 (2002); Bernaards and Jennrich, Educational and Psychological
// Measurement 65 (2005); Revelle, "An introduction to psychometric theory".
package factor
