package irt

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"metabench/analysis/response"
)

func TestEmptyMatrixIsAnError(t *testing.T) {
	for _, m := range []*response.Matrix{response.New(0, 3), response.New(3, 0)} {
		if _, err := Fit(context.Background(), m, Options{}); !errors.Is(err, ErrEmpty) {
			t.Errorf("error %v, want ErrEmpty", err)
		}
	}
}

func ExampleFit() {
	m := response.New(6, 3)
	for model, answers := range []string{"000", "100", "110", "101", "111", "010"} {
		for item, answer := range answers {
			m.Set(model, item, response.Answer(answer-'0'))
		}
	}
	r, err := Fit(context.Background(), m, Options{Kind: TwoPL, Prior: WeakPrior()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Kind, r.Status, len(r.Items), "items")
	// Output: 2PL converged 3 items
}
