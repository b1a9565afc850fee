// Package design estimates a model's score as surveys estimate totals: from a
// probability sample of the items, whose answers stand for those that were not asked.
//
// Such an estimate needs no likeness of the model to others, so it holds for a model
// better or worse than any that was seen. What is known of other models only makes it
// more precise: it balances the sample, it weighs the answers (Weights) and it says which
// answers to expect (Curves).
package design

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Sample is a probability sample of items.
type Sample struct {
	Items []int

	// Inclusion is the probability with which a draw holds each of the items. Of Balanced
	// it is that of the draws which the sample is one of.
	Inclusion []float64
}

// Strata sorts items by a key, such as their difficulty, and cuts them into n parts whose
// sizes differ by one at most.
func Strata(items []int, key []float64, n int) ([][]int, error) {
	if n < 1 || n > len(items) {
		return nil, fmt.Errorf("sample %d of %d items: at least one and at most all can be sampled", n, len(items))
	}
	order := slices.Clone(items)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(key[a], key[b]), cmp.Compare(a, b)) })
	strata := make([][]int, n)
	for k := range strata {
		strata[k] = order[k*len(order)/n : (k+1)*len(order)/n]
	}
	return strata, nil
}

// Draw takes one item at random from every stratum.
func Draw(strata [][]int, rng *rand.Rand) Sample {
	s := Sample{Items: make([]int, len(strata)), Inclusion: make([]float64, len(strata))}
	for k, stratum := range strata {
		s.Items[k] = stratum[rng.IntN(len(stratum))]
		s.Inclusion[k] = 1 / float64(len(stratum))
	}
	return s
}

// Balanced takes the sample on which known models do most nearly as on all items: of the
// given number of draws, those least unbalanced are handed to judge, which returns a loss,
// and the one with the least loss is kept, of equal ones the first. A nil judge keeps the
// most balanced draw.
//
// answers has a row for each known model, indexed by item, of 0 and 1. The imbalance of a
// sample is the mean over the models of (m - M)², with m the share of right answers on the
// sample and M the mean of the strata's shares, which m has as its expectation. Rejecting
// unbalanced draws leaves the probabilities of inclusion nearly what they are (Fuller, Some
// design properties of a rejective sampling procedure, Biometrika 2009).
func Balanced(strata [][]int, answers [][]float64, draws int, judge func(Sample) (float64, error), rng *rand.Rand) (Sample, error) {
	target := make([]float64, len(answers))
	for i, row := range answers {
		for _, stratum := range strata {
			sum := 0.0
			for _, j := range stratum {
				sum += row[j]
			}
			target[i] += sum / float64(len(stratum)*len(strata))
		}
	}
	type drawn struct {
		Sample
		loss float64
	}
	all := make([]drawn, max(1, draws))
	for d := range all {
		s := Draw(strata, rng)
		loss := 0.0
		for i, row := range answers {
			sum := 0.0
			for _, j := range s.Items {
				sum += row[j]
			}
			e := sum/float64(len(strata)) - target[i]
			loss += e * e
		}
		all[d] = drawn{s, loss}
	}
	slices.SortStableFunc(all, func(a, b drawn) int { return cmp.Compare(a.loss, b.loss) })
	if judge == nil {
		return all[0].Sample, nil
	}
	best, least := 0, math.Inf(1)
	for k, d := range all[:(len(all)+judged-1)/judged] {
		loss, err := judge(d.Sample)
		if err != nil {
			return Sample{}, err
		}
		if loss < least {
			best, least = k, loss
		}
	}
	return all[best].Sample, nil
}

// judged is the share of draws, one in so many, that Balanced hands to the judge.
const judged = 10
