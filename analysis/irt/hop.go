package irt

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	mostHops  = 50   // without a gain, after which a chain of hops ends
	leastHops = 8    // fewer are not worth the time
	hopWork   = 4e5  // hops × items × (patterns + hopBase) at most, so that large tables make none
	hopBase   = 1000 // patterns that take as long as looking for one item everywhere
	hopChains = 2    // from random items
	hopGain   = 0.05 // rise of a rough log-likelihood that is worth following
	hopNear   = 0.5  // below the best, where a climb to the end may lead to it
)

// hops returns the number of hops without a gain after which a chain ends; 0 where the
// table is too large for any.
func (p *problem) hops() int {
	n := int(hopWork / float64(p.step.p.items*(p.step.p.n+hopBase)))
	if n < leastHops {
		return 0
	}
	return min(n, mostHops)
}

// confirm looks for a maximum above the best and for the best once more. From the best
// it hops: one to four items become random ones, steep ones of either sign among them,
// and a climb leads to the next maximum, which is kept if it is higher (iterated local
// search: Lourenço, Martin and Stützle 2003). Then chains of hops from random items
// have to arrive at it. Its status is Local if none does, or if there are no hops and
// fewer than two of the starts ended within hopNear of it; found is their number.
func (p *problem) confirm(ctx context.Context, best *solution, found int, opts, rough *Options) *solution {
	hops := p.hops()
	if opts.Restarts < DefaultRestarts {
		hops = 0 // whoever asks for fewer starts is in a hurry
	}
	if best.status != Converged {
		return best
	}
	if hops == 0 {
		if found < 2 {
			best.status = Local
		}
		return best
	}
	rng := rand.New(rand.NewPCG(opts.Seed, uint64(p.kind)<<32|1<<31))
	steps := best.iterations
	end := func(status Status) *solution {
		best.iterations, best.status = steps, status
		return best
	}
	climb := func(items []Item, opts *Options) *solution {
		s := p.local(ctx, items, opts)
		steps += s.iterations
		return s
	}
	// better climbs to the end where that may lead to the best or above it.
	better := func(s *solution) (above, same bool) {
		if s.value < best.value-hopNear {
			return false, false
		}
		s = climb(s.items, opts)
		if above = s.status == Converged && s.value > best.value+10*opts.Tolerance; above {
			best = s
			return true, false
		}
		return false, s.value > best.value-hopGain
	}
	for failed := 0; failed < hops; failed++ {
		if ctx.Err() != nil {
			return end(Cancelled)
		}
		s := climb(p.hop(best.items, rng), rough)
		if s.value > best.value+hopGain {
			if above, _ := better(s); above {
				failed = -1
			}
		}
	}
	for range hopChains {
		s := climb(p.randomItems(rng), rough)
		for failed := 0; failed < hops; failed++ {
			if ctx.Err() != nil {
				return end(Cancelled)
			}
			if failed == 0 {
				if _, same := better(s); same {
					return end(Converged)
				}
			}
			if next := climb(p.hop(s.items, rng), rough); next.value > s.value+hopGain {
				s, failed = next, -1
			}
		}
	}
	return end(Local)
}

// hop returns the items with one to four of them replaced.
func (p *problem) hop(items []Item, rng *rand.Rand) []Item {
	items = slices.Clone(items)
	for range 1 + rng.IntN(4) {
		if j := rng.IntN(len(items)); p.free[j] {
			items[j] = p.randomItem(rng)
		}
	}
	return items
}

// randomItems returns random curves for all items that have one.
func (p *problem) randomItems(rng *rand.Rand) []Item {
	items, free := startItems(p.step.p)
	for j := range items {
		if free[j] {
			items[j] = p.randomItem(rng)
		}
	}
	return items
}

// randomItem returns a curve with slope ±exp(N(1.5, 1)), a third of them falling, difficulty
// N(0, 1) and asymptotes uniform up to 0.8 apart from each other's end.
func (p *problem) randomItem(rng *rand.Rand) Item {
	a := math.Exp(1.5 + rng.NormFloat64())
	if rng.IntN(3) == 0 {
		a = -a
	}
	b, g, u := rng.NormFloat64(), 0.0, 1.0
	if p.kind >= ThreePL {
		g = 0.8 * rng.Float64()
	}
	if p.kind >= FourPL {
		u = 1 - 0.8*(1-g)*rng.Float64()
	}
	return clampItem(FromDifficulty(a, b, g, u), p.kind)
}
