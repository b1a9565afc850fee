package trial

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"metabench/analysis/distill"
	"metabench/analysis/internal/parallel"
	"metabench/analysis/reconstruct"
	"metabench/analysis/rival"
)

// Options say what to try.
type Options struct {
	Splits   []Split
	Items    []int // sizes of the distilled benchmark
	Seeds    int   // of splits and of what methods leave to chance; 0 means 3
	Workers  int   // goroutines; 0 means one a processor. The result does not depend on it
	Progress func(done, total int)
}

// Case is the estimate of one test model by one method.
type Case struct {
	Model      int // row of the data
	Truth      float64
	Distance   float64 // from the nearest model learned from
	Prediction reconstruct.Prediction
}

// Outcome is what one method made of one split with one number of items, over all seeds
// and draws.
type Outcome struct {
	Split   Split
	Method  string
	Items   int
	Train   int // models learned from, in the first seed
	Cases   []Case
	LeftOut string // why there are no cases; empty where there are
}

// TooManyItemsError says that a distilled benchmark would be no smaller than the whole.
type TooManyItemsError struct{ Items, Have int }

func (e *TooManyItemsError) Error() string {
	return fmt.Sprintf("%d items are to be selected of %d: name fewer", e.Items, e.Have)
}

// Run tries all methods. Outcomes are in the order of splits, items and methods.
func Run(ctx context.Context, d *Data, o Options) ([]Outcome, error) {
	for _, n := range o.Items {
		if have := len(d.Table.Items); n < 1 || n >= have {
			return nil, &TooManyItemsError{n, have}
		}
	}
	if o.Seeds <= 0 {
		o.Seeds = 3
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	methods := rival.Methods()
	r := &run{data: d, o: o, methods: methods, total: len(o.Splits) * o.Seeds * len(o.Items) * len(methods)}
	parts := make([][]Outcome, len(o.Splits)*o.Seeds)
	err := parallel.Try(ctx, len(parts), o.Workers, func(ctx context.Context, k, _ int) (err error) {
		parts[k], err = r.part(ctx, o.Splits[k/o.Seeds], uint64(k%o.Seeds+1))
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []Outcome
	for k := 0; k < len(parts); k += o.Seeds {
		whole := parts[k]
		for _, more := range parts[k+1 : k+o.Seeds] {
			for q := range whole {
				whole[q].Cases = append(whole[q].Cases, more[q].Cases...)
				if whole[q].LeftOut == "" {
					whole[q].LeftOut = more[q].LeftOut
				}
			}
		}
		out = append(out, whole...)
	}
	return out, nil
}

// run is what the parts of a trial share.
type run struct {
	data    *Data
	o       Options
	methods []rival.Method

	mu          sync.Mutex
	done, total int
}

func (r *run) step() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	if r.o.Progress != nil {
		r.o.Progress(r.done, r.total)
	}
}

// part tries all methods on one division of the models.
func (r *run) part(ctx context.Context, s Split, seed uint64) ([]Outcome, error) {
	divided, err := s.of(r.data, seed)
	if err != nil {
		return nil, err
	}
	task := &rival.Task{
		Table: r.data.Table, Scores: r.data.Scores, Train: divided.train, Test: divided.test, Groups: divided.groups,
		Seed: seed, Workers: max(1, r.o.Workers/(len(r.o.Splits)*r.o.Seeds)),
	}
	distance := distances(r.data.Table.Answers, divided.train, divided.test)
	var out []Outcome
	for _, n := range r.o.Items {
		for _, m := range r.methods {
			one := Outcome{Split: s, Method: m.Name, Items: n, Train: len(divided.train.Rows)}
			for draw := range m.Draws {
				predictions, err := m.Estimate(ctx, task, n, draw)
				if tooFew(err) {
					one.LeftOut = err.Error()
					break
				}
				if err != nil {
					return nil, fmt.Errorf("split %s, %s, %d items: %w", s, m.Name, n, err)
				}
				for k, p := range predictions {
					i := divided.test.Rows[k]
					one.Cases = append(one.Cases, Case{Model: i, Truth: r.data.Scores[i], Distance: distance[k], Prediction: p})
				}
			}
			out = append(out, one)
			r.step()
		}
	}
	return out, ctx.Err()
}

// tooFew reports whether a method can't do with so few models.
func tooFew(err error) bool {
	var choice *distill.TooFewModelsError
	var fit *reconstruct.TooFewModelsError
	return errors.As(err, &choice) || errors.As(err, &fit)
}
