package warehouse

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"metabench/corpus"
)

// itemOrder is the row alignment of an import: a permutation of positions.
type itemOrder struct {
	at    []int // position of each item of the files; nil where they stay
	moves []int // new position of each stored item; nil where they stay
}

// align puts a file's answers in the order of the task's items.
func (o *itemOrder) align(correct []uint8) []uint8 { return rearrange(correct, o.at) }

func rearrange(correct []uint8, to []int) []uint8 {
	if to == nil {
		return correct
	}
	length := 0
	for k := range correct {
		length = max(length, to[k]+1)
	}
	placed := slices.Repeat([]uint8{corpus.Missing}, length)
	for k, a := range correct {
		placed[to[k]] = a
	}
	return placed
}

// placeItems makes a task's stored items include the imported ones.
func (im *importer) placeItems(t *importedTask) error {
	longest := 0
	for _, b := range t.blocks {
		longest = max(longest, len(b.Correct))
	}
	items, err := im.itemsOf(t.taskKey, longest)
	if err != nil {
		return err
	}
	stored, err := readItems(im.ctx, im.conn, t.benchmark, t.task)
	if err != nil {
		return fmt.Errorf("read items of %s: %w", t.task, err)
	}
	if items == nil && longest <= len(stored) {
		im.result.Items += len(stored)
		return nil
	}
	if items == nil {
		items = numbered(t.taskKey, longest)
	}
	merged, err := im.mergeItems(t, stored, items)
	if err != nil {
		return err
	}
	im.result.Items += len(merged)
	if err := im.countItems(t, len(merged)); err != nil {
		return err
	}
	if slices.Equal(stored, merged) {
		return nil
	}
	if len(stored) > 0 && !slices.Equal(stored, merged[:min(len(stored), len(merged))]) {
		if err := im.exec(`DELETE FROM item WHERE task_id = ?`, t.id); err != nil {
			return fmt.Errorf("replace items of %s: %w", t.task, err)
		}
		stored = nil
		im.items[t.id] = 0
	}
	return im.appendItems(t.taskKey, t.id, merged[len(stored):])
}

// countItems keeps how many items a task has that the catalogue knows nothing of.
func (im *importer) countItems(t *importedTask, items int) error {
	described := slices.ContainsFunc(im.in.Benchmarks, func(b corpus.Benchmark) bool { return b.Name == t.benchmark })
	if !described || im.catalogued[t.benchmark] {
		return nil
	}
	err := im.exec(`UPDATE task SET expected_items = ? WHERE task_id = ? AND expected_items IS DISTINCT FROM ?::INTEGER`, items, t.id, items)
	if err != nil {
		return fmt.Errorf("count items of %s: %w", t.task, err)
	}
	return nil
}

// mergeItems returns the items of a task with the imported ones, by position, and notes
// where answers go. Items that only the imported paths had before are forgotten; those of
// local files alone are put in the order of their keys, so that it makes no difference
// which file came first. Those of the Hub stay where they are.
func (im *importer) mergeItems(t *importedTask, stored, items []corpus.Item) ([]corpus.Item, error) {
	at := make(map[string]corpus.Item, len(stored))
	for _, it := range stored {
		at[it.Key] = it
	}
	ours, local := im.ownsTask(t)
	merged := slices.Clone(stored)
	if ours {
		merged = nil
	}
	given := make(map[string]bool, len(items))
	for _, it := range items {
		given[it.Key] = true
		before, known := at[it.Key]
		if known && !ours {
			if err := sameQuestion(im.source, before, it); err != nil {
				return nil, err
			}
		}
		if known && it.Hash == "" { // what it asks came from another file
			it.Hash, it.Prompt = before.Hash, before.Prompt
		}
		switch {
		case !known || ours:
			it.Position = len(merged)
			merged = append(merged, it)
		case before.Hash == "" && it.Hash != "":
			merged[before.Position].Hash, merged[before.Position].Prompt = it.Hash, it.Prompt
		}
	}
	kept := 0
	for _, it := range stored {
		if ours && it.Hash != "" && !given[it.Key] { // another file says what it asks
			merged = append(merged, it)
			kept++
		}
	}
	if local && (!ours || kept > 0) {
		slices.SortStableFunc(merged, func(a, b corpus.Item) int { return corpus.CompareKeys(a.Key, b.Key) })
	}
	now := make(map[string]int, len(merged))
	for k := range merged {
		merged[k].Position = k
		now[merged[k].Key] = k
	}
	t.order.at = make([]int, len(items))
	for k, it := range items {
		t.order.at[k] = now[it.Key]
	}
	if ours {
		return merged, nil
	}
	t.order.moves = make([]int, len(stored))
	stay := true
	for k, it := range stored {
		t.order.moves[k] = now[it.Key]
		stay = stay && now[it.Key] == k
	}
	if stay {
		t.order.moves = nil
	}
	return merged, nil
}

// ownsTask reports whether all stored answers to a task come from the paths that are
// being imported, and whether its items may be put in another order: no answers come from
// the Hub, whose files go by position.
func (im *importer) ownsTask(t *importedTask) (ours, local bool) {
	local = !im.catalogued[t.benchmark]
	ours = len(im.filesOf[t.id]) > 0 && len(t.blocks) > 0
	for file := range im.filesOf[t.id] {
		ours = ours && im.paths[file]
		local = local && im.origin[file].Repo == ""
	}
	return ours, local
}

// itemsOf returns a task's items as imported, in their order; nil when none came.
func (im *importer) itemsOf(t taskKey, longest int) ([]corpus.Item, error) {
	var items []corpus.Item
	for _, it := range im.in.Items {
		if it.Benchmark == t.benchmark && it.Task == t.task {
			items = append(items, it)
		}
	}
	if items == nil {
		return nil, nil
	}
	slices.SortStableFunc(items, func(a, b corpus.Item) int { return cmp.Compare(a.Position, b.Position) })
	keys := map[string]bool{}
	for k, it := range items {
		fail := func(reason string) error {
			return &corpus.DataError{File: im.source, Object: fmt.Sprintf("item %.80q of task %s", it.Key, t.task), Reason: reason}
		}
		if it.Position != k {
			return nil, fail(fmt.Sprintf("has position %d, want %d", it.Position, k))
		}
		if err := validName("item", it.Key); err != nil {
			return nil, fail(err.Error())
		}
		if keys[it.Key] {
			return nil, fail("occurs twice")
		}
		keys[it.Key] = true
	}
	if longest > len(items) {
		return nil, &corpus.DataError{File: im.source, Object: "task " + t.task,
			Reason: fmt.Sprintf("%d answers to %d items", longest, len(items))}
	}
	return items, nil
}

// numbered makes up keys for items that nothing is known of.
func numbered(t taskKey, n int) []corpus.Item {
	items := make([]corpus.Item, n)
	for k := range items {
		key := strconv.Itoa(k + 1)
		if t.task != t.benchmark {
			key = t.task + "." + key
		}
		items[k] = corpus.Item{Benchmark: t.benchmark, Task: t.task, Position: k, Key: key}
	}
	return items
}

// sameQuestion refuses an item whose question differs from the stored one of the
// same key: its answers would be counted for another question.
func sameQuestion(source string, stored, it corpus.Item) error {
	if stored.Hash == "" || it.Hash == "" || stored.Hash == it.Hash {
		return nil
	}
	return &corpus.DataError{File: source, Object: fmt.Sprintf("item %.80q of task %s", it.Key, it.Task),
		Reason: "is another question than the stored item of that name; import it as another benchmark"}
}

func (im *importer) appendItems(t taskKey, taskID int32, items []corpus.Item) error {
	for _, it := range items {
		err := im.append("item", im.benchmarks[t.benchmark], taskID, int32(it.Position), it.Key, nullable(it.Hash), nullable(it.Prompt))
		if err != nil {
			return fmt.Errorf("add item %s of %s: %w", it.Key, t.task, err)
		}
	}
	im.items[taskID] += len(items)
	return im.flushTable("item")
}
