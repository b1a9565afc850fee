package split_test

import (
	"fmt"

	"metabench/analysis/split"
)

// Models tuned from a model of the table are of its family; of others the name tells the
// pretrained base.
func ExampleFamilies() {
	families := split.Families([]split.Origin{
		{Name: "lab/first"},
		{Name: "lab/second", Bases: []string{"lab/first"}},
		{Name: "someone/llama-2-70b-tuned"},
	}, nil)
	for _, f := range families {
		fmt.Println(f)
	}
	// Output:
	// organisation: lab
	// organisation: lab
	// llama-70b
}

// Of fifty models ten are test models and five validation models, by hashes of their
// answers: neither their names nor their order matters.
func ExampleStable() {
	scores, prints := make([]float64, 50), make([]uint64, 50)
	for i := range scores {
		scores[i], prints[i] = float64(2*i), uint64(i)
	}
	s, err := split.Stable(scores, prints, split.Shares{Validation: 0.1, Test: 0.2}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(s.Train.Rows), len(s.Validation.Rows), len(s.Test.Rows))
	// Output: 35 5 10
}
