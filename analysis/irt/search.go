package irt

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	maxMoves        = 12   // of the population along the grid
	maxJumps        = 30   // bounds the alternation of climbs and jumps
	jumpCycles      = 6    // EM cycles that look for the best item everywhere, after a new start
	roughIterations = 80   // of such a climb
	roughTolerance  = 0.01 // of a climb that is only to be compared with others
)

// solution is where a search ended.
type solution struct {
	*point
	ending
}

func (s *solution) ended() bool { return s.status == Cancelled || s.status == Diverged }

// single marks the maximum of a search that began at one place.
func single(kind Kind, s *solution) *solution {
	if kind > TwoPL && s.status == Converged {
		s.status = Local
	}
	return s
}

// local climbs from the items to a point that neither a small step nor the
// replacement of any single item betters.
func (p *problem) local(ctx context.Context, items []Item, opts *Options) *solution {
	x, end := p.climb(ctx, items, opts)
	s := &solution{x, end}
	if p.kind == TwoPL {
		return s // the expected log-likelihood of a 2PL item has no second maximum
	}
	for range maxJumps {
		if s.ended() {
			return s
		}
		y := p.jump(ctx, s.point, 10*opts.Tolerance)
		if y == nil {
			return s
		}
		x, end := p.climb(ctx, y.items, opts)
		end.iterations += s.iterations + 1
		s = &solution{x, end}
	}
	s.status = IterationLimit
	return s
}

// global looks for the best of many maxima, from the given items and, as opts has
// it, from the models' ranks by all items or by a random half of them, and from the
// best solution so far with the abilities estimated from a random part of the items;
// the best is then moved about the grid. What all these find is rough until it turns
// out best. A 3PL or 4PL is then looked for further, see confirm.
func (p *problem) global(ctx context.Context, start []Item, opts *Options) *solution {
	if opts.Restarts < 0 {
		return single(p.kind, p.local(ctx, start, opts))
	}
	rough := *opts
	rough.Tolerance = max(opts.Tolerance, roughTolerance)
	rough.MaxIterations = min(opts.MaxIterations, roughIterations)
	steps := 0
	var best *solution
	var ends []float64 // values that the starts led to
	keep := func(s *solution) bool {
		if best != nil && !(s.value > best.value+10*rough.Tolerance) {
			return false
		}
		best = s
		return true
	}
	try := func(x *point, cycles int) bool {
		for range cycles {
			y := p.jump(ctx, x, rough.Tolerance)
			if y == nil {
				break
			}
			x = y
			steps++
		}
		s := p.local(ctx, x.items, &rough)
		steps += s.iterations
		ends = append(ends, s.value)
		return keep(s)
	}
	if p.kind == TwoPL {
		try(p.evaluate(start, true), 0)
		try(p.fromRanks(1, nil), 0)
	} else {
		try(p.evaluate(start, true), 1)
		for restart := range opts.Restarts {
			if ctx.Err() != nil {
				break
			}
			rng := rand.New(rand.NewPCG(opts.Seed, uint64(p.kind)<<32|uint64(restart)))
			switch {
			case restart == 0:
				try(p.evaluate(start, true), jumpCycles)
			case restart == 1:
				try(p.fromRanks(1, rng), jumpCycles)
			case restart < (opts.Restarts+2)/2:
				try(p.fromRanks(0.5, rng), jumpCycles)
			default:
				try(p.fromPart(best.point, 0.5+0.2*float64(restart%2), rng), jumpCycles)
			}
		}
	}
	for round := 0; round < maxMoves && ctx.Err() == nil; round++ {
		moved := false
		for _, items := range p.moves(best.point) {
			x, end := p.climb(ctx, items, &rough)
			steps += end.iterations
			if moved = keep(&solution{x, end}); moved {
				break
			}
		}
		if !moved {
			break
		}
	}
	s := p.local(ctx, best.items, opts)
	s.iterations += steps
	if p.kind == TwoPL {
		return s
	}
	found := 0
	for _, v := range ends {
		if v > s.value-hopNear {
			found++
		}
	}
	return p.confirm(ctx, s, found, opts, &rough)
}

// moves returns the items with the abilities standardised, shifted by one node
// either way, and stretched and shrunk by half a node's distance. Where a test
// determines abilities better than the grid resolves them, models sit on single
// nodes, and a small step of the parameters can't slide the population along: every
// such placement may be a maximum.
func (p *problem) moves(x *point) [][]Item {
	nodes := p.step.grid.Nodes
	distance := (nodes[len(nodes)-1] - nodes[0]) / float64(len(nodes)-1)
	x = p.evaluate(x.items, true)
	var n, mean, square float64
	for q, w := range p.step.total {
		n, mean, square = n+w, mean+w*nodes[q], square+w*nodes[q]*nodes[q]
	}
	mean /= n
	sd := math.Sqrt(max(0, square/n-mean*mean))
	move := func(shift, scale float64) []Item {
		items := make([]Item, len(x.items))
		for j, it := range x.items {
			items[j] = it
			if p.free[j] { // θ = shift + scale·θ'
				items[j].A, items[j].D = it.A*scale, it.D+it.A*shift
				items[j] = clampItem(items[j], p.kind)
			}
		}
		return items
	}
	var all [][]Item
	if sd > 0.2 && sd < 5 && (math.Abs(mean) > distance/4 || math.Abs(sd-1) > distance/4) {
		all = append(all, move(mean, sd))
	}
	// Where the population is off the prior's center, the way back comes first.
	if mean < 0 {
		distance = -distance
	}
	stretch := 1 + math.Abs(distance)/2
	if sd < 1 {
		stretch = 1 / stretch
	}
	return append(all, move(distance, 1), move(0, stretch), move(-distance, 1), move(0, 1/stretch))
}

// fromRanks starts from abilities that are the normal scores of the models' shares
// of correct answers over a random part of the items, a little blurred.
func (p *problem) fromRanks(part float64, rng *rand.Rand) *point {
	const blur = 0.2 // SD
	e := p.step
	q := len(e.grid.Nodes)
	used := e.p.randomBytes(part, rng)
	score := e.p.scores(used)
	order := make([]int, e.p.n)
	models := 0.0
	for i := range order {
		order[i] = i
		models += e.p.weight[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	below := 0.0
	for from := 0; from < len(order); {
		to, weight := from, 0.0
		for to < len(order) && score[order[to]] == score[order[from]] {
			weight += e.p.weight[order[to]]
			to++
		}
		center := math.Sqrt2 * math.Erfinv(2*(below+weight/2)/models-1)
		below += weight
		for _, i := range order[from:to] {
			row := e.posterior[i*q : (i+1)*q]
			sum := 0.0
			for k, theta := range e.grid.Nodes {
				z := (theta - center) / blur
				row[k] = math.Exp(-z * z / 2)
				sum += row[k]
			}
			if sum == 0 { // a grid that doesn't reach there
				for k := range row {
					row[k] = 1
				}
				sum = float64(q)
			}
			for k := range row {
				row[k] *= e.p.weight[i] / sum
			}
			e.lo[i], e.hi[i] = 0, int32(q)
		}
		from = to
	}
	e.backward()
	items, _ := startItems(e.p)
	return p.replace(items)
}

// fromPart starts from abilities estimated with a random part of a solution's items.
func (p *problem) fromPart(x *point, part float64, rng *rand.Rand) *point {
	items := slices.Clone(x.items)
	for j := range items {
		if rng.Float64() >= part {
			items[j] = Item{U: 1}
		}
	}
	p.evaluate(items, true)
	return p.replace(x.items)
}

// replace takes the best item everywhere for the counts of the last step.
func (p *problem) replace(from []Item) *point {
	items := make([]Item, len(from))
	p.eachItem(func(j int, c counts) {
		items[j] = from[j]
		if p.free[j] {
			items[j], _ = c.explore(clampItem(from[j], p.kind), p.kind, p.prior)
		}
	})
	return p.evaluate(items, true)
}

// randomBytes returns a mask of the groups' bytes that keeps each item with the
// given probability.
func (p *patterns) randomBytes(part float64, rng *rand.Rand) []uint8 {
	mask := make([]uint8, p.groups)
	for j := range p.items {
		if part >= 1 || rng.Float64() < part {
			mask[j/groupSize] |= 1 << (j % groupSize)
		}
	}
	return mask
}
