package scraper

import (
	"context"
	"errors"
	"testing"

	"github.com/sourcegraph/conc/panics"
)

// A panic of a worker must not leave the feeder waiting for ever.
func TestPanicInAWorkerIsTheErrorThatEndsTheWork(t *testing.T) {
	err := inParallel(context.Background(), 2, make([]int, 100), func(context.Context, int) error { panic("bytes") })
	var fault *panics.ErrRecovered
	if !errors.As(err, &fault) || fault.Value != "bytes" {
		t.Errorf("error %v", err)
	}
}
