package parallel

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
)

func TestEachCallsEveryIndexOnceOnNumberedWorkers(t *testing.T) {
	for _, workers := range []int{-1, 0, 1, 3, 100} {
		for _, n := range []int{0, 1, 2, 57} {
			calls := make([]atomic.Int32, n)
			Each(n, workers, func(i, worker int) {
				if worker < 0 || worker >= max(1, min(workers, n)) {
					t.Errorf("%d workers, %d tasks: worker %d", workers, n, worker)
				}
				calls[i].Add(1)
			})
			for i := range calls {
				if c := calls[i].Load(); c != 1 {
					t.Errorf("%d workers, %d tasks: task %d is called %d times", workers, n, i, c)
				}
			}
		}
	}
}

func TestEachHandsAPanicToTheCaller(t *testing.T) {
	for _, workers := range []int{1, 4} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d workers: the panic of a task is lost", workers)
				}
			}()
			Each(9, workers, func(i, _ int) {
				if i == 5 {
					panic("in a task")
				}
			})
		}()
	}
}

func TestTryEndsWithTheFirstError(t *testing.T) {
	wrong := errors.New("wrong")
	for _, workers := range []int{1, 4} {
		var calls atomic.Int32
		err := Try(t.Context(), 10000, workers, func(_ context.Context, i, _ int) error {
			calls.Add(1)
			if i == 20 {
				return wrong
			}
			return nil
		})
		if !errors.Is(err, wrong) || calls.Load() == 10000 {
			t.Errorf("%d workers: error %v after %d calls", workers, err, calls.Load())
		}
	}
	if err := Try(t.Context(), 10, 3, func(context.Context, int, int) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestUntilEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var done []int
	err := Until(ctx, 10, 1, func(i, _ int) {
		done = append(done, i)
		if i == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !slices.Equal(done, []int{0, 1, 2}) {
		t.Errorf("error %v after %v", err, done)
	}
}
