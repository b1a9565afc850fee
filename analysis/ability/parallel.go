package ability

import (
	"context"
	"sync"
	"sync/atomic"
)

// parallel calls do(task) for task = 0 … tasks-1 on the given number of goroutines
// until the context ends, whose error it returns. The tasks write to places of
// their own, so that their order does not matter.
func parallel(ctx context.Context, workers, tasks int, do func(task int)) error {
	var next atomic.Int64
	work := func() {
		for t := int(next.Add(1)) - 1; t < tasks && ctx.Err() == nil; t = int(next.Add(1)) - 1 {
			do(t)
		}
	}
	var wg sync.WaitGroup
	for range min(workers, tasks) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return ctx.Err()
}
