package irt

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"metabench/analysis/response"
)

// simulate draws answers of models with standard normal abilities; about the given
// share is missing.
func simulate(items []Item, models int, missing float64, seed uint64) (*response.Matrix, []float64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	m := response.New(models, len(items))
	theta := make([]float64, models)
	for i := range theta {
		theta[i] = rng.NormFloat64()
		for j, it := range items {
			a := response.Wrong
			if rng.Float64() < it.Prob(theta[i]) {
				a = response.Correct
			}
			if rng.Float64() < missing {
				a = response.Missing
			}
			m.Set(i, j, a)
		}
	}
	return m, theta
}

// simulatedItems draws items of a kind with slopes around 1.2.
func simulatedItems(n int, kind Kind, seed uint64) []Item {
	rng := rand.New(rand.NewPCG(seed, 8))
	items := make([]Item, n)
	for j := range items {
		items[j] = FromDifficulty(math.Exp(0.3*rng.NormFloat64()+0.2), 1.2*rng.NormFloat64(), 0, 1)
		if kind >= ThreePL {
			items[j].G = 0.05 + 0.25*rng.Float64()
		}
		if kind >= FourPL {
			items[j].U = 0.8 + 0.18*rng.Float64()
		}
	}
	return items
}

// The observed information must be the derivative of the exact gradient, whatever
// the kind and with answers missing.
func TestInformationIsTheDerivativeOfTheGradient(t *testing.T) {
	for _, kind := range Kinds() {
		for name, missing := range map[string]float64{"complete": 0, "missing": 0.3} {
			items := simulatedItems(11, kind, 3)
			m, _ := simulate(items, 200, missing, 4)
			opts := Options{Kind: kind, Workers: 1}.withDefaults()
			p := newProblem(m, opts)
			p.kind = kind
			_, p.free = startItems(p.step.p)
			p.step.run(items, true)
			information, index := p.information(context.Background(), items)
			gradientAt := func(items []Item) []vec4 {
				p.step.run(items, true)
				out := make([]vec4, len(items))
				p.eachItem(func(j int, c counts) { out[j], _, _ = c.derivatives(items[j]) })
				return out
			}
			const h = 1e-5
			for j := range items {
				for k, row := range index[j] {
					if row < 0 {
						continue
					}
					up, down := append([]Item(nil), items...), append([]Item(nil), items...)
					for at, sign := range map[*Item]float64{&up[j]: h, &down[j]: -h} {
						*[]*float64{&at.A, &at.D, &at.G, &at.U}[k] += sign
					}
					gu, gd := gradientAt(up), gradientAt(down)
					for l := range items {
						for n, col := range index[l] {
							if col < 0 {
								continue
							}
							want := (gd[l][n] - gu[l][n]) / (2 * h)
							if got := information.At(row, col); math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
								t.Fatalf("%v %s: information of (%d,%d) and (%d,%d) is %v, by differences %v",
									kind, name, j, k, l, n, got, want)
							}
						}
					}
				}
			}
		}
	}
}
