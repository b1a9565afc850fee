package simulate

import (
	"math"
	"math/rand/v2"

	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/corpus"
)

// Fault is what is wrong with an item.
type Fault uint8

// The faults that real benchmarks show.
const (
	Sound      Fault = iota
	AlwaysHit        // every model answers correctly
	NeverHit         // no model does: a wrong key, an unparsable answer
	Reversed         // better models fail more often
	Unrelated        // chance decides
	Duplicated       // the answers of an earlier item
)

// constantLogit makes an answer wrong or right with probability exp(-40).
const constantLogit = 40

// drawItems draws the items of a benchmark. A sound item has
//
//	slope       a = exp(N(0.3, 0.4²)),  about 0.6 to 3
//	difficulty  b = N(μ, 1), μ = N(0, 0.3²) a benchmark
//	guessing    g = 1.2·T/options, T triangular on [0, 1], at most 1/2; 0 for free text
func drawItems(b corpus.Benchmark, broken float64, rng *rand.Rand) ([]irt.Item, []Fault) {
	items, faults := make([]irt.Item, b.Items()), make([]Fault, b.Items())
	shift := 0.3 * rng.NormFloat64()
	for j := range items {
		a := math.Exp(0.3 + 0.4*rng.NormFloat64())
		guess := (rng.Float64() + rng.Float64()) / 2
		it := irt.FromDifficulty(a, shift+rng.NormFloat64(), 0, 1)
		if b.Options > 0 {
			it.G = min(0.5, 1.2*guess/float64(b.Options))
		}
		fault := Fault(1 + rng.IntN(5))
		if rng.Float64() >= broken || fault == Duplicated && j == 0 {
			fault = Sound
		}
		switch fault {
		case AlwaysHit:
			it = irt.Item{D: constantLogit, U: 1}
		case NeverHit:
			it = irt.Item{D: -constantLogit, U: 1}
		case Reversed:
			it.A = -it.A
		case Unrelated:
			it.A = 0
		case Duplicated:
			it = items[j-1]
		}
		items[j], faults[j] = it, fault
	}
	return items, faults
}

// duplicate gives a duplicated item the answers of the item before it.
func duplicate(m *response.Matrix, faults []Fault) {
	models, _ := m.Dims()
	for j, f := range faults {
		if f != Duplicated {
			continue
		}
		for i := range models {
			m.Set(i, j, m.At(i, j-1))
		}
	}
}
