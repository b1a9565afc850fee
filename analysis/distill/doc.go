// Package distill chooses the few items of a benchmark from which the score on all of
// them is estimated best.
//
// A choice is made from a Sample, the answers and scores of the training models only; a
// Selector makes it. RandomSubsets and Filter are the two stages of the published
// method (Kipnis, Voudouris, Schulze Buschoff and Schulz, "metabench", ICLR 2025), and
// Search chooses the filter's threshold by Refit. The Selectors Random, Disagreement,
// Clusters and Anchors are baselines; Forward selects by cross-validated error.
package distill
