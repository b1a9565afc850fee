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

// aligner finds the row alignment of every file: which item of its task each row is.
//
// The first file of a task that has the questions' text defines the order of the items. So
// that the same repositories give the same order for any number of workers, a crawl reads
// them one after another until every task has an order. Files of another version of the
// evaluation may render the questions differently; the first file of each rendering is
// assumed to be in order, and later files of that rendering are compared with it.
//
// A file's questions are read when its fingerprint is new; files with a known fingerprint
// have the alignment of the first. While a file's questions are read, only files with the
// same fingerprint wait.
type aligner struct {
	store   *serialStore
	reading singleflight.Group // by task and fingerprint
	mu      sync.Mutex
	tasks   map[[2]string]*taskOrder
	tails   map[[2]string]int64
}

type taskOrder struct {
	mu            sync.Mutex
	loaded        bool
	items         int                   // that the store has of the task, with or without hashes
	sequences     []sequence            // hashes by position, one for each rendering; the first is the store's
	byFingerprint map[string]*alignment // by fingerprint
}

type sequence []string

// alignment assigns a file's rows to a task's items: a permutation.
type alignment struct {
	kind     corpus.RowOrder
	position []int // by row; nil for the identity
}

// maxRenderings bounds how many renderings of a task's questions are kept.
const maxRenderings = 8

func newAligner(store *serialStore) *aligner {
	return &aligner{store: store, tasks: map[[2]string]*taskOrder{}, tails: map[[2]string]int64{}}
}

func (o *aligner) task(ctx context.Context, t taskOf) (*taskOrder, error) {
	o.mu.Lock()
	to := o.tasks[t.key()]
	if to == nil {
		to = &taskOrder{byFingerprint: map[string]*alignment{}}
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
func (o *aligner) known(ctx context.Context, benchmarks []corpus.Benchmark) (bool, error) {
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

// align finds a file's row alignment. The items of a task that has none are recorded
// before any block that depends on their order.
func (o *aligner) align(ctx context.Context, t taskOf, f *details.File) (*alignment, error) {
	to, err := o.task(ctx, t)
	if err != nil {
		return nil, err
	}
	print := f.Fingerprint()
	if print == "" {
		return o.alignByQuestions(ctx, t, to, f)
	}
	if known := to.known(print); known != nil {
		return known, nil
	}
	mine := false
	aligned, err, _ := o.reading.Do(strings.Join([]string{t.Benchmark.Name, t.Task.Name, print}, "\x00"), func() (any, error) {
		mine = true
		if known := to.known(print); known != nil {
			return known, nil
		}
		return o.alignByQuestions(ctx, t, to, f)
	})
	switch {
	case err == nil:
		return aligned.(*alignment), nil
	case mine:
		return nil, err
	}
	return o.alignByQuestions(ctx, t, to, f) // the error was another file's
}

// alignByQuestions is align by the text of the file's questions. They are read without
// holding a lock, because that may take long.
func (o *aligner) alignByQuestions(ctx context.Context, t taskOf, to *taskOrder, f *details.File) (*alignment, error) {
	id, err := f.Identity()
	if err != nil {
		return nil, err
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	aligned, err := o.compare(ctx, t, to, f.Rows(), id)
	if print := f.Fingerprint(); err == nil && print != "" {
		to.byFingerprint[print] = aligned
	}
	return aligned, err
}

// known returns the alignment of files with a fingerprint; nil when none was read.
func (to *taskOrder) known(print string) *alignment {
	to.mu.Lock()
	defer to.mu.Unlock()
	return to.byFingerprint[print]
}

func (o *aligner) compare(ctx context.Context, t taskOf, to *taskOrder, rows int, id *details.Identity) (*alignment, error) {
	if to.items != 0 && rows != to.items { // the first file's number, where the catalogue has none
		return nil, &details.FileError{Fault: details.FaultRows, Detail: fmt.Sprintf("%d rows of %d", rows, to.items)}
	}
	if id == nil {
		if to.items == 0 {
			if err := o.record(ctx, t, to, rows, nil); err != nil {
				return nil, err
			}
		}
		return &alignment{kind: corpus.OrderAssumed}, nil
	}
	for _, seq := range to.sequences {
		aligned, ok, err := match(seq, id.Hashes)
		if err != nil || ok {
			return aligned, err
		}
	}
	if len(to.sequences) == 0 {
		if err := o.record(ctx, t, to, rows, id); err != nil {
			return nil, err
		}
		to.sequences = append(to.sequences, id.Hashes)
		return &alignment{kind: corpus.OrderSame}, nil
	}
	if len(to.sequences) < maxRenderings {
		to.sequences = append(to.sequences, id.Hashes)
	}
	return &alignment{kind: corpus.OrderAssumed}, nil
}

// record delivers a task's items.
func (o *aligner) record(ctx context.Context, t taskOf, to *taskOrder, rows int, id *details.Identity) error {
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

// match compares the hashes of a file's questions with a known sequence. ok is false when
// fewer than half occur in it: the file then has another rendering. Rows of which only a
// part are the task's questions, and not in its order, are an error.
//
// The rows of a question that occurs several times (MMLU has 27) are assigned in the order
// of occurrence, because nothing distinguishes them.
func match(seq sequence, rows []string) (aligned *alignment, ok bool, err error) {
	if len(seq) != len(rows) {
		return nil, false, nil
	}
	positions := make(map[string][]int, len(seq))
	for p, h := range seq {
		positions[h] = append(positions[h], p)
	}
	inPlace, found := 0, 0
	taken := make(map[string]int, len(rows))
	aligned = &alignment{kind: corpus.OrderRealigned, position: make([]int, len(rows))}
	for row, h := range rows {
		if seq[row] == h {
			inPlace++
		}
		p := positions[h]
		if n := taken[h]; n < len(p) {
			aligned.position[row] = p[n]
			taken[h]++
			found++
		}
	}
	switch {
	case inPlace == len(rows), inPlace == found && 2*found >= len(rows):
		return &alignment{kind: corpus.OrderSame}, true, nil
	case found == len(rows):
		return aligned, true, nil
	case 2*found < len(rows):
		return nil, false, nil
	}
	return nil, false, &details.FileError{Fault: details.FaultIdentity,
		Detail: fmt.Sprintf("%d of %d rows are questions of the task, and not in its order", found, len(rows))}
}

// apply permutes answers into the order of the items.
func (a *alignment) apply(answers []uint8) []uint8 {
	if a.position == nil {
		return answers
	}
	out := make([]uint8, len(answers))
	for row, answer := range answers {
		out[a.position[row]] = answer
	}
	return out
}

// rows returns the inverse: the row of each of n positions.
func (a *alignment) rows(n int) []int {
	rows := make([]int, n)
	for row := range rows {
		position := row
		if a.position != nil {
			position = a.position[row]
		}
		rows[position] = row
	}
	return rows
}

// tail is how many bytes at the end of a task's file to request first: the size of the
// task's largest footer so far.
func (o *aligner) tail(t taskOf) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tails[t.key()]
}

// maxTail bounds the influence of one large footer on the files after it.
const maxTail = 256 << 10

func (o *aligner) sawTail(t taskOf, size int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tails[t.key()] = max(o.tails[t.key()], roundTail(size))
}

// roundTail is the tail to request for footers of a size in bytes.
func roundTail(size int64) int64 { return min((size+1023)&^1023, maxTail) }
