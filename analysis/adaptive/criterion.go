package adaptive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// Criterion is a rule for choosing the next item among those not asked yet.
type Criterion uint8

// The selection criteria.
const (
	// MaximumInformation asks the item with the largest Fisher information at the
	// ability (Lord 1980).
	MaximumInformation Criterion = iota

	// KullbackLeibler asks the item that tells the ability θ best from all others
	// within θ ± 3/√n, n-1 being the answers so far (Chang and Ying 1996, Applied
	// Psychological Measurement 20:213):
	//
	//	∫ P(θ) log(P(θ)/P(t)) + Q(θ) log(Q(θ)/Q(t)) dt
	//
	// While the ability is uncertain, it weighs what an item tells elsewhere.
	KullbackLeibler

	// Progressive mixes chance and information, (1-w)·R + w·I, with R uniform up to
	// the largest information and w the share of the test's length done (Revuelta and
	// Ponsoda 1998, Journal of Educational Measurement 35:311).
	Progressive

	// Proportional draws an item with probability proportional to I^h, h rising from 0
	// to 10 over the test's length (after Barrada et al. 2008, British Journal of
	// Mathematical and Statistical Psychology 61:493).
	Proportional

	// Random asks any item.
	Random
)

var criterionNames = [...]string{
	MaximumInformation: "information", KullbackLeibler: "kl",
	Progressive: "progressive", Proportional: "proportional", Random: "random",
}

// Criteria lists all criteria.
func Criteria() []Criterion {
	return []Criterion{MaximumInformation, KullbackLeibler, Progressive, Proportional, Random}
}

// String returns the name used on the command line.
func (c Criterion) String() string {
	if int(c) < len(criterionNames) {
		return criterionNames[c]
	}
	return fmt.Sprintf("Criterion(%d)", uint8(c))
}

// ParseCriterion reads a name as String writes it, in any case.
func ParseCriterion(s string) (Criterion, error) {
	for _, c := range Criteria() {
		if strings.EqualFold(s, c.String()) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("criterion %q is none of %s", s, strings.Join(criterionNames[:], ", "))
}

// MarshalText writes the name of the criterion.
func (c Criterion) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the name of a criterion.
func (c *Criterion) UnmarshalText(text []byte) error {
	parsed, err := ParseCriterion(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// lastExponent is h of the proportional criterion at the end of the test.
const lastExponent = 10

// informationTable holds every item's information at every node: nodes × items, so
// that a choice reads two rows.
type informationTable struct {
	items int
	rows  []float64
}

func newInformationTable(b *Bank) *informationTable {
	n := len(b.Items)
	t := &informationTable{items: n, rows: make([]float64, gridNodes*n)}
	for k := range gridNodes {
		for j, it := range b.Items {
			t.rows[k*n+j] = it.Information(gridTheta(k))
		}
	}
	return t
}

// at fills dst with the items' information at θ, linear between nodes.
func (t *informationTable) at(dst []float64, theta float64) {
	k, way := onGrid(theta)
	lo, hi := t.rows[k*t.items:(k+1)*t.items], t.rows[(k+1)*t.items:(k+2)*t.items]
	for j := range dst {
		dst[j] = lo[j] + way*(hi[j]-lo[j])
	}
}

// divergenceTable holds what the Kullback–Leibler criterion needs, nodes × items:
// P, the entropy term, and integrals of log P and log Q from the first node on, so
// that an integral over any window is a difference of two rows.
type divergenceTable struct {
	items        int
	p, entropy   []float64
	sumLP, sumLQ []float64
}

func newDivergenceTable(b *Bank) *divergenceTable {
	n := len(b.Items)
	t := &divergenceTable{
		items: n,
		p:     make([]float64, gridNodes*n), entropy: make([]float64, gridNodes*n),
		sumLP: make([]float64, gridNodes*n), sumLQ: make([]float64, gridNodes*n),
	}
	for j, it := range b.Items {
		before, beforeQ := it.LogProb(gridTheta(0))
		for k := range gridNodes {
			at, theta := k*n+j, gridTheta(k)
			lp, lq := it.LogProb(theta)
			p := it.Prob(theta)
			t.p[at] = p
			t.entropy[at] = p*lp + (1-p)*lq
			if k > 0 {
				t.sumLP[at] = t.sumLP[at-n] + gridStep/2*(before+lp)
				t.sumLQ[at] = t.sumLQ[at-n] + gridStep/2*(beforeQ+lq)
			}
			before, beforeQ = lp, lq
		}
	}
	return t
}

// at fills dst with the items' divergence around the node next to θ.
func (t *divergenceTable) at(dst []float64, theta float64, answered int) {
	k, way := onGrid(theta)
	if way >= 0.5 {
		k++
	}
	reach := max(1, int(math.Round(3/math.Sqrt(float64(answered+1))/gridStep)))
	lo, hi := max(0, k-reach), min(gridNodes-1, k+reach)
	width := gridStep * float64(hi-lo)
	n := t.items
	p, e := t.p[k*n:(k+1)*n], t.entropy[k*n:(k+1)*n]
	loP, hiP := t.sumLP[lo*n:(lo+1)*n], t.sumLP[hi*n:(hi+1)*n]
	loQ, hiQ := t.sumLQ[lo*n:(lo+1)*n], t.sumLQ[hi*n:(hi+1)*n]
	for j := range dst {
		dst[j] = width*e[j] - p[j]*(hiP[j]-loP[j]) - (1-p[j])*(hiQ[j]-loQ[j])
	}
}

// weigh turns the items' information, in dst, into the value by which criterion c
// chooses. progress is the share of the test's length done.
func weigh(dst []float64, c Criterion, open bitset, progress float64, rng *rand.Rand) {
	switch c {
	case Progressive:
		most := 0.0
		for j, v := range dst {
			if open.has(j) {
				most = max(most, v)
			}
		}
		for j, v := range dst {
			dst[j] = (1-progress)*most*rng.Float64() + progress*v
		}
	case Proportional:
		// The largest of log w + Gumbel noise is a draw with probabilities w.
		h := lastExponent * progress
		for j, v := range dst {
			value := -math.Log(rng.ExpFloat64())
			if h > 0 {
				value += h * math.Log(max(v, math.SmallestNonzeroFloat64))
			}
			dst[j] = value
		}
	case Random:
		for j := range dst {
			dst[j] = rng.Float64()
		}
	}
}
