package reconstruct

import (
	"strings"
	"testing"

	"github.com/sourcegraph/conc/panics"
)

func TestPanicInAWorkerReachesTheCaller(t *testing.T) {
	for _, workers := range []int{1, 4} {
		got := panics.Try(func() {
			each(20, workers, func(i int) {
				if i == 13 {
					panic("task 13")
				}
			})
		})
		if got == nil || !strings.Contains(got.String(), "task 13") {
			t.Errorf("%d workers: the caller sees %v", workers, got)
		}
	}
}
