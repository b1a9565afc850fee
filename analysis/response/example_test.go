package response_test

import (
	"fmt"

	"metabench/analysis/response"
)

// Two models answered three items; one answer is missing, which is not a wrong one.
func ExampleMatrix() {
	m := response.New(2, 3)
	m.SetRow(0, 0, []uint8{1, 0, 1})
	m.Set(1, 0, response.Correct)
	m.Set(1, 2, response.Wrong)
	for model := range 2 {
		correct, observed := m.Counts(model)
		fmt.Printf("model %d: %d of %d correct\n", model, correct, observed)
	}
	byItem := m.Transpose()
	for item := range 3 {
		correct, observed := byItem.Counts(item)
		fmt.Printf("item %d: %d of %d correct\n", item, correct, observed)
	}
	// Output:
	// model 0: 2 of 3 correct
	// model 1: 1 of 2 correct
	// item 0: 2 of 2 correct
	// item 1: 0 of 1 correct
	// item 2: 1 of 2 correct
}
