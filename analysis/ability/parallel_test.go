package ability

import (
	"context"
	"strings"
	"testing"

	"github.com/sourcegraph/conc/panics"
)

func TestPanicInAWorkerReachesTheCaller(t *testing.T) {
	for _, workers := range []int{1, 4} {
		got := panics.Try(func() {
			if err := parallel(context.Background(), workers, 20, func(task int) {
				if task == 13 {
					panic("task 13")
				}
			}); err != nil {
				t.Error(err)
			}
		})
		if got == nil || !strings.Contains(got.String(), "task 13") {
			t.Errorf("%d workers: the caller sees %v", workers, got)
		}
	}
}
