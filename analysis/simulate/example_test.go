package simulate_test

import (
	"fmt"

	"metabench/analysis/simulate"
	"metabench/corpus"
)

// Sixty models answer a benchmark of 40 items; the parameters of the items are known.
func ExampleNew() {
	o := simulate.Default(60, 1)
	o.Gaps = 0
	o.Benchmarks = []corpus.Benchmark{{Name: "quiz", Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: "quiz", Items: 40}}}}
	p, err := simulate.New(o)
	if err != nil {
		fmt.Println(err)
		return
	}
	quiz := p.Benchmarks[0]
	models, items := quiz.Table.Answers.Dims()
	fmt.Println(models, "models,", items, "items,", len(quiz.Items), "known parameters")
	// Output: 60 models, 40 items, 40 known parameters
}
