// Package parallel runs independent tasks on a bounded number of goroutines.
//
// Which goroutine runs which task is not determined. So that a result does not
// depend on the number of workers, tasks write to elements of their own, and the
// caller reduces them in index order.
package parallel

import (
	"context"
	"sync/atomic"

	"github.com/sourcegraph/conc"
)

// Each calls do(i, worker) for i = 0 … n-1 on at most the given number of
// goroutines, numbered by worker from 0. It returns when all calls have. A panic
// in one of them is the caller's.
func Each(n, workers int, do func(i, worker int)) {
	var next atomic.Int64
	work := func(worker int) {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i, worker)
		}
	}
	workers = min(workers, n)
	if workers <= 1 {
		work(0)
		return
	}
	var group conc.WaitGroup
	for w := range workers {
		group.Go(func() { work(w) })
	}
	group.Wait()
}

// Until is Each until a call fails or the context ends: calls under way then
// finish, with a context that has ended, and no others begin. It returns the error
// that occurred first, else the context's.
func Until(ctx context.Context, n, workers int, do func(ctx context.Context, i, worker int) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	Each(n, workers, func(i, worker int) {
		if inner.Err() != nil {
			return
		}
		if err := do(inner, i, worker); err != nil {
			cancel(err)
		}
	})
	return context.Cause(inner)
}
