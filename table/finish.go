package table

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// finish gives every item its position and turns what was collected into an
// import: benchmarks by name, items by task and position, blocks by task, file and
// model. The order depends on content alone, not on the order of rows.
func (im *importer) finish() (*corpus.Import, error) {
	out := &corpus.Import{Notes: im.notes}
	var last *corpus.Benchmark
	for _, g := range im.sortedGroups() {
		position, keys := g.positions()
		if g.benchmark != last {
			last = g.benchmark
			out.Benchmarks = append(out.Benchmarks, im.describe(last))
		}
		if g.expected == 0 {
			b := &out.Benchmarks[len(out.Benchmarks)-1]
			taskOf(b, g.task).Items = len(keys)
		}
		out.Items = append(out.Items, g.items(position, keys)...)
		out.Blocks = append(out.Blocks, g.blocks(im.files, position, len(keys))...)
	}
	return out, nil
}

// sortedGroups lists the groups by benchmark and task.
func (im *importer) sortedGroups() []*group {
	return slices.SortedFunc(maps.Values(im.groups), func(a, b *group) int {
		return cmp.Or(strings.Compare(a.benchmark.Name, b.benchmark.Name), strings.Compare(a.task, b.task))
	})
}

// describe returns a benchmark as the import registers it.
func (im *importer) describe(b *corpus.Benchmark) corpus.Benchmark {
	d := *b
	d.Tasks = slices.Clone(b.Tasks)
	if im.own[b.Name] == b {
		slices.SortFunc(d.Tasks, func(x, y corpus.Task) int { return strings.Compare(x.Name, y.Name) })
	}
	return d
}

// positions returns the position of each numbered item and the key at each
// position. A task of the catalogue has all its items, also those nobody answered.
func (g *group) positions() (position []int, keys []string) {
	position = make([]int, len(g.keys))
	if g.expected > 0 {
		keys = make([]string, g.expected)
		for p := range keys {
			keys[p] = strconv.Itoa(p + 1)
		}
		for k, key := range g.keys {
			n, err := strconv.Atoi(key)
			if err != nil {
				panic("table: an item of the catalogue whose key was not checked")
			}
			position[k] = n - 1
		}
		return position, keys
	}
	keys = make([]string, len(g.keys))
	for p, k := range sortKeys(g.keys) {
		position[k], keys[p] = p, g.keys[k]
	}
	return position, keys
}

func (g *group) items(position []int, keys []string) []corpus.Item {
	items := make([]corpus.Item, len(keys))
	for p, key := range keys {
		if g.task != g.benchmark.Name {
			key = g.task + "." + key
		}
		items[p] = corpus.Item{Benchmark: g.benchmark.Name, Task: g.task, Position: p, Key: key}
	}
	for k, prompt := range g.prompts {
		items[position[k]].Prompt = prompt.text
		items[position[k]].Hash = corpus.QuestionHash(prompt.text)
	}
	return items
}

func (g *group) blocks(files []corpus.File, position []int, length int) []corpus.Block {
	var blocks []corpus.Block
	for f, file := range files {
		t := g.grids[f]
		if t == nil {
			continue
		}
		models := g.models[f]
		for _, m := range t.answering(models) {
			blocks = append(blocks, corpus.Block{Model: models[m], Benchmark: g.benchmark.Name, Task: g.task,
				File: file, Correct: t.arrange(m, position, length)})
		}
	}
	return blocks
}
