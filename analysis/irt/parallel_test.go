package irt

import (
	"strings"
	"testing"

	"github.com/sourcegraph/conc/panics"
)

// A panic in a goroutine that nobody waits for with recover ends the process.
func TestPanicInAWorkerReachesTheCaller(t *testing.T) {
	for _, workers := range []int{1, 4} {
		got := panics.Try(func() {
			parallel(workers, 20, func(task, _ int) {
				if task == 13 {
					panic("task 13")
				}
			})
		})
		if got == nil || !strings.Contains(got.String(), "task 13") {
			t.Errorf("%d workers: the caller sees %v", workers, got)
		}
	}
}
