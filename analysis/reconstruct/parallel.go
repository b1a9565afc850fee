package reconstruct

import (
	"sync/atomic"

	"github.com/sourcegraph/conc"
)

// each calls f(0) … f(n-1) on a number of goroutines. Calls must not depend on
// one another; results are reduced by the caller in index order, so that they
// are the same for any number of workers. A panic in one of them is the caller's.
func each(n, workers int, f func(i int)) {
	if workers <= 1 || n <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg conc.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	wg.Wait()
}
