package reconstruct_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// Two hundred models answered a benchmark of 400 items. A fit on 30 of the items
// estimates the score of a model from its answers to these, of which one is missing.
func ExampleFit() {
	rng := rand.New(rand.NewPCG(1, 1))
	in := &reconstruct.Input{Benchmarks: []reconstruct.Benchmark{{
		Name: "quiz", Metric: "acc", Answers: response.New(200, 30), Scores: make([]float64, 200),
	}}}
	quiz := &in.Benchmarks[0]
	for j := range 30 {
		quiz.Items = append(quiz.Items, fmt.Sprint(j))
	}
	var train response.TrainSet
	for i := range 200 {
		in.Models = append(in.Models, fmt.Sprint("model ", i))
		train.Rows = append(train.Rows, i)
		share := rng.Float64() // of the items that the model answers correctly
		for j := range 400 {
			answer := response.Wrong
			if rng.Float64() < share {
				answer = response.Correct
				quiz.Scores[i] += 100.0 / 400
			}
			if j < 30 {
				quiz.Answers.Set(i, j, answer)
			}
		}
	}
	model, err := reconstruct.Fit(context.Background(), in, train, reconstruct.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	answers := make([]response.Answer, 30)
	for j := range 20 {
		answers[j] = response.Correct
	}
	answers[29] = response.Missing
	predictions, err := model.Predict([]reconstruct.Sheet{{Benchmark: "quiz", Metric: "acc", Items: quiz.Items, Answers: answers}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range predictions {
		fmt.Printf("%s: %.0f, 90 %% interval %.0f to %.0f, %d answer missing\n", p.Benchmark, p.Score, p.Lower, p.Upper, p.Missing)
	}
	// Output:
	// quiz: 66, 90 % interval 53 to 77, 1 answer missing
}
