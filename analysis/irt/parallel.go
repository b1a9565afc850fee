package irt

import (
	"sync"
	"sync/atomic"
)

// parallel calls do(task, worker) for task = 0 … tasks-1 on the given number of
// goroutines. Which worker gets which task is not determined: the tasks must write
// to places of their own.
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
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { work(w) })
	}
	work(0)
	wg.Wait()
}
