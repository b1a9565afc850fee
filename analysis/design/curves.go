package design

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// Curves estimates a score by an item model of all items. The two-parameter logistic
// model says how the answers go on when ability grows; a model's ability is estimated
// from its answers with next to no prior, so that nothing draws it to the known ones.
// What the ability leaves unexplained on the sampled items is carried over to the others
// by the correlation of the known models' residuals:
//
//	x_j = P_j(θ) + √v_j Σ_s R_js β_s,  β = (R_SS + penalty I)⁻¹ r_S
//
// with v = P(1-P), r = (x - P)/√v on the sampled items S, and R the mean products of known
// models' residuals r (simple kriging; Cressie, Statistics for Spatial Data, 1993).
type Curves struct {
	Size     int       // items of the whole benchmark
	A, D     []float64 // slope and intercept of the sampled items
	Products []float64 // R_SS, n × n

	// At ability k of the grid: the expected number of right answers to all items, and
	// Σ_j √v_j R_js over all items, n values.
	Expected []float64
	Carried  [][]float64
}

// The abilities for which sums over all items are kept, in SD of the known models.
const (
	lowestAbility = -8.0
	abilityStep   = 0.2
	abilities     = 81
)

const (
	leastVariance = 0.02 // of an answer; what is certain has no residual to speak of
	penalty       = 1    // on the residuals' coefficients: as much own as common variance
	flatPrior     = 0.01 // precision of a new model's ability; 0.1 does the same
)

// curvePrior keeps the slopes of few models' answers in bounds.
var curvePrior = &irt.Prior{SlopeMean: 1, SlopeSD: 0.7, InterceptSD: 3}

// Bank is an item model of all items of a benchmark, from which the Curves of any sample of
// them are made.
type Bank struct {
	items    []irt.Item
	residual [][]float64 // of known models, models × items
	expected []float64   // number of right answers at each ability of the grid
	scaled   [][]float64 // Σ_j √v_j r_ij, abilities of the grid × models
}

// NewBank fits the item model to known models' answers to all items. It returns nil where
// the answers say nothing of ability.
func NewBank(ctx context.Context, whole *response.Matrix, workers int) (*Bank, error) {
	models, size := whole.Dims()
	fit, err := irt.Fit(ctx, whole, irt.Options{Kind: irt.TwoPL, Prior: curvePrior, Grid: irt.NormalGrid(31, 5),
		Restarts: -1, Tolerance: 0.1, MaxIterations: 100, Workers: workers})
	if err != nil {
		return nil, fmt.Errorf("fit curves of all items: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !fit.Status.IsMaximum() && fit.Status != irt.IterationLimit && fit.Status != irt.Stalled {
		return nil, nil
	}
	a, d := make([]float64, size), make([]float64, size)
	for j, it := range fit.Items {
		a[j], d[j] = it.A, it.D
	}
	bank := &Bank{items: fit.Items, residual: make([][]float64, models)}
	parallel.Each(models, workers, func(i, _ int) {
		var place []int
		var x []float64
		for j := range size {
			if v := whole.At(i, j); v != response.Missing {
				place, x = append(place, j), append(x, right(v))
			}
		}
		theta := ability(a, d, place, x, 1)
		r := make([]float64, size)
		for k, j := range place {
			p := logistic(a[j]*theta + d[j])
			r[j] = (x[k] - p) / deviation(p)
		}
		bank.residual[i] = r
	})
	bank.expected, bank.scaled = make([]float64, abilities), make([][]float64, abilities)
	parallel.Each(abilities, workers, func(k, _ int) {
		theta := lowestAbility + abilityStep*float64(k)
		scale := make([]float64, size)
		for j := range size {
			p := logistic(a[j]*theta + d[j])
			bank.expected[k] += p
			scale[j] = deviation(p)
		}
		bank.scaled[k] = make([]float64, models)
		for i, r := range bank.residual {
			bank.scaled[k][i] = floats.Dot(r, scale)
		}
	})
	return bank, nil
}

// Curves returns those of a sample, given by its columns.
func (b *Bank) Curves(sampled []int) *Curves {
	n, models := len(sampled), float64(len(b.residual))
	c := &Curves{Size: len(b.items), Products: make([]float64, n*n), Expected: b.expected}
	for _, j := range sampled {
		c.A, c.D = append(c.A, b.items[j].A), append(c.D, b.items[j].D)
	}
	for _, r := range b.residual {
		for s, j := range sampled {
			for t, k := range sampled {
				c.Products[s*n+t] += r[j] * r[k] / models
			}
		}
	}
	for _, scaled := range b.scaled {
		carried := make([]float64, n)
		for i, r := range b.residual {
			for s, j := range sampled {
				carried[s] += scaled[i] * r[j] / models
			}
		}
		c.Carried = append(c.Carried, carried)
	}
	return c
}

// Estimate returns the expected share of right answers to all items, given the answers to
// some of the sampled ones, by their places. It may lie a little outside of 0 to 1.
func (c *Curves) Estimate(answered []int, x []float64) (float64, error) {
	theta := ability(c.A, c.D, answered, x, flatPrior)
	n, all := len(answered), len(c.A)
	k := min(max(int((theta-lowestAbility)/abilityStep), 0), abilities-2)
	f := (theta-lowestAbility)/abilityStep - float64(k)
	between := func(a, b float64) float64 { return a + f*(b-a) }
	// The sum over all items, with the answered ones as they were answered.
	sum := between(c.Expected[k], c.Expected[k+1])
	r, scale := make([]float64, n), make([]float64, n)
	products := mat.NewSymDense(n, nil)
	for p, s := range answered {
		expected := logistic(c.A[s]*theta + c.D[s])
		scale[p] = deviation(expected)
		r[p] = (x[p] - expected) / scale[p]
		sum += x[p] - expected
		for q := p; q < n; q++ {
			products.SetSym(p, q, c.Products[s*all+answered[q]])
		}
	}
	penalised := mat.NewSymDense(n, nil)
	penalised.CopySym(products)
	for p := range n {
		penalised.SetSym(p, p, penalised.At(p, p)+penalty)
	}
	var root mat.Cholesky
	if !root.Factorize(penalised) {
		return 0, errNotPositive
	}
	beta := mat.NewVecDense(n, nil)
	if err := root.SolveVecTo(beta, mat.NewVecDense(n, r)); err != nil {
		return 0, fmt.Errorf("estimate by curves: %w", err)
	}
	for p, s := range answered {
		carried := between(c.Carried[k][s], c.Carried[k+1][s])
		for q := range n {
			carried -= scale[q] * products.At(q, p) // what would go to items that were answered
		}
		sum += carried * beta.AtVec(p)
	}
	return sum / float64(c.Size), nil
}

// Validate checks that an estimate indexes nothing that isn't there.
func (c *Curves) Validate(items int) error {
	ok := c.Size > 0 && len(c.A) == items && len(c.D) == items && len(c.Products) == items*items &&
		len(c.Expected) == abilities && len(c.Carried) == abilities
	for _, v := range c.Carried {
		ok = ok && len(v) == items
	}
	if !ok {
		return errors.New("the curves do not fit the items")
	}
	return nil
}

// ability returns the ability with the largest posterior density given the answers to the
// items at the places: Newton's method on a concave function, with bounded steps.
func ability(a, d []float64, place []int, x []float64, precision float64) float64 {
	theta := 0.0
	for range 60 {
		slope, curvature := -precision*theta, precision
		for k, j := range place {
			p := logistic(a[j]*theta + d[j])
			slope += a[j] * (x[k] - p)
			curvature += a[j] * a[j] * p * (1 - p)
		}
		step := min(max(slope/curvature, -1), 1)
		theta = min(max(theta+step, lowestAbility), -lowestAbility)
		if math.Abs(step) < 1e-9 {
			break
		}
	}
	return theta
}

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func deviation(p float64) float64 { return math.Sqrt(max(p*(1-p), leastVariance)) }

func right(a response.Answer) float64 {
	if a == response.Correct {
		return 1
	}
	return 0
}
