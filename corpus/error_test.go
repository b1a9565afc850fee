package corpus

import "fmt"

func ExampleDataError() {
	var err error = &DataError{Kind: KindValue, File: "answers.csv", Line: 17, Column: "correct", Model: "org/m",
		Reason: `the value "yes" is neither 0 nor 1`, Remedy: "Give 1 for right, 0 for wrong"}
	fmt.Println(err)
	err = &DataError{Kind: KindUnfit, File: "samples.jsonl", Benchmark: "arc", Reason: "the calibration is of form B"}
	fmt.Println(err)
	// Output:
	// read answers.csv, line 17, column "correct", model "org/m": the value "yes" is neither 0 nor 1. Give 1 for right, 0 for wrong
	// arc, samples.jsonl: the calibration is of form B
}
