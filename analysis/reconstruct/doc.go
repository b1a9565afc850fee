// Package reconstruct estimates the score of a model on whole benchmarks from
// its answers to a few selected items.
//
// A Fit reads, for each benchmark, the answers of many models to the selected
// items and their scores on the whole benchmark. The Model it returns predicts the
// scores of a new model from its answers, with intervals, also where answers are
// missing. It is self-contained: it needs neither abilities nor the table it was
// fitted on, and an encoded model predicts the same bits.
//
// # Method
//
// The score y of a model with answers x is a Gaussian process, one for each
// benchmark t, over the answers to the items of all benchmarks g (Rasmussen and
// Williams, Gaussian Processes for Machine Learning, 2006):
//
//	y = mean + f(x) + e,  f ~ GP(0, k),  e ~ N(0, noise)
//	k(x, x') = Σ_g a_g u_g u'_g + Σ_c s_c exp(-Σ_g h_g / l_cg) + s_o exp(-h_t / l_o)
//
// where u_g is the share of correct answers in benchmark g less one half, and
// h_g the number of items of g that the two models answered differently. The
// first term is a linear regression on the sub-scores; the others make models that
// answer alike score alike, at several scales. On zero-one answers h is the squared
// Euclidean distance, so each term is a Gaussian kernel with one length for each
// benchmark. As every process depends on the answers to all benchmarks, it borrows
// strength across benchmarks. The hyper-parameters maximise the marginal likelihood
// on a subset of the training models; test models decide nothing.
//
// The process draws estimates to the scores that it knows. The predicted score is a mean
// of it and of an estimate by design (see package design), which draws nowhere, by how far
// beyond the training models' scores the model stands. A Verdict says so.
//
// A model that lacks answers is predicted by the process of those it has.
//
// Intervals are conformal (Vovk, Gammerman and Shafer, Algorithmic Learning in a
// Random World, 2005): quantiles of the residuals of models left out of the fit, each
// divided by its predictive standard deviation; of models left out at random, and of those
// left out together with all that are as good.
//
// For comparison the package has the published recipe (Kipnis et al., metabench, ICLR
// 2025), a ridge regression on the answers, and a process on abilities and sub-scores.
package reconstruct
