package distill

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"metabench/analysis/irt"
)

// Clusters chooses the items nearest to the centres of clusters of item parameters,
// each weighted by the size of its cluster (Polo et al., "tinyBenchmarks", ICML
// 2024, use embeddings of more dimensions in the same way).
//
// An item is the point (a, d, g, u) of its response curve, each coordinate divided by
// its standard deviation over the items. Clusters are those of k-means with
// k-means++ starting centres (Arthur and Vassilvitskii 2007).
type Clusters struct {
	Items []irt.Item // one an item of the sample
	Seed  uint64
}

// Name returns "clusters".
func (Clusters) Name() string { return "clusters" }

// kmeansRounds bounds Lloyd's iterations; they nearly always end earlier.
const kmeansRounds = 100

// Select makes size clusters of the available items.
func (c Clusters) Select(ctx context.Context, s *Sample, size int) (Choice, error) {
	if err := s.check(size); err != nil {
		return Choice{}, err
	}
	if _, items := s.Dims(); len(c.Items) != items {
		return Choice{}, fmt.Errorf("distill: clusters of %d items' parameters, the sample has %d items", len(c.Items), items)
	}
	points := standardise(c.Items, s.available)
	centres := seedCentres(points, size, rand.New(rand.NewPCG(c.Seed, 0)))
	owner := make([]int, len(points))
	for range kmeansRounds {
		if err := ctx.Err(); err != nil {
			return Choice{}, fmt.Errorf("clusters: %w", err)
		}
		if !assign(points, centres, owner) {
			break
		}
		recentre(points, centres, owner)
	}
	return nearestItems(s.available, points, centres, owner), nil
}

// coordinates is the number of parameters of an item.
const coordinates = 4

// point holds the parameters of an item, scaled.
type point [coordinates]float64

func (p point) distance(q point) float64 {
	sum := 0.0
	for d, v := range p {
		sum += (v - q[d]) * (v - q[d])
	}
	return sum
}

func standardise(items []irt.Item, available []int) []point {
	points := make([]point, len(available))
	for k, j := range available {
		it := items[j]
		points[k] = point{it.A, it.D, it.G, it.U}
	}
	for d := range coordinates {
		mean, squares := 0.0, 0.0
		for _, p := range points {
			mean += p[d] / float64(len(points))
		}
		for _, p := range points {
			squares += (p[d] - mean) * (p[d] - mean)
		}
		scale := math.Sqrt(squares / float64(len(points)))
		if scale == 0 {
			scale = 1
		}
		for k := range points {
			points[k][d] = (points[k][d] - mean) / scale
		}
	}
	return points
}

// seedCentres draws k points, each with a probability in proportion to its squared
// distance from those drawn before.
func seedCentres(points []point, k int, rng *rand.Rand) []point {
	centres := []point{points[rng.IntN(len(points))]}
	near := make([]float64, len(points))
	for i := range near {
		near[i] = math.Inf(1)
	}
	for len(centres) < k {
		total := 0.0
		for i, p := range points {
			near[i] = min(near[i], p.distance(centres[len(centres)-1]))
			total += near[i]
		}
		centres = append(centres, points[drawProportional(near, total, rng)])
	}
	return centres
}

// drawProportional draws an index with the given weights, uniformly if they are all
// zero.
func drawProportional(weight []float64, total float64, rng *rand.Rand) int {
	if total <= 0 {
		return rng.IntN(len(weight))
	}
	at := rng.Float64() * total
	last := 0
	for i, w := range weight {
		if w <= 0 {
			continue
		}
		last = i
		if at -= w; at < 0 {
			return i
		}
	}
	return last
}

// assign gives every point to its nearest centre, the first of equally near ones,
// and reports whether anything changed.
func assign(points, centres []point, owner []int) bool {
	changed := false
	for i, p := range points {
		best, least := 0, math.Inf(1)
		for c, centre := range centres {
			if d := p.distance(centre); d < least {
				best, least = c, d
			}
		}
		if owner[i] != best {
			owner[i], changed = best, true
		}
	}
	return changed
}

// recentre moves every centre to the mean of its points; one without points stays.
func recentre(points, centres []point, owner []int) {
	sum, count := make([]point, len(centres)), make([]float64, len(centres))
	for i, p := range points {
		for d, v := range p {
			sum[owner[i]][d] += v
		}
		count[owner[i]]++
	}
	for c, n := range count {
		if n > 0 {
			for d := range sum[c] {
				centres[c][d] = sum[c][d] / n
			}
		}
	}
}

// nearestItems takes for each centre the nearest item that is not taken yet, the centres
// of large clusters first.
func nearestItems(available []int, points, centres []point, owner []int) Choice {
	size := make([]int, len(centres))
	for _, c := range owner {
		size[c]++
	}
	taken := make([]bool, len(points))
	var choice Choice
	for _, c := range bySize(size) {
		best, least := -1, math.Inf(1)
		for i, p := range points {
			if d := p.distance(centres[c]); !taken[i] && d < least {
				best, least = i, d
			}
		}
		taken[best] = true
		choice.Items = append(choice.Items, available[best])
		choice.Weights = append(choice.Weights, float64(size[c])/float64(len(points)))
	}
	return choice
}
