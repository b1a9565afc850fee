package irt

import (
	"sync/atomic"

	"github.com/sourcegraph/conc"
)

// parallel calls do(task, worker) for task = 0 … tasks-1 on the given number of
// goroutines. Which worker gets which task is not determined: the tasks must write
// to places of their own. A panic in one of them is the caller's.
func parallel(workers, tasks int, do func(task, worker int)) {
	workers = min(workers, tasks)
	if workers <= 1 {
		for t := range tasks {
			do(t, 0)
		}
		return
	}
	var next atomic.Int64
	work := func(worker int) {
		for t := int(next.Add(1)) - 1; t < tasks; t = int(next.Add(1)) - 1 {
			do(t, worker)
		}
	}
	var wg conc.WaitGroup
	for w := range workers {
		wg.Go(func() { work(w) })
	}
	wg.Wait()
}
