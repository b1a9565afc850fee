package distill_test

import (
	"fmt"

	"metabench/analysis/distill"
	"metabench/analysis/irt"
)

// Three items, of which the information filter keeps the two that tell most about
// the abilities at hand: an easy one for the low, a hard one for the high.
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
