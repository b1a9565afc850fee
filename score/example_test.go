package score_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/harness"
	"metabench/score"
)

// ExampleScorer_Score scores a model by a bundle, as metabench export bundle writes one.
func ExampleScorer_Score() {
	bundle, checksum, err := score.Read(exampleBundle())
	if err != nil {
		log.Fatal(err)
	}
	scorer, err := score.NewScorer(bundle, checksum)
	if err != nil {
		log.Fatal(err)
	}
	// What harness.Read finds in the output of lm-evaluation-harness.
	task := harness.Task{Benchmark: "quiz", Form: harness.FormA, Model: "org/model"}
	var answers []uint8
	for k, it := range bundle.Benchmarks[0].Items {
		task.Items = append(task.Items, it.Key)
		answers = append(answers, uint8(k%2)) // every other one right
	}
	task.Answers = map[harness.Metric][]uint8{{Name: "acc"}: answers}
	report, err := scorer.Score(&harness.Output{Model: "org/model", Tasks: []harness.Task{task}}, score.MinAnswered)
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range report.Benchmarks {
		inside := b.Score.Lower < b.Score.Value && b.Score.Value < b.Score.Upper
		fmt.Println(b.Title, b.Answered, "of", b.Items, "items answered, score in its interval:", inside)
	}
	// Output:
	// Quiz 10 of 10 items answered, score in its interval: true
}

// ExampleCalibrateBank asks a model the most informative of 40 items.
func ExampleCalibrateBank() {
	people := examplePeople(200, 40)
	bank, err := score.CalibrateBank(context.Background(), people, score.BankOptions{
		Name: "quiz", Kind: irt.TwoPL, Designs: []adaptive.Options{{Criterion: adaptive.MaximumInformation, Estimator: ability.MAP}}, Length: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	items, err := bank.Bank()
	if err != nil {
		log.Fatal(err)
	}
	stop, err := adaptive.ParseRule("items=5")
	if err != nil {
		log.Fatal(err)
	}
	test, err := score.NewAdaptiveTest(items, bank, score.TestOptions{Stop: stop})
	if err != nil {
		log.Fatal(err)
	}
	request := adaptive.Request{Session: "org/model"}
	for {
		reply, err := test.Reply(request)
		if err != nil {
			log.Fatal(err)
		}
		if reply.Item == nil {
			fmt.Println("stopped after", reply.Answered, "items, calibrated:", reply.Calibrated)
			break
		}
		request.Answers = append(request.Answers, adaptive.NamedAnswer{Item: *reply.Item, Correct: adaptive.Right})
	}
	// Output:
	// stopped after 5 items, calibrated: true
}

// examplePeople are simulated answers of models to items of rising difficulty.
func examplePeople(models, items int) *response.Table {
	rng := rand.New(rand.NewPCG(1, 2))
	t := &response.Table{Benchmark: "quiz", Metric: "acc", Answers: response.New(models, items)}
	for j := range items {
		t.Items = append(t.Items, fmt.Sprint(j+1))
	}
	for i := range models {
		t.Models = append(t.Models, fmt.Sprint("org/m", i))
		theta := rng.NormFloat64()
		for j := range items {
			answer := response.Wrong
			if theta+rng.NormFloat64() > 2*float64(j)/float64(items)-1 {
				answer = response.Correct
			}
			t.Answers.Set(i, j, answer)
		}
	}
	return t
}

// exampleBundle is a bundle of ten items.
func exampleBundle() *bytes.Buffer {
	people := examplePeople(60, 10)
	part := reconstruct.Benchmark{Name: "quiz", Metric: "acc", Items: people.Items, Answers: people.Answers}
	of := score.Benchmark{Name: "quiz", Title: "Quiz", Metric: "acc", Questions: 10, Kind: irt.TwoPL, Estimator: ability.MAP}
	var train response.TrainSet
	for i := range people.Models {
		correct, observed := people.Answers.Counts(i)
		part.Scores = append(part.Scores, 100*float64(correct)/float64(observed))
		train.Rows = append(train.Rows, i)
	}
	for j, key := range people.Items {
		of.Items = append(of.Items, score.Item{Key: key, A: 1.7, D: 1.7 - float64(j)/3, U: 1})
	}
	of.Scores = score.NewScale(part.Scores)
	m, err := reconstruct.Fit(context.Background(), &reconstruct.Input{Models: people.Models, Benchmarks: []reconstruct.Benchmark{part}},
		train, reconstruct.Options{Seed: 1, Iterations: 3})
	if err != nil {
		log.Fatal(err)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}
	p, err := score.NewPredictor(data)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	b := score.Bundle{Form: harness.FormA, Run: score.Run{ID: "example"}, Benchmarks: []score.Benchmark{of}, Predictors: []score.Predictor{p}}
	if err := b.Write(&file); err != nil {
		log.Fatal(err)
	}
	return &file
}
