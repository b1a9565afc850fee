package ability

import (
	"context"
	"sync/atomic"

	"github.com/sourcegraph/conc"
)

// parallel calls do(task) for task = 0 … tasks-1 on the given number of goroutines
// until the context ends, whose error it returns. The tasks write to places of
// their own, so that their order does not matter. A panic in one of them is the
// caller's.
func parallel(ctx context.Context, workers, tasks int, do func(task int)) error {
	var next atomic.Int64
	work := func() {
		for t := int(next.Add(1)) - 1; t < tasks && ctx.Err() == nil; t = int(next.Add(1)) - 1 {
			do(t)
		}
	}
	if workers <= 1 || tasks <= 1 {
		work()
		return ctx.Err()
	}
	var wg conc.WaitGroup
	for range min(workers, tasks) {
		wg.Go(work)
	}
	wg.Wait()
	return ctx.Err()
}
