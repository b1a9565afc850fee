// Package reconstruct estimates the score of a model on whole benchmarks from
// its answers to a few selected items.
//
// A Fit reads, for each benchmark, the answers of many models to the selected
// items and their scores on the whole benchmark. The Model it returns turns the
// answers of one new model into estimates with intervals, whichever of its
// answers are missing. It is self-contained: it needs neither abilities nor the
// table it was fitted on, and it can be written to bytes and read back bit for
// bit.
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
// first term is a linear regression on the sub-scores; the others say that
// models which answer alike score alike, at several scales. On zero-one answers
// h is the squared Euclidean distance, so each term is a Gaussian kernel with
// one length for each benchmark. The hyper-parameters maximise the marginal
// likelihood on a subset of the training models; nothing is tuned by hand for a
// table and nothing is chosen by looking at test models.
//
// Missing answers are imputed many times from a low-rank model of the answers
// (see imputer), which moves the estimate to the mean of the imputations and
// widens its interval by their spread.
//
// Intervals are conformal (Vovk, Gammerman and Shafer, Algorithmic Learning in a
// Random World, 2005): quantiles of leave-one-out residuals, each divided by the
// spread the process expects there.
//
// The package also holds the published recipe (Kipnis et al., metabench, ICLR
// 2025) and plainer estimators, to be compared with.
package reconstruct
