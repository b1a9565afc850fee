package irt

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"metabench/analysis/response"
)

// plainEStep computes what estep does, straight from the definition.
func plainEStep(m *response.Matrix, items []Item, grid Grid) (logLik float64, right, answered [][]float64) {
	models, n := m.Dims()
	right, answered = make([][]float64, n), make([][]float64, n)
	for j := range right {
		right[j], answered[j] = make([]float64, len(grid.Nodes)), make([]float64, len(grid.Nodes))
	}
	for i := range models {
		logs := make([]float64, len(grid.Nodes))
		most := math.Inf(-1)
		for q, theta := range grid.Nodes {
			logs[q] = grid.LogWeight[q]
			for j, it := range items {
				logP, logQ := it.LogProb(theta)
				switch m.At(i, j) {
				case response.Correct:
					logs[q] += logP
				case response.Wrong:
					logs[q] += logQ
				}
			}
			most = max(most, logs[q])
		}
		sum := 0.0
		for _, v := range logs {
			sum += math.Exp(v - most)
		}
		logLik += most + math.Log(sum)
		for j := range items {
			a := m.At(i, j)
			for q, v := range logs {
				w := math.Exp(v-most) / sum
				if a != response.Missing {
					answered[j][q] += w
				}
				if a == response.Correct {
					right[j][q] += w
				}
			}
		}
	}
	return logLik, right, answered
}

func TestEStepEqualsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(Kinds()).Draw(t, "kind")
		items := simulatedItems(rapid.IntRange(1, 150).Draw(t, "items"), kind, rapid.Uint64().Draw(t, "seed"))
		items[0].A = -items[0].A
		missing := rapid.SampledFrom([]float64{0, 0.2, 0.95}).Draw(t, "missing")
		m, _ := simulate(items, rapid.IntRange(1, 40).Draw(t, "models"), missing, 5)
		grid := NormalGrid(rapid.SampledFrom([]int{2, 21, 61}).Draw(t, "nodes"), 6)
		workers := rapid.IntRange(1, 3).Draw(t, "workers")
		e := newEStep(newPatterns(m), grid, workers)
		wantLL, wantRight, wantAnswered := plainEStep(m, items, grid)
		buf := make([]float64, len(grid.Nodes))
		check := func(pass string, got float64) {
			if !near(got, wantLL, 1e-11) {
				t.Fatalf("%s: log-likelihood %.15g, want %.15g", pass, got, wantLL)
			}
			for j := range items {
				c := e.itemCounts(j, buf)
				for q := range grid.Nodes {
					if !near(c.right[q], wantRight[j][q], 1e-9) || !near(c.total[q], wantAnswered[j][q], 1e-9) {
						t.Fatalf("%s: item %d, node %d: %v of %v, want %v of %v", pass, j, q,
							c.right[q], c.total[q], wantRight[j][q], wantAnswered[j][q])
					}
				}
			}
		}
		check("full pass", e.run(items, true))
		check("pass within windows", e.run(items, false))
		// Windows drawn for other items must not matter either.
		other := make([]Item, len(items))
		for j := range other {
			other[j] = Item{A: items[j].A, D: items[j].D + 3, G: items[j].G, U: items[j].U}
		}
		e.run(other, true)
		check("pass within the windows of other items", e.run(items, false))
	})
}

func TestTablesAreTransposed(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const q = 5
	src := make([]float64, groupSize*q)
	for k := range src {
		src[k] = rng.NormFloat64()
	}
	table := make([]float64, 256*q)
	fillTable(table, src, q, q)
	for k := range 256 {
		for i := range q {
			want := 0.0
			for b := range groupSize {
				if k>>b&1 == 1 {
					want += src[b*q+i]
				}
			}
			if !near(table[k*q+i], want, 1e-13) {
				t.Fatalf("row %d, column %d: %v, want %v", k, i, table[k*q+i], want)
			}
		}
	}
	weight := make([]float64, 256*q)
	for k := range weight {
		weight[k] = rng.NormFloat64()
	}
	inner := 0.0 // <table, weight> = <src, fold(weight)>
	for k := range weight {
		inner += table[k] * weight[k]
	}
	folded := make([]float64, groupSize*q)
	foldTable(weight, folded, q, 0, q)
	for k, v := range folded {
		inner -= src[k] * v
	}
	if math.Abs(inner) > 1e-10 {
		t.Fatalf("folding is not the transpose of filling: difference %v", inner)
	}
}

func TestGradientIsTheDerivativeOfTheLogLikelihood(t *testing.T) {
	for _, kind := range Kinds() {
		items := simulatedItems(9, kind, 11)
		m, _ := simulate(items, 150, 0.1, 12)
		for _, prior := range []*Prior{nil, WeakPrior()} {
			opts := Options{Kind: kind, Workers: 1, Prior: prior}.withDefaults()
			p := newProblem(m, opts)
			p.kind = kind
			_, p.free = startItems(p.step.p)
			x := p.evaluate(items, true)
			for j := range items {
				for k := range kind.Params() {
					const h = 1e-6
					value := func(step float64) float64 {
						moved := append([]Item(nil), items...)
						at := moved[j].angles()
						at[k] += step
						moved[j] = itemAt(at)
						return p.evaluate(moved, true).value
					}
					want := (value(h) - value(-h)) / (2 * h)
					if got := x.gradient[j][k]; math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
						t.Fatalf("%v, item %d, parameter %d: %v, by differences %v", kind, j, k, got, want)
					}
				}
			}
		}
	}
}
