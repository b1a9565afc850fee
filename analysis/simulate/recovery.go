package simulate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"

	"gonum.org/v1/gonum/stat"
)

// Fitter estimates items from answers. The study knows no estimator: whatever fits
// items can be tested by it.
type Fitter interface {
	// Fit returns one curve a column of m, oriented so that ability rises with the
	// number of correct answers.
	Fit(ctx context.Context, m *response.Matrix, kind irt.Kind) (*Fitted, error)
}

// Fitted is what a Fitter found.
type Fitted struct {
	Items  []irt.Item
	SE     []irt.Item // standard errors in the place of the parameters, NaN where unknown; nil if none
	Status string     // how the fit ended
}

// Study is a parameter-recovery study: models and items are drawn, answers are drawn
// from them, items and abilities are estimated again and compared with the truth.
type Study struct {
	Models     int      `json:"models"`
	Items      int      `json:"items"`
	Kind       irt.Kind `json:"model"`
	Replicates int      `json:"replicates"`
	Missing    float64  `json:"missing"` // share of answers missing at random
	Seed       uint64   `json:"seed"`
}

// Recovery is the outcome of a Study.
type Recovery struct {
	Study
	Parameters []ParameterRecovery `json:"parameters"`
	Statuses   map[string]int      `json:"fits"` // how many fits ended how
}

// ParameterRecovery compares estimates e with true values t of one kind of parameter,
// over all items (or models) of all replicates.
type ParameterRecovery struct {
	Name        string   `json:"parameter"`          // a, d, b, g, u or theta
	Compared    int      `json:"compared"`           // finite estimates; 0 leaves the figures 0
	Bias        float64  `json:"bias"`               // mean of e - t
	RMSE        float64  `json:"rmse"`               // √ mean of (e - t)²
	Correlation float64  `json:"r"`                  // Pearson's, mean over the replicates
	Coverage    *float64 `json:"coverage,omitempty"` // share of t within e ± 1.96 SE
	WithSE      int      `json:"with_se"`            // estimates that have a standard error
}

// normalQuantile is the 97.5 % quantile of the standard normal distribution.
const normalQuantile = 1.959963984540054

// Check returns an error for a study that makes no sense.
func (s Study) Check() error {
	switch {
	case s.Models < 2 || s.Items < 1:
		return fmt.Errorf("%d models × %d items: need at least 2 × 1", s.Models, s.Items)
	case s.Replicates < 1:
		return fmt.Errorf("%d replicates: need at least 1", s.Replicates)
	case !(s.Missing >= 0 && s.Missing < 1):
		return fmt.Errorf("missing %v: need a share from 0 to below 1", s.Missing)
	case s.Kind < irt.TwoPL || s.Kind > irt.FourPL:
		return fmt.Errorf("unknown model %s", s.Kind)
	}
	return nil
}

// Run simulates and fits. The truth of a replicate is
//
//	θ = N(0, 1),  a = exp(N(0.2, 0.35²)),  b = N(0, 1)
//	g uniform on [0.1, 0.3] (3PL, 4PL),  u uniform on [0.85, 0.98] (4PL)
//
// and abilities are estimated by MAP at the fitted items.
func (s Study) Run(ctx context.Context, f Fitter) (*Recovery, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("recovery study: %w", err)
	}
	out := &Recovery{Study: s, Statuses: make(map[string]int)}
	names := []string{"a", "d", "b"}
	if s.Kind >= irt.ThreePL {
		names = append(names, "g")
	}
	if s.Kind == irt.FourPL {
		names = append(names, "u")
	}
	names = append(names, "theta")
	tallies := make(map[string]*tally)
	for _, n := range names {
		tallies[n] = new(tally)
	}
	for r := range s.Replicates {
		if err := s.replicate(ctx, f, r, tallies, out.Statuses); err != nil {
			return nil, fmt.Errorf("recovery study, replicate %d: %w", r+1, err)
		}
	}
	for _, n := range names {
		out.Parameters = append(out.Parameters, tallies[n].summary(n))
	}
	return out, nil
}

// Truth draws the items and abilities of a replicate and the answers from them.
func (s Study) Truth(replicate int) (items []irt.Item, abilities []float64, m *response.Matrix) {
	rng := stream(s.Seed, "recovery", s.Kind.String(), fmt.Sprint(replicate))
	items, abilities = make([]irt.Item, s.Items), make([]float64, s.Models)
	for j := range items {
		it := irt.FromDifficulty(math.Exp(0.2+0.35*rng.NormFloat64()), rng.NormFloat64(), 0, 1)
		if s.Kind >= irt.ThreePL {
			it.G = uniform(rng, 0.1, 0.3)
		}
		if s.Kind == irt.FourPL {
			it.U = uniform(rng, 0.85, 0.98)
		}
		items[j] = it
	}
	for i := range abilities {
		abilities[i] = rng.NormFloat64()
	}
	m = Answers(rng, items, abilities)
	for i := range s.Models {
		for j := range s.Items {
			if s.Missing > 0 && rng.Float64() < s.Missing {
				m.Set(i, j, response.Missing)
			}
		}
	}
	return items, abilities, m
}

func uniform(rng *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }

func (s Study) replicate(ctx context.Context, f Fitter, r int, tallies map[string]*tally, statuses map[string]int) error {
	items, abilities, m := s.Truth(r)
	fit, err := f.Fit(ctx, m, s.Kind)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(fit.Items) != s.Items || fit.SE != nil && len(fit.SE) != s.Items {
		return fmt.Errorf("the fitter returned %d items and %d standard errors for %d columns",
			len(fit.Items), len(fit.SE), s.Items)
	}
	statuses[fit.Status]++
	for j, truth := range items {
		got, se := fit.Items[j], irt.Item{A: math.NaN(), D: math.NaN(), G: math.NaN(), U: math.NaN()}
		if fit.SE != nil {
			se = fit.SE[j]
		}
		tallies["a"].add(truth.A, got.A, se.A)
		tallies["d"].add(truth.D, got.D, se.D)
		tallies["b"].add(truth.Difficulty(), got.Difficulty(), math.NaN())
		if t := tallies["g"]; t != nil {
			t.add(truth.G, got.G, se.G)
		}
		if t := tallies["u"]; t != nil {
			t.add(truth.U, got.U, se.U)
		}
	}
	estimates, err := ability.Estimates(ctx, m, fit.Items, ability.Options{Method: ability.MAP})
	if err != nil {
		return err
	}
	for i, e := range estimates {
		tallies["theta"].add(abilities[i], e.Theta, e.SE)
	}
	for _, t := range tallies {
		t.closeReplicate()
	}
	return nil
}

// tally gathers truths and estimates of one kind of parameter.
type tally struct {
	truth, estimate []float64 // of the replicate at hand
	n, covered, se  int
	sum, squares    float64
	correlations    []float64
}

// add takes in an estimate; one that is not finite, such as the difficulty of a flat item, is none.
func (t *tally) add(truth, estimate, se float64) {
	if math.IsNaN(estimate) || math.IsInf(estimate, 0) {
		return
	}
	t.truth, t.estimate = append(t.truth, truth), append(t.estimate, estimate)
	d := estimate - truth
	t.n++
	t.sum += d
	t.squares += d * d
	if se > 0 && !math.IsInf(se, 0) {
		t.se++
		if math.Abs(d) <= normalQuantile*se {
			t.covered++
		}
	}
}

func (t *tally) closeReplicate() {
	if r := stat.Correlation(t.truth, t.estimate, nil); !math.IsNaN(r) {
		t.correlations = append(t.correlations, r)
	}
	t.truth, t.estimate = t.truth[:0], t.estimate[:0]
}

func (t *tally) summary(name string) ParameterRecovery {
	n := float64(max(1, t.n))
	p := ParameterRecovery{
		Name: name, Compared: t.n, Bias: t.sum / n, RMSE: math.Sqrt(t.squares / n), WithSE: t.se,
	}
	if len(t.correlations) > 0 {
		p.Correlation = stat.Mean(t.correlations, nil)
	}
	if t.se > 0 {
		c := float64(t.covered) / float64(t.se)
		p.Coverage = &c
	}
	return p
}
