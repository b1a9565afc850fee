package leaderboard_test

import (
	"fmt"

	"metabench/corpus"
	"metabench/scraper/leaderboard"
)

// The score of a results file, in points.
func ExampleParseResults() {
	results, err := leaderboard.ParseResults([]byte(`{
		"config_general": {"model_name": "org/model", "model_dtype": "torch.float16"},
		"results": {"harness|arc:challenge|25": {"acc": 0.55, "acc_norm": 0.6075}}}`))
	if err != nil {
		panic(err)
	}
	arc := corpus.Benchmark{Name: "arc", Metric: "acc_norm", Tasks: []corpus.Task{{Name: "arc", Harness: "arc:challenge"}}}
	points, ok := results.Score(arc, leaderboard.Metric(arc))
	fmt.Printf("%s, %s: %.2f %t\n", results.Model, results.Precision, points, ok)
	// Output: org/model, float16: 60.75 true
}
