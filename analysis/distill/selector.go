package distill

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"metabench/analysis/internal/rank"
)

// Choice is a selection of items.
type Choice struct {
	Items []int // in order of choice

	// Weights are the share of the benchmark that each item represents; they sum to one.
	// Nil means equal shares.
	Weights []float64

	// Inclusion are the probabilities with which the items were included, 1 for an item
	// that was not left to chance. Nil where the selector draws no probability sample.
	Inclusion []float64
}

// Selector chooses items of a sample. The same sample and size give the same
// choice; what is random depends on a seed in the selector.
type Selector interface {
	// Name is a short name for tables, such as "anchor points".
	Name() string
	// Select chooses size of the sample's available items.
	Select(ctx context.Context, s *Sample, size int) (Choice, error)
}

// Random chooses items at random.
type Random struct{ Seed uint64 }

// Name returns "random".
func (Random) Name() string { return "random" }

// Select draws without replacement; the items are in random order.
func (r Random) Select(_ context.Context, s *Sample, size int) (Choice, error) {
	if err := s.check(size); err != nil {
		return Choice{}, err
	}
	rng := rand.New(rand.NewPCG(r.Seed, 0))
	items := slices.Clone(s.available)
	rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return Choice{Items: items[:size]}, nil
}

// Disagreement chooses the items of the largest variance p(1-p), with p the share of
// correct answers.
type Disagreement struct{}

// Name returns "disagreement".
func (Disagreement) Name() string { return "disagreement" }

// Select takes the items in falling order of p(1-p), the first of equal ones first.
func (Disagreement) Select(_ context.Context, s *Sample, size int) (Choice, error) {
	if err := s.check(size); err != nil {
		return Choice{}, err
	}
	distance := make([]float64, len(s.available)) // of p from one half
	for k, j := range s.available {
		distance[k] = math.Abs(s.share(j) - 0.5)
	}
	items := make([]int, size)
	for k, at := range rank.Order(distance)[:size] {
		items[k] = s.available[at]
	}
	return Choice{Items: items}, nil
}
