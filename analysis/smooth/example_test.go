package smooth_test

import (
	"context"
	"fmt"
	"math"

	"metabench/analysis/smooth"
)

// A curve through noiseless points of a sine, and its straight continuation.
func ExampleFit() {
	var x, y []float64
	for i := range 200 {
		v := float64(i) / 20
		x, y = append(x, v), append(y, 50+10*math.Sin(v))
	}
	m, err := smooth.Fit(context.Background(), []smooth.Smooth{{Name: "x"}}, [][]float64{x}, y, smooth.Settings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range []float64{1.5, 3, 4.5} {
		fmt.Printf("f(%.1f) = %.1f\n", v, m.Predict([]float64{v}))
	}
	// Output:
	// f(1.5) = 60.0
	// f(3.0) = 51.4
	// f(4.5) = 40.2
}
