package distill

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"metabench/analysis/internal/parallel"
)

// Forward chooses items one by one: each time the item with which a ridge regression
// of the score on the chosen items has the least cross-validated error.
//
// All candidates are judged exactly at each step without refitting. For each fold,
// Gram-Schmidt over the training rows turns the chosen items into orthogonal
// directions q_1 … q_t (ridge penalty λ included as rows of pseudo-data), and only
// products with the directions are kept. With x̃_j the rest of candidate j and r the
// residual of the score after t items, ⟨⟩_T over training and ⟨⟩_V over held-out
// rows, the held-out error with j added is
//
//	|r|²_V - 2 β_j ⟨x̃_j, r⟩_V + β_j² |x̃_j|²_V,   β_j = ⟨x̃_j, r⟩_T / |x̃_j|²_T.
//
// The products of two items are counts of common bits. A missing answer counts as
// the item's more frequent one.
type Forward struct {
	Folds   int     // 0 means 5
	Ridge   float64 // λ, in answers; 0 means 30
	Seed    uint64  // of the folds
	Workers int     // goroutines, at most one a fold; 0 means 1; does not change the result
}

// Name returns "forward".
func (Forward) Name() string { return "forward" }

// defaultRidge is the λ that predicted held-out models' scores best, on average, on
// the four complete benchmarks it was tried on; 20 to 200 hardly differ.
const defaultRidge = 30

// Select takes size·(items + size) steps of two products a fold.
func (f Forward) Select(ctx context.Context, s *Sample, size int) (Choice, error) {
	choice, _, err := f.Path(ctx, s, size)
	return choice, err
}

// Path is Select with the cross-validated RMSE (points) of the ridge regression on
// the items chosen so far, one for each number of items from 1 to size. The items
// were chosen by that error, so it is a little lower than what new models get.
func (f Forward) Path(ctx context.Context, s *Sample, size int) (Choice, []float64, error) {
	if err := s.check(size); err != nil {
		return Choice{}, nil, err
	}
	if f.Folds == 0 {
		f.Folds = 5
	}
	if f.Ridge == 0 {
		f.Ridge = defaultRidge
	}
	models, _ := s.Dims()
	if f.Folds < 2 {
		return Choice{}, nil, fmt.Errorf("forward selection: %d folds are too few to cross-validate with", f.Folds)
	}
	if models < 2*f.Folds {
		return Choice{}, nil, &TooFewModelsError{Models: models, Need: 2 * f.Folds}
	}
	g := newForwardSearch(s, balancedFolds(s.scores, f.Folds, f.Seed), f.Folds, f.Ridge)
	var choice Choice
	var path []float64
	for range size {
		if err := ctx.Err(); err != nil {
			return Choice{}, nil, fmt.Errorf("forward selection: %w", err)
		}
		best := g.best()
		choice.Items = append(choice.Items, s.available[best])
		g.take(best, max(f.Workers, 1))
		squares := 0.0
		for _, fold := range g.folds {
			squares += fold.restV
		}
		path = append(path, math.Sqrt(max(squares, 0)/float64(models)))
	}
	return choice, path, nil
}

// forwardSearch holds the candidates, of which position 0 … n-1 are the available
// items.
type forwardSearch struct {
	mask  [][]uint64 // rows (models) of each fold
	rows  [][]uint64 // of each candidate
	taken []bool
	folds []*forwardFold
}

// forwardFold is the state of one fold. Index j is a candidate.
type forwardFold struct {
	count, countV float64   // training and held-out rows
	normT, normV  []float64 // |x̃_j|², ridge included in training
	dotT, dotV    []float64 // ⟨x̃_j, r⟩
	restV         float64   // |r|² held out

	// Of each direction t: a[t][j] = ⟨q_t, x_j⟩_T / |q_t|²_T and b[t][j] = ⟨q_t, x_j⟩_V, and
	// inner[t][u] = ⟨q_t, q_u⟩_V for u ≤ t.
	a, b    [][]float64
	inner   [][]float64
	squares []float64 // |q_t|²_T
	ridge   float64
}

func newForwardSearch(s *Sample, fold []int, folds int, ridge float64) *forwardSearch {
	models, _ := s.Dims()
	words := (models + 63) / 64
	g := &forwardSearch{taken: make([]bool, len(s.available))}
	for range folds {
		g.mask = append(g.mask, make([]uint64, words))
	}
	for i, f := range fold {
		g.mask[f][i/64] |= 1 << (i % 64)
	}
	all := s.filled()
	for _, j := range s.available {
		g.rows = append(g.rows, all[j])
	}
	// Per fold and item: correct answers, and the sum of the scores of those models.
	n := len(g.rows)
	count, sum := make([][]float64, folds), make([][]float64, folds)
	for f := range folds {
		count[f], sum[f] = make([]float64, n), make([]float64, n)
	}
	for j, row := range g.rows {
		for w, word := range row {
			for ; word != 0; word &= word - 1 {
				i := w*64 + bits.TrailingZeros64(word)
				count[fold[i]][j]++
				sum[fold[i]][j] += s.scores[i]
			}
		}
	}
	for f := range folds {
		g.folds = append(g.folds, newForwardFold(f, fold, s.scores, count, sum, ridge))
	}
	return g
}

// newForwardFold is the state after the constant, the first direction, was taken.
func newForwardFold(f int, fold []int, scores []float64, count, sum [][]float64, ridge float64) *forwardFold {
	n := len(count[f])
	s := &forwardFold{ridge: ridge,
		normT: make([]float64, n), normV: make([]float64, n), dotT: make([]float64, n), dotV: make([]float64, n)}
	mean := 0.0
	for i, y := range scores {
		if fold[i] == f {
			s.countV++
			continue
		}
		s.count++
		mean += y
	}
	mean /= s.count
	sumV := 0.0 // Σ (y - mean) held out
	for i, y := range scores {
		if fold[i] == f {
			sumV += y - mean
			s.restV += (y - mean) * (y - mean)
		}
	}
	a, b := make([]float64, n), make([]float64, n)
	for j := range n {
		onesT, yT := 0.0, 0.0
		for h := range count {
			if h != f {
				onesT += count[h][j]
				yT += sum[h][j]
			}
		}
		onesV, yV := count[f][j], sum[f][j]
		p := onesT / s.count
		a[j], b[j] = p, onesV
		s.normT[j] = onesT*(1-p) + ridge
		s.dotT[j] = yT - onesT*mean
		s.normV[j] = onesV - 2*p*onesV + p*p*s.countV
		s.dotV[j] = yV - onesV*mean - p*sumV
	}
	s.a, s.b, s.inner, s.squares = [][]float64{a}, [][]float64{b}, [][]float64{{s.countV}}, []float64{s.count}
	return s
}

// best returns the candidate with the least held-out error summed over the folds.
func (g *forwardSearch) best() int {
	best, least := -1, math.Inf(1)
	for j, taken := range g.taken {
		if taken {
			continue
		}
		sum := 0.0
		for _, s := range g.folds {
			beta := s.dotT[j] / s.normT[j]
			sum += s.restV - 2*beta*s.dotV[j] + beta*beta*s.normV[j]
		}
		if best < 0 || sum < least {
			best, least = j, sum
		}
	}
	return best
}

// take makes candidate k a direction in every fold.
func (g *forwardSearch) take(k, workers int) {
	g.taken[k] = true
	n, folds := len(g.rows), len(g.folds)
	// Common answers of k and every candidate, per fold and in all.
	held := make([][]float64, folds)
	parallel.Each(folds, workers, func(f, _ int) {
		masked := make([]uint64, len(g.rows[k]))
		for w := range masked {
			masked[w] = g.mask[f][w] & g.rows[k][w]
		}
		held[f] = make([]float64, n)
		for j, row := range g.rows {
			held[f][j] = float64(common(masked, row))
		}
	})
	total := make([]float64, n) // counts: exact in any order
	for _, counts := range held {
		for j, c := range counts {
			total[j] += c
		}
	}
	parallel.Each(folds, workers, func(f, _ int) { g.folds[f].take(k, total, held[f]) })
}

// take adds the rest of candidate k as a direction; total and held are the products
// of k with every candidate over all and over the held-out rows.
func (s *forwardFold) take(k int, total, held []float64) {
	t, n := len(s.a), len(s.normT)
	norm := s.normT[k]
	beta, dotV := s.dotT[k]/norm, s.dotV[k]
	// q_t = x_k - Σ_u a_u(k) q_u, so ⟨q_t, ·⟩ = ⟨x_k, ·⟩ - Σ_u a_u(k) ⟨q_u, ·⟩. Training products
	// of the directions are |q_u|² a_u, which is kept in scaled form.
	along := make([]float64, t)
	for u := range along {
		along[u] = s.a[u][k]
	}
	a, b := make([]float64, n), make([]float64, n)
	for j := range n {
		a[j], b[j] = total[j]-held[j], held[j]
	}
	a[k] += s.ridge
	for u, c := range along {
		au, bu := s.a[u], s.b[u]
		scaled := c * s.squares[u]
		for j := range n {
			a[j] -= scaled * au[j]
			b[j] -= c * bu[j]
		}
	}
	for j := range a {
		a[j] /= norm
	}
	// ⟨q_u, q_t⟩_V = ⟨q_u, x_k⟩_V - Σ_w a_w(k) ⟨q_u, q_w⟩_V.
	inner := make([]float64, t+1)
	for u := range t {
		inner[u] = s.b[u][k]
		for w, c := range along {
			inner[u] -= c * s.inner[max(u, w)][min(u, w)]
		}
	}
	inner[t] = s.normV[k]
	// cross_j = ⟨x̃_j, q_t⟩_V = ⟨x_j, q_t⟩_V - Σ_u a_u(j) ⟨q_u, q_t⟩_V, before j loses its part along q_t.
	cross := append([]float64(nil), b...)
	for u := range t {
		au, c := s.a[u], inner[u]
		for j := range n {
			cross[j] -= au[j] * c
		}
	}
	for j := range n {
		c := a[j]
		s.normT[j] -= c * c * norm
		s.dotV[j] += -c*dotV - beta*cross[j] + c*beta*inner[t]
		s.normV[j] += c * (c*inner[t] - 2*cross[j])
		s.dotT[j] -= c * norm * beta
		s.normT[j] = max(s.normT[j], s.ridge) // what is below is rounding
	}
	s.restV += beta * (beta*inner[t] - 2*dotV)
	s.a, s.b, s.inner = append(s.a, a), append(s.b, b), append(s.inner, inner)
	s.squares = append(s.squares, norm)
}
