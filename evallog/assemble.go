package evallog

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// task gathers the runs of one task of a benchmark.
type task struct {
	benchmark, name string
	items           []item
	numbers         map[string]int
	from            []*run // that brought the item
	runs            []*run
	verdicts        []*verdicts
}

// assemble decides what counts, and puts the runs together by benchmark and task.
func assemble(runs []*run, o *Options) (*corpus.Import, error) {
	slices.SortStableFunc(runs, func(a, b *run) int {
		return cmp.Or(strings.Compare(a.task, b.task), strings.Compare(a.file.Path, b.file.Path), strings.Compare(a.model, b.model))
	})
	out := &corpus.Import{}
	tasks := map[[2]string]*task{}
	metrics := map[string]*run{}
	var order []*task
	for _, r := range runs {
		v, err := o.choose(r)
		if err != nil {
			return nil, err
		}
		name, note, err := o.benchmarkOf(r)
		if err != nil {
			return nil, err
		}
		if first := metrics[name]; first == nil {
			metrics[name] = r
			out.Benchmarks = append(out.Benchmarks, corpus.Benchmark{Name: name, Title: name, Metric: v.metric, Shots: shots(r)})
			if note != "" {
				out.Notes = append(out.Notes, note)
			}
		} else if err := sameRules(first, r, out.Benchmarks, name, v.metric); err != nil {
			return nil, err
		}
		key := [2]string{name, r.task}
		if o.Benchmark == "" {
			key[1] = name
		}
		t := tasks[key]
		if t == nil {
			t = &task{benchmark: name, name: key[1], numbers: map[string]int{}}
			tasks[key] = t
			order = append(order, t)
		}
		if err := t.add(r, v); err != nil {
			return nil, err
		}
		out.Notes = append(out.Notes, noteOf(r, v))
	}
	slices.SortFunc(out.Benchmarks, func(a, b corpus.Benchmark) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(order, func(a, b *task) int {
		return cmp.Or(strings.Compare(a.benchmark, b.benchmark), strings.Compare(a.name, b.name))
	})
	for _, t := range order {
		k := slices.IndexFunc(out.Benchmarks, func(b corpus.Benchmark) bool { return b.Name == t.benchmark })
		out.Benchmarks[k].Tasks = append(out.Benchmarks[k].Tasks, corpus.Task{Name: t.name, Items: len(t.items)})
		t.write(out)
	}
	return out, nil
}

// shots is the number of examples as the benchmark keeps it; 0 when unknown.
func shots(r *run) int {
	n, err := strconv.Atoi(r.shots)
	if err != nil {
		return 0
	}
	return n
}

// benchmarkOf names the benchmark of a run. Those of the catalogue are known by the position
// of their items on a leaderboard, which a log doesn't know: a task of such a name is another
// benchmark.
func (o *Options) benchmarkOf(r *run) (name, note string, err error) {
	taken := func(name string) bool {
		return slices.ContainsFunc(o.Catalogue, func(b corpus.Benchmark) bool { return b.Name == name })
	}
	switch {
	case o.Benchmark != "" && taken(o.Benchmark):
		return "", "", r.fault(0, corpus.KindTask, "", o.Benchmark+" is a benchmark of the catalogue, whose items are those of a leaderboard in its order",
			fmt.Sprintf("Give the benchmark another name, such as --benchmark %s_%s", o.Benchmark, r.tool))
	case o.Benchmark != "":
		return o.Benchmark, "", nil
	case taken(r.task):
		name = r.task + "_" + r.tool
		return name, fmt.Sprintf("the task %s is kept as the benchmark %s: %s is one of the catalogue, whose items have another order", r.task, name, r.task), nil
	}
	return r.task, "", nil
}

// sameRules refuses to put answers together that were scored or asked differently.
func sameRules(first, r *run, benchmarks []corpus.Benchmark, name, metric string) error {
	k := slices.IndexFunc(benchmarks, func(b corpus.Benchmark) bool { return b.Name == name })
	if before := benchmarks[k].Metric; before != metric {
		return r.fault(0, corpus.KindAmbiguous, "", fmt.Sprintf("the answers to %s count by %s here, and by %s in %s", name, metric, before, first.file.Path),
			"Say which counts with --metric, --filter, --reducer and --threshold, or import the tasks as benchmarks of their own")
	}
	if first.task == r.task && first.shots != "" && r.shots != "" && first.shots != r.shots {
		return r.fault(0, corpus.KindUnfit, "", fmt.Sprintf("%s was asked with %s examples here, and with %s in %s", r.task, r.shots, first.shots, first.file.Path),
			"Import them one by one, as benchmarks of different names, with --benchmark")
	}
	return nil
}

// add brings in the items of a run. An item asks the same in all of them.
func (t *task) add(r *run, v *verdicts) error {
	for _, it := range r.items {
		k, known := t.numbers[it.id]
		if !known {
			t.numbers[it.id] = len(t.items)
			t.items = append(t.items, it)
			t.from = append(t.from, r)
			continue
		}
		switch before := &t.items[k]; {
		case !before.differs(it) && before.hash == "":
			*before = it
		case before.differs(it):
			return r.fault(0, corpus.KindItem, it.id, "asks something else than the item of that name of "+t.from[k].file.Path,
				"Import the two as benchmarks of different names, with --benchmark: their data sets or the order of choices differ")
		}
	}
	t.runs = append(t.runs, r)
	t.verdicts = append(t.verdicts, v)
	return nil
}

// write appends the task's items, in the order of their keys, and the blocks.
func (t *task) write(out *corpus.Import) {
	order := make([]int, len(t.items))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int { return corpus.CompareKeys(t.items[a].id, t.items[b].id) })
	position := make([]int, len(order))
	for p, k := range order {
		position[k] = p
		key := t.items[k].id
		if t.name != t.benchmark {
			key = t.name + "." + key
		}
		out.Items = append(out.Items, corpus.Item{Benchmark: t.benchmark, Task: t.name, Position: p, Key: key, Hash: t.items[k].hash, Prompt: t.items[k].prompt})
	}
	for n, r := range t.runs {
		correct := slices.Repeat([]uint8{corpus.Missing}, len(order))
		for k, it := range r.items {
			if k < len(t.verdicts[n].correct) {
				correct[position[t.numbers[it.id]]] = t.verdicts[n].correct[k]
			}
		}
		out.Blocks = append(out.Blocks, corpus.Block{Model: r.model, Benchmark: t.benchmark, Task: t.name, File: r.file, Correct: correct})
	}
}

// noteOf says how a run was read and, as far as the log knows, how it was made.
func noteOf(r *run, v *verdicts) string {
	note := fmt.Sprintf("%s: %s, task %s, by %s", r.file.Path, r.model, r.task, v.metric)
	if len(v.other) > 0 {
		note += " (not by " + list(v.other[:min(len(v.other), 8)]) + ")"
	}
	if len(r.settings) > 0 {
		note += "; " + list(r.settings)
	}
	return note
}
