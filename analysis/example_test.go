package analysis_test

import (
	"context"
	"fmt"

	"metabench/analysis"
	"metabench/analysis/simulate"
	"metabench/analysis/split"
	"metabench/corpus"
)

// noCache computes every stage anew; a warehouse keeps them.
type noCache struct{}

func (noCache) Stage(context.Context, string, string, string) ([]byte, bool, error) {
	return nil, false, nil
}

func (noCache) StoreStage(context.Context, string, string, string, []byte) error { return nil }

// Ten items are pinned for form A of a benchmark of 40 items that 80 models answered. The
// build fits them and measures the error of the scores on test models.
func ExampleBuild() {
	o := simulate.Default(80, 1)
	o.Gaps = 0
	o.Benchmarks = []corpus.Benchmark{{Name: "quiz", Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: "quiz", Items: 40}}}}
	population, err := simulate.New(o)
	if err != nil {
		fmt.Println(err)
		return
	}
	table := population.Benchmarks[0].Table
	data := &analysis.Data{Table: table, Fingerprint: "of the answers", Suite: &analysis.Suite{}, Pinned: analysis.Pinned{"A": table.Items[:10]}}
	for i, model := range table.Models {
		correct, _ := table.Answers.Counts(i)
		data.Scores = append(data.Scores, 100*float64(correct)/40)
		data.Suite.Origins = append(data.Suite.Origins, split.Origin{Name: model})
		data.Suite.Means = append(data.Suite.Means, data.Scores[i])
		data.Suite.Prints = append(data.Suite.Prints, table.Answers.CorrectWords(i)[0])
	}
	options := analysis.Options{Seed: 1, ValidationShare: 0.1, TestShare: 0.2, Forms: 1, MinModels: 50, MinObserved: 0.9, MinPinned: 0.5}
	built, err := analysis.Build(context.Background(), data, options, noCache{}, func(string, int, int) {})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range built.Set.Metrics {
		if m.Form == "A" && m.Scheme == "random" && m.Group == "all" {
			fmt.Printf("%d items, %d test models, %s\n", m.Items, m.Models, m.Method)
		}
	}
	// Output:
	// 10 items, 16 test models, gaussian process
}
