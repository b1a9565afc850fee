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

// Until is Each until the context ends, whose error it returns: calls under way then
// finish, and no others begin.
func Until(ctx context.Context, n, workers int, do func(i, worker int)) error {
	Each(n, workers, func(i, worker int) {
		if ctx.Err() == nil {
			do(i, worker)
		}
	})
	return ctx.Err()
}

// Try is Until for calls that may fail, which ends the context that they get. It
// returns the error that occurred first, else the context's.
func Try(ctx context.Context, n, workers int, do func(ctx context.Context, i, worker int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	_ = Until(ctx, n, workers, func(i, worker int) {
		if err := do(ctx, i, worker); err != nil {
			cancel(err)
		}
	})
	return context.Cause(ctx)
}
