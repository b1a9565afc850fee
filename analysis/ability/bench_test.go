package ability

import (
	"context"
	"math/rand/v2"
	"testing"

	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// population makes 5,000 models' answers to 250 items.
func population(kind irt.Kind) ([]irt.Item, *response.Matrix) {
	rng := rand.New(rand.NewPCG(1, 1))
	items := make([]irt.Item, 250)
	for j := range items {
		items[j] = irt.FromDifficulty(0.5+2.5*rng.Float64(), rng.NormFloat64(), 0, 1)
		if kind >= irt.ThreePL {
			items[j].G = 0.25 * rng.Float64()
		}
		if kind == irt.FourPL {
			items[j].U = 1 - 0.1*rng.Float64()
		}
	}
	m := response.New(5000, len(items))
	for i := range 5000 {
		theta := rng.NormFloat64()
		for j, it := range items {
			a := response.Wrong
			if rng.Float64() < it.Prob(theta) {
				a = response.Correct
			}
			m.Set(i, j, a)
		}
	}
	return items, m
}

func BenchmarkEstimates(b *testing.B) {
	for _, kind := range irt.Kinds() {
		items, m := population(kind)
		for _, method := range Methods() {
			b.Run(kind.String()+"/"+method.String(), func(b *testing.B) {
				for b.Loop() {
					if _, err := Estimates(context.Background(), m, items, Options{Method: method}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkPattern(b *testing.B) {
	items, m := population(irt.TwoPL)
	for _, method := range Methods() {
		b.Run(method.String(), func(b *testing.B) {
			s, err := New(items, Options{Method: method, Workers: 1})
			if err != nil {
				b.Fatal(err)
			}
			answers := make([]response.Answer, len(items))
			for j := range answers {
				answers[j] = m.At(0, j)
			}
			for b.Loop() {
				if _, err := s.Pattern(answers); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
