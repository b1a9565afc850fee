package factor_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"metabench/analysis/factor"
)

// Three columns measure one factor, with loadings of 0.8.
func ExampleFit() {
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([][]float64, 3)
	for range 5000 {
		common := rng.NormFloat64()
		for j := range x {
			x[j] = append(x[j], 0.8*common+0.6*rng.NormFloat64())
		}
	}
	s, err := factor.Fit(context.Background(), []string{"a", "b", "c"}, x, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for j, name := range []string{"a", "b", "c"} {
		fmt.Printf("%s loads %.1f\n", name, s.Loadings.At(j, 0))
	}
	// Output:
	// a loads 0.8
	// b loads 0.8
	// c loads 0.8
}
