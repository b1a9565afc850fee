package distill

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Anchors chooses anchor points: items such that every item is answered alike, by
// as many models as possible, with one of them. The items are the medoids of
// clusters of the response columns under the Hamming distance, weighted by cluster
// size (Vivek, Ethayarajh, Yang and Kiela, "Anchor Points", EACL 2024; there with
// correlations of confidences). A missing answer counts as the item's more frequent
// one.
//
// Medoids are found by alternation (Park and Jun 2009) from k-means++ starts.
type Anchors struct{ Seed uint64 }

// Name returns "anchor points".
func (Anchors) Name() string { return "anchor points" }

// medoidRounds bounds the alternation, which lowers the sum of distances each time.
const medoidRounds = 50

// Select makes size clusters of the available items.
func (a Anchors) Select(ctx context.Context, s *Sample, size int) (Choice, error) {
	if err := s.check(size); err != nil {
		return Choice{}, err
	}
	m := &medoids{items: s.available, owner: make([]int, len(s.available))}
	rows := s.filled()
	for _, j := range s.available {
		m.rows = append(m.rows, rows[j])
	}
	m.seed(size, rand.New(rand.NewPCG(a.Seed, 0)))
	for range medoidRounds {
		if err := ctx.Err(); err != nil {
			return Choice{}, fmt.Errorf("anchor points: %w", err)
		}
		m.assign()
		if !m.recentre() {
			break
		}
	}
	return m.choice(), nil
}

// medoids is a clustering of bit rows.
type medoids struct {
	items  []int
	rows   [][]uint64
	medoid []int // position of each cluster's medoid
	owner  []int // cluster of each position
}

func (m *medoids) seed(k int, rng *rand.Rand) {
	m.medoid = []int{rng.IntN(len(m.rows))}
	near := make([]float64, len(m.rows))
	for i, row := range m.rows {
		near[i] = float64(hamming(row, m.rows[m.medoid[0]]))
	}
	chosen := make([]bool, len(m.rows))
	chosen[m.medoid[0]] = true
	for len(m.medoid) < k {
		total := 0.0
		squares := make([]float64, len(near))
		for i, d := range near {
			squares[i] = d * d
			total += squares[i]
		}
		next := drawProportional(squares, total, rng)
		if chosen[next] { // only when all that are left are copies of medoids
			next = slices.Index(chosen, false)
		}
		chosen[next] = true
		m.medoid = append(m.medoid, next)
		for i, row := range m.rows {
			near[i] = min(near[i], float64(hamming(row, m.rows[next])))
		}
	}
}

// assign gives every row to the nearest medoid; a medoid keeps its own cluster.
func (m *medoids) assign() {
	for i, row := range m.rows {
		best, least := 0, int(^uint(0)>>1)
		for c, at := range m.medoid {
			if at == i {
				best = c
				break
			}
			if d := hamming(row, m.rows[at]); d < least {
				best, least = c, d
			}
		}
		m.owner[i] = best
	}
}

// recentre makes the row with the least sum of distances in its cluster the medoid
// and reports whether one changed.
func (m *medoids) recentre() bool {
	members := make([][]int, len(m.medoid))
	for i, c := range m.owner {
		members[c] = append(members[c], i)
	}
	changed := false
	for c, cluster := range members {
		sum := func(i int) (total int) {
			for _, j := range cluster {
				total += hamming(m.rows[i], m.rows[j])
			}
			return total
		}
		best := m.medoid[c]
		least := sum(best)
		for _, i := range cluster {
			if d := sum(i); d < least {
				best, least = i, d
			}
		}
		if best != m.medoid[c] {
			m.medoid[c], changed = best, true
		}
	}
	return changed
}

func (m *medoids) choice() Choice {
	size := make([]int, len(m.medoid))
	for _, c := range m.owner {
		size[c]++
	}
	var choice Choice
	for _, c := range bySize(size) {
		choice.Items = append(choice.Items, m.items[m.medoid[c]])
		choice.Weights = append(choice.Weights, float64(size[c])/float64(len(m.rows)))
	}
	return choice
}

// bySize returns the clusters from the largest to the smallest, equal ones in order.
func bySize(size []int) []int {
	order := make([]int, len(size))
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return size[b] - size[a] })
	return order
}
