package reconstruct

import (
	"testing"

	"metabench/analysis/response"
)

// sixLike is a population of the size of the six published form-B sets.
func sixLike(models int) *Input { return population(51, models, 100, 249, 58, 102, 136, 106) }

func BenchmarkFit(b *testing.B) {
	in := population(52, 1000, 100)
	train := response.TrainSet{}
	for i := range in.Models {
		train.Rows = append(train.Rows, i)
	}
	for b.Loop() {
		fit(b, in, train, Options{})
	}
}

func BenchmarkPredict(b *testing.B) {
	in := sixLike(1000)
	m := fit(b, in, halves(in).Train, Options{Iterations: 1, PointsOnly: true})
	whole, part := in.Sheets(1), in.Sheets(1)
	for g := range part {
		for j := range part[g].Answers {
			if j%3 == 0 {
				part[g].Answers[j] = response.Missing
			}
		}
	}
	for name, sheets := range map[string][]Sheet{"all answers": whole, "a third missing": part} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := m.Predict(sheets); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
