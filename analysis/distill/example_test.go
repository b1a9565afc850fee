package distill_test

import (
	"context"
	"fmt"

	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// Of three items the information filter keeps the two with the most information at the
// abilities of the grid: an easy one for the low, a hard one for the high.
func ExampleFilter() {
	items := []irt.Item{
		irt.FromDifficulty(2, -1, 0, 1),
		irt.FromDifficulty(0.4, 0, 0, 1),
		irt.FromDifficulty(2, 1, 0, 1),
	}
	grid, err := distill.NewGrid(distill.EvenGrid, []float64{-1.5, -0.5, 0.5, 1.5}, 20)
	if err != nil {
		fmt.Println(err)
		return
	}
	filter, err := distill.NewFilter(distill.Information(items, grid), grid, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range filter.Picks(0.5) {
		fmt.Printf("item %d for ability %.1f, information %.2f\n", p.Item, p.Theta, p.Information)
	}
	// Output:
	// item 0 for ability -1.0, information 1.00
	// item 2 for ability 1.0, information 1.00
}

// Six models answered four items. Forward selection takes the items from which a
// regression predicts the score on all four best.
func ExampleForward() {
	answers := response.New(6, 4)
	scores := make([]float64, 6)
	for i, row := range []string{"0001", "1001", "1010", "1011", "1110", "1111"} {
		for j, c := range row {
			if c == '1' {
				answers.Set(i, j, response.Correct)
				scores[i] += 25
			} else {
				answers.Set(i, j, response.Wrong)
			}
		}
	}
	train := response.TrainSet{Rows: []int{0, 1, 2, 3, 4, 5}}
	sample, err := distill.NewSample(answers, scores, train)
	if err != nil {
		fmt.Println(err)
		return
	}
	choice, err := distill.Forward{Folds: 3, Ridge: 0.1}.Select(context.Background(), sample, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("items", choice.Items)
	// Output:
	// items [2 1]
}
