package scraper

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"metabench/corpus"
	"metabench/scraper/details"
)

// orders knows, for every task, the questions in the order of the store, and brings
// files into it.
//
// The first file of a task that carries its questions defines the order. So that
// the same repositories give the same order for any number of workers, a crawl reads
// them one by one until every task has one. Files written by another version of the
// evaluation may show the questions differently; the first of such a kind is assumed
// to be in order, and later ones of its kind are compared with it.
//
// A file's questions are read when its fingerprint is met for the first time; files
// with a known fingerprint are treated as the first was. While they are read, files
// with the same fingerprint wait for the outcome, and no others.
type orders struct {
	store   *serialStore
	reading singleflight.Group // by task and fingerprint
	mu      sync.Mutex
	tasks   map[[2]string]*taskOrder
	tails   map[[2]string]int64
}

type taskOrder struct {
	mu        sync.Mutex
	loaded    bool
	items     int               // that the store has of the task, with or without hashes
	sequences []sequence        // hashes by position, one a rendering; the first is the store's
	verdicts  map[string]*order // by fingerprint
}

type sequence []string

// order is how a file's rows go with a task's items.
type order struct {
	kind corpus.RowOrder
	at   []int // row → position; nil when they are the same
}

// maxRenderings bounds how many ways of showing a task's questions are remembered.
const maxRenderings = 8

func newOrders(store *serialStore) *orders {
	return &orders{store: store, tasks: map[[2]string]*taskOrder{}, tails: map[[2]string]int64{}}
}

func (o *orders) task(ctx context.Context, t taskOf) (*taskOrder, error) {
	o.mu.Lock()
	to := o.tasks[t.key()]
	if to == nil {
		to = &taskOrder{verdicts: map[string]*order{}}
		o.tasks[t.key()] = to
	}
	o.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	if to.loaded {
		return to, nil
	}
	items, err := o.store.Items(ctx, t.Benchmark.Name, t.Task.Name)
	if err != nil {
		return nil, fmt.Errorf("read the items of %s/%s: %w", t.Benchmark.Name, t.Task.Name, err)
	}
	to.loaded, to.items = true, len(items)
	var seq sequence
	for _, it := range items {
		if it.Hash == "" {
			seq = nil
			break
		}
		seq = append(seq, it.Hash)
	}
	if seq != nil {
		to.sequences = append(to.sequences, seq)
	}
	return to, nil
}

// known reports whether every task of the benchmarks has an order.
func (o *orders) known(ctx context.Context, benchmarks []corpus.Benchmark) (bool, error) {
	for _, b := range benchmarks {
		for _, t := range b.Tasks {
			to, err := o.task(ctx, taskOf{b, t})
			if err != nil {
				return false, err
			}
			if to.items == 0 {
				return false, nil
			}
		}
	}
	return true, nil
}

// place finds how a file's rows go with the task's items. Items of a task that has
// none are recorded before any block that relies on their order.
func (o *orders) place(ctx context.Context, t taskOf, f *details.File) (*order, error) {
	to, err := o.task(ctx, t)
	if err != nil {
		return nil, err
	}
	print := f.Fingerprint()
	if print == "" {
		return o.placeByQuestions(ctx, t, to, f)
	}
	if known := to.verdict(print); known != nil {
		return known, nil
	}
	mine := false
	placed, err, _ := o.reading.Do(strings.Join([]string{t.Benchmark.Name, t.Task.Name, print}, "\x00"), func() (any, error) {
		mine = true
		if known := to.verdict(print); known != nil {
			return known, nil
		}
		return o.placeByQuestions(ctx, t, to, f)
	})
	switch {
	case err == nil:
		return placed.(*order), nil
	case mine:
		return nil, err
	}
	return o.placeByQuestions(ctx, t, to, f) // another file's failure is not this one's
}

// placeByQuestions is place by what the file's rows ask. The questions are read
// without holding anything: that takes as long as the network likes.
func (o *orders) placeByQuestions(ctx context.Context, t taskOf, to *taskOrder, f *details.File) (*order, error) {
	id, err := f.Identity()
	if err != nil {
		return nil, err
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	placed, err := o.compare(ctx, t, to, f.Rows(), id)
	if print := f.Fingerprint(); err == nil && print != "" {
		to.verdicts[print] = placed
	}
	return placed, err
}

// verdict is how files with a fingerprint are in order; nil when none was read.
func (to *taskOrder) verdict(print string) *order {
	to.mu.Lock()
	defer to.mu.Unlock()
	return to.verdicts[print]
}

func (o *orders) compare(ctx context.Context, t taskOf, to *taskOrder, rows int, id *details.Identity) (*order, error) {
	if to.items != 0 && rows != to.items { // where the catalogue knows no number, the first file gave it
		return nil, &details.FileError{Fault: details.FaultRows, Detail: fmt.Sprintf("%d rows of %d", rows, to.items)}
	}
	if id == nil {
		if to.items == 0 {
			if err := o.record(ctx, t, to, rows, nil); err != nil {
				return nil, err
			}
		}
		return &order{kind: corpus.OrderAssumed}, nil
	}
	for _, seq := range to.sequences {
		placed, ok, err := match(seq, id.Hashes)
		if err != nil || ok {
			return placed, err
		}
	}
	if len(to.sequences) == 0 {
		if err := o.record(ctx, t, to, rows, id); err != nil {
			return nil, err
		}
		to.sequences = append(to.sequences, id.Hashes)
		return &order{kind: corpus.OrderSame}, nil
	}
	if len(to.sequences) < maxRenderings {
		to.sequences = append(to.sequences, id.Hashes)
	}
	return &order{kind: corpus.OrderAssumed}, nil
}

// record hands over a task's items.
func (o *orders) record(ctx context.Context, t taskOf, to *taskOrder, rows int, id *details.Identity) error {
	items := make([]corpus.Item, rows)
	for k := range items {
		key := strconv.Itoa(k + 1)
		if len(t.Benchmark.Tasks) > 1 {
			key = t.Task.Name + "." + key
		}
		items[k] = corpus.Item{Benchmark: t.Benchmark.Name, Task: t.Task.Name, Position: k, Key: key}
		if id != nil {
			items[k].Hash, items[k].Prompt = id.Hashes[k], id.Prompts[k]
		}
	}
	if err := o.store.Record(ctx, corpus.Delivery{Items: items}); err != nil {
		return err
	}
	to.items = rows
	return nil
}

// match compares a file's questions with a known sequence of them. ok is false when
// fewer than half are known: then it is another rendering, and nothing can be said.
// Rows that are only partly the task's questions, and not in its order, are an error.
//
// A question that occurs several times (MMLU has 27) is matched in the order of
// occurrence: which of two equal questions a row is can't be told.
func match(seq sequence, rows []string) (placed *order, ok bool, err error) {
	if len(seq) != len(rows) {
		return nil, false, nil
	}
	positions := make(map[string][]int, len(seq))
	for p, h := range seq {
		positions[h] = append(positions[h], p)
	}
	inPlace, found := 0, 0
	taken := make(map[string]int, len(rows))
	placed = &order{kind: corpus.OrderRealigned, at: make([]int, len(rows))}
	for row, h := range rows {
		if seq[row] == h {
			inPlace++
		}
		p := positions[h]
		if n := taken[h]; n < len(p) {
			placed.at[row] = p[n]
			taken[h]++
			found++
		}
	}
	switch {
	case inPlace == len(rows), inPlace == found && 2*found >= len(rows):
		return &order{kind: corpus.OrderSame}, true, nil
	case found == len(rows):
		return placed, true, nil
	case 2*found < len(rows):
		return nil, false, nil
	}
	return nil, false, &details.FileError{Fault: details.FaultIdentity,
		Detail: fmt.Sprintf("%d of %d rows are questions of the task, and not in its order", found, len(rows))}
}

// apply brings answers into the order of the items.
func (o *order) apply(answers []uint8) []uint8 {
	if o.at == nil {
		return answers
	}
	out := make([]uint8, len(answers))
	for row, a := range answers {
		out[o.at[row]] = a
	}
	return out
}

// rows is the row of each of n positions.
func (o *order) rows(n int) []int {
	rows := make([]int, n)
	for row := range rows {
		position := row
		if o.at != nil {
			position = o.at[row]
		}
		rows[position] = row
	}
	return rows
}

// tail is how many bytes at the end of a task's file to ask for first: as many as
// the largest footer of the task took so far.
func (o *orders) tail(t taskOf) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tails[t.key()]
}

// maxTail bounds what one file can make the next ones ask for.
const maxTail = 256 << 10

func (o *orders) sawTail(t taskOf, size int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tails[t.key()] = max(o.tails[t.key()], roundTail(size))
}

// roundTail is the tail to ask for where footers take size bytes.
func roundTail(size int64) int64 { return min((size+1023)&^1023, maxTail) }
