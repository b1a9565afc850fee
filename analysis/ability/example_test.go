package ability_test

import (
	"fmt"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// The ability of a model that answered the easy and the medium item correctly, by each
// method. With three answers the standard errors are large.
func ExampleScorer_Pattern() {
	items := []irt.Item{
		irt.FromDifficulty(1.5, -1, 0, 1), // easy
		irt.FromDifficulty(1.5, 0, 0, 1),
		irt.FromDifficulty(1.5, 1, 0, 1), // hard
	}
	answers := []response.Answer{response.Correct, response.Correct, response.Wrong}
	for _, method := range []ability.Method{ability.MAP, ability.EAP, ability.ML} {
		scorer, err := ability.New(items, ability.Options{Method: method})
		if err != nil {
			fmt.Println(err)
			return
		}
		e, err := scorer.Pattern(answers)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %.2f ± %.2f\n", method, e.Theta, e.SE)
	}
	// Output:
	// MAP 0.34 ± 0.67
	// EAP 0.35 ± 0.69
	// ML 0.62 ± 0.94
}
