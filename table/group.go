package table

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// prompt is the text of an item, and the file that has it.
type prompt struct {
	text string
	file int
}

// group is one task of one benchmark, over all files.
type group struct {
	benchmark *corpus.Benchmark
	task      string
	expected  int // items that the catalogue expects; 0 for a user's own benchmark

	keys    []string // by number, in order of appearance; not prefixed with the task
	byKey   map[string]int
	prompts map[int]prompt
	grids   map[int]*grid    // by file
	models  map[int][]string // by file
}

func (g *group) grid(file int) *grid {
	t := g.grids[file]
	if t == nil {
		t = &grid{}
		g.grids[file] = t
	}
	return t
}

// number returns the number of a key, a new one for a new key.
func (g *group) number(key string) int {
	k, ok := g.byKey[key]
	if !ok {
		k = len(g.keys)
		g.keys = append(g.keys, key)
		g.byKey[key] = k
	}
	return k
}

// keep records the models of a file. Several files may have answers of one model: each gives
// a block of its own, and the warehouse adds them up.
func (g *group) keep(r *longFile) {
	if g.grids[r.index] != nil {
		g.models[r.index] = slices.Clone(r.models.dict.values)
	}
}

// resolve finds the group and number of an item that a file names for the first time.
func (r *longFile) resolve(p location, pre *prefix, key string) (itemRef, error) {
	fail := func(e *corpus.DataError) (itemRef, error) {
		e.Item = key
		return itemRef{}, e
	}
	if key == r.columns[r.item] {
		return fail(headerRepeated(p, key))
	}
	if pre.benchmark == "" {
		return fail(p.errorf(corpus.KindName, "benchmark", "Name it or remove the row", "the benchmark has no name"))
	}
	if err := checkName(p, "benchmark", pre.benchmark); err != nil {
		return itemRef{}, err
	}
	known := r.known(pre.benchmark)
	if known == nil {
		subject := ""
		if r.layout.subjectColumn >= 0 && r.layout.numbered {
			subject = pre.subject
			if subject == "" {
				return fail(p.errorf(corpus.KindName, "subject", "Name it or remove the row", "the subject has no name"))
			}
			if err := checkName(p, "subject", subject); err != nil {
				return itemRef{}, err
			}
		}
		g := r.ownGroup(pre.benchmark, subject)
		if err := r.checkMetric(p, g.benchmark); err != nil {
			return itemRef{}, err
		}
		return itemRef{g, g.number(key)}, nil
	}
	if err := r.checkMetric(p, known); err != nil {
		return itemRef{}, err
	}
	task, local, err := locate(p, known, pre.subject, key)
	if err != nil {
		return fail(err)
	}
	g := r.group(known, task.Name, task.Items)
	return itemRef{g, g.number(local)}, nil
}

// locate finds the task of a catalogue benchmark that an item belongs to, and the
// item's key in there.
func locate(p location, b *corpus.Benchmark, subject, key string) (*corpus.Task, string, *corpus.DataError) {
	task, local := &b.Tasks[0], key
	switch {
	case len(b.Tasks) == 1:
	case subject != "":
		if task = taskOf(b, subject); task == nil {
			return nil, "", noSuchTask(p, b, subject)
		}
	default:
		n, err := strconv.Atoi(key)
		if err != nil {
			dot := strings.LastIndexByte(key, '.')
			if dot < 0 {
				return nil, "", p.errorf(corpus.KindItem, "", "Number the items over all subjects, write subject.number, or add a column subject",
					"%s has %d tasks, and the item's key doesn't say which", b.Name, len(b.Tasks))
			}
			if task = taskOf(b, key[:dot]); task == nil {
				return nil, "", noSuchTask(p, b, key[:dot])
			}
			local = key[dot+1:]
			break
		}
		if task, n = globalTask(b, n); task == nil {
			return nil, "", p.errorf(corpus.KindItem, "", "Items are numbered from 1 over the tasks in alphabetical order",
				"%s has the items 1 to %d", b.Name, b.Items())
		}
		local = strconv.Itoa(n)
	}
	if task.Items == 0 {
		return task, local, nil
	}
	n, err := strconv.Atoi(local)
	if err != nil || n < 1 || n > task.Items {
		return nil, "", p.errorf(corpus.KindItem, "",
			"An item's key is its position, from 1. If these are other items, import them as a benchmark of another name",
			"%s has the items 1 to %d", task.Name, task.Items)
	}
	return task, strconv.Itoa(n), nil
}

func noSuchTask(p location, b *corpus.Benchmark, subject string) *corpus.DataError {
	have := make([]string, len(b.Tasks))
	for k, t := range b.Tasks {
		have[k] = t.Name
	}
	e := p.errorf(corpus.KindItem, "subject", "", "%s has no task %q", b.Name, corpus.Clip(subject, 60))
	if near, ok := nearest(subject, have); ok {
		e.Remedy = fmt.Sprintf("Did you mean %q?", near)
	}
	return e
}

// globalTask finds the n-th item, from 1, of the tasks in alphabetical order.
func globalTask(b *corpus.Benchmark, n int) (*corpus.Task, int) {
	tasks := make([]*corpus.Task, len(b.Tasks))
	for k := range b.Tasks {
		tasks[k] = &b.Tasks[k]
	}
	slices.SortFunc(tasks, func(x, y *corpus.Task) int { return strings.Compare(x.Name, y.Name) })
	for _, t := range tasks {
		switch {
		case t.Items == 0 || n < 1:
			return nil, 0
		case n <= t.Items:
			return t, n
		}
		n -= t.Items
	}
	return nil, 0
}

// group returns the group of a task, a new one for a new task.
func (im *importer) group(b *corpus.Benchmark, task string, expected int) *group {
	id := [2]string{b.Name, task}
	g := im.groups[id]
	if g == nil {
		g = &group{benchmark: b, task: task, expected: expected, byKey: map[string]int{}, prompts: map[int]prompt{},
			grids: map[int]*grid{}, models: map[int][]string{}}
		im.groups[id] = g
	}
	return g
}

// ownGroup returns the group of a task of a user's own benchmark.
func (r *longFile) ownGroup(benchmark, task string) *group {
	if task == "" {
		task = benchmark
	}
	b := r.own[benchmark]
	if b == nil {
		b = &corpus.Benchmark{Name: benchmark, Title: benchmark, Metric: cmp.Or(r.metric(), "acc")}
		if r.own == nil {
			r.own = map[string]*corpus.Benchmark{}
		}
		r.own[benchmark] = b
	}
	if taskOf(b, task) == nil {
		b.Tasks = append(b.Tasks, corpus.Task{Name: task})
	}
	return r.group(b, task, 0)
}
