package details_test

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
	"metabench/scraper/details"
)

// The newest run that has all of a benchmark's tasks goes first.
func ExampleCandidates() {
	mmlu := corpus.Benchmark{Name: "mmlu", Shots: 5, Tasks: []corpus.Task{
		{Name: "anatomy", Harness: "hendrycksTest-anatomy"}, {Name: "virology", Harness: "hendrycksTest-virology"}}}
	paths := []string{
		"a/details_harness|hendrycksTest-anatomy|5_2023-09-18T03-05-58.053951.parquet",
		"a/details_harness|hendrycksTest-virology|5_2023-09-18T03-05-58.053951.parquet",
		"b/details_harness|hendrycksTest-anatomy|5_2024-01-02T00-00-00.parquet",
	}
	for _, c := range details.Candidates(paths, mmlu)["anatomy"] {
		fmt.Println(c.Name.Run.Format("2006-01-02"), c.Path[:2])
	}
	// Output:
	// 2023-09-18 a/
	// 2024-01-02 b/
}

// inMemory is a details.Source of bytes that are all there.
type inMemory struct{ *bytes.Reader }

func (inMemory) Prefetch(...details.Span) error { return nil }

// Read the answers of a file, whose rows are a task's items.
func ExampleOpen() {
	type row struct {
		Example string  `parquet:"example"`
		Acc     float64 `parquet:"acc"`
	}
	var file bytes.Buffer
	if err := parquet.Write(&file, []row{{"Question: 1 + 1?", 1}, {"Question: 2 + 2?", 0}}); err != nil {
		panic(err)
	}
	f, err := details.Open(inMemory{bytes.NewReader(file.Bytes())}, 0)
	if err != nil {
		panic(err)
	}
	answers, err := f.Answers("acc")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d\n", answers)
	_, err = f.Answers("mc1")
	fmt.Println(err)
	// Output:
	// [1 0]
	// metric not found: no mc1 among example, acc
}
