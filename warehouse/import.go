package warehouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"metabench/corpus"
)

// ImportResult counts what an import brought. New, Replaced, Unchanged and Removed
// count blocks: one model's answers to one task.
type ImportResult struct {
	Models    int // models in the files
	Items     int // items in the files
	Responses int // observed answers in the files
	New       int
	Replaced  int
	Unchanged int
	Removed   int // were in an earlier version of the same file and are not in this one
}

// Changed reports whether the import changed any answer.
func (r ImportResult) Changed() bool { return r.New+r.Replaced+r.Removed > 0 }

// Import stores what was read from local files, in one transaction. It replaces
// what the same paths gave before for the same benchmarks; importing the same
// again changes nothing and writes nothing.
//
// Items are told apart by their key. Files of the same benchmark may hold
// different items: an item is added when it is first seen, and an answer to an
// item that a file does not have is missing. Blocks of a task that no items are
// given or known for are numbered: 1, 2, …, or anatomy.1, anatomy.2, …
//
// Errors: *DataError for data that can't be stored.
func (w *Warehouse) Import(ctx context.Context, in corpus.Import) (ImportResult, error) {
	var result ImportResult
	if err := checkImport(in); err != nil {
		return result, err
	}
	err := w.change(ctx, func(c *change) error {
		im := &importer{change: c, in: in, files: c.fileKeeper(), result: &result}
		return im.run()
	})
	if err != nil {
		return ImportResult{}, err
	}
	if err := w.RefreshStatistics(ctx); err != nil {
		return result, err
	}
	return result, nil
}

// checkImport refuses blocks that are malformed or occur twice.
func checkImport(in corpus.Import) error {
	seen := make(map[[3]string]bool, len(in.Blocks))
	for _, b := range in.Blocks {
		if err := checkBlock(b); err != nil {
			return err
		}
		key := [3]string{b.Benchmark, b.Task, b.Model}
		if seen[key] {
			return &DataError{File: b.File.Path, Object: fmt.Sprintf("model %.80q", b.Model),
				Reason: fmt.Sprintf("has two blocks of answers to task %s", b.Task)}
		}
		seen[key] = true
	}
	return nil
}

// importer is one import under way.
type importer struct {
	*change
	in     corpus.Import
	files  *fileKeeper
	result *ImportResult

	stored map[blockKey]storedBlock
	paths  map[int32]bool // file_id of the paths that are imported
	remove []blockKey     // stored blocks that go
	add    []newBlock     // blocks that come
}

// blockKey is the key of a block in the facts.
type blockKey struct{ model, task int32 }

// newBlock is a block that is to be written.
type newBlock struct {
	blockKey
	file  int32
	block corpus.Block
	sum   blockSum
}

// storedBlock is what is known of a block without its answers.
type storedBlock struct {
	file int32
	hash uint64
}

func (im *importer) run() error {
	for _, b := range im.in.Benchmarks {
		if err := im.describeBenchmark(b, false); err != nil {
			return err
		}
	}
	tasks, blocks := im.byTask()
	ids := make([]int32, len(tasks))
	for k, t := range tasks {
		id, err := im.ensureTask(t.benchmark, t.task)
		if err != nil {
			return err
		}
		ids[k] = id
	}
	if err := im.readStored(ids); err != nil {
		return err
	}
	wanted := map[blockKey]bool{}
	models := map[int32]bool{}
	for k, t := range tasks {
		order, err := im.placeItems(t, ids[k], blocks[k])
		if err != nil {
			return err
		}
		for _, b := range blocks[k] {
			model, err := im.ensureModel(b.Model)
			if err != nil {
				return err
			}
			models[model] = true
			key := blockKey{model, ids[k]}
			wanted[key] = true
			b.Correct = order.place(b.Correct)
			if err := im.compare(key, b); err != nil {
				return err
			}
		}
	}
	im.result.Models = len(models)
	for key, s := range im.stored {
		if !wanted[key] && im.paths[s.file] {
			im.remove = append(im.remove, key)
			im.result.Removed++
		}
	}
	return im.write()
}

// byTask gathers the blocks by task, in the order of the names.
func (im *importer) byTask() ([]taskKey, [][]corpus.Block) {
	gathered := map[taskKey][]corpus.Block{}
	var tasks []taskKey
	for _, b := range im.in.Blocks {
		key := taskKey{b.Benchmark, b.Task}
		if gathered[key] == nil {
			tasks = append(tasks, key)
		}
		gathered[key] = append(gathered[key], b)
		im.sources[b.File.Path] = true
		if im.source == "" {
			im.source = b.File.Path
		}
	}
	slices.SortFunc(tasks, func(a, b taskKey) int {
		return cmp.Or(cmp.Compare(a.benchmark, b.benchmark), cmp.Compare(a.task, b.task))
	})
	blocks := make([][]corpus.Block, len(tasks))
	for k, t := range tasks {
		blocks[k] = gathered[t]
	}
	return tasks, blocks
}

// readStored reads which blocks the imported tasks and paths have.
func (im *importer) readStored(tasks []int32) error {
	im.stored, im.paths = map[blockKey]storedBlock{}, map[int32]bool{}
	benchmarks := map[string]bool{}
	var paths []int32
	for _, b := range im.in.Blocks {
		benchmarks[b.Benchmark] = true
		if f, ok, err := im.files.find(b.File); err != nil {
			return err
		} else if ok && !im.paths[f.id] {
			im.paths[f.id] = true
			paths = append(paths, f.id)
		}
	}
	var model, task int32
	var s storedBlock
	err := scanEach(im.ctx, im.conn, `
		SELECT model_id, task_id, file_id, hash FROM response_block
		WHERE task_id IN (SELECT unnest(?::INTEGER[])) OR file_id IN (SELECT unnest(?::INTEGER[]))`,
		[]any{&model, &task, &s.file, &s.hash}, func() {
			if benchmarks[im.taskOf[task].benchmark] {
				im.stored[blockKey{model, task}] = s
			}
		}, tasks, paths)
	if err != nil {
		return fmt.Errorf("read stored answers: %w", err)
	}
	return nil
}

// compare decides what becomes of a block: it stays when the same answers are
// stored from the same file.
func (im *importer) compare(key blockKey, b corpus.Block) error {
	sum := sumBlock(b)
	im.result.Responses += int(sum.observed)
	file, err := im.files.keep(b.File)
	if err != nil {
		return err
	}
	old, ok := im.stored[key]
	switch {
	case ok && old.hash == sum.hash && old.file == file:
		im.result.Unchanged++
		return nil
	case ok:
		im.remove = append(im.remove, key)
		im.result.Replaced++
	default:
		im.result.New++
	}
	im.add = append(im.add, newBlock{key, file, b, sum})
	return nil
}

// write takes out the blocks that go and writes those that come.
func (im *importer) write() error {
	if len(im.remove) > 0 {
		gone := map[int32]bool{}
		if err := im.removeBlocks(im.remove, gone); err != nil {
			return err
		}
		for _, b := range im.add {
			delete(gone, b.file)
		}
		im.orphaned = im.orphaned || len(gone) > 0
	}
	for _, b := range im.add {
		if err := im.appendBlock(b.block, b.sum, b.model, b.task, b.file); err != nil {
			return err
		}
	}
	return nil
}

// itemOrder says where the answers of a file stand in the stored order: answer k
// goes to position at[k]. A nil order leaves them where they are.
type itemOrder struct {
	at    []int
	items int // of the task
}

func (o *itemOrder) place(correct []uint8) []uint8 {
	if o == nil || o.at == nil {
		return correct
	}
	placed := make([]uint8, o.items)
	for k := range placed {
		placed[k] = corpus.Missing
	}
	for k, a := range correct {
		placed[o.at[k]] = a
	}
	return placed
}

// placeItems makes a task's stored items include the imported ones.
func (im *importer) placeItems(t taskKey, taskID int32, blocks []corpus.Block) (*itemOrder, error) {
	longest := 0
	for _, b := range blocks {
		longest = max(longest, len(b.Correct))
	}
	items, err := im.itemsOf(t, longest)
	if err != nil {
		return nil, err
	}
	stored, err := readItems(im.ctx, im.conn, t.benchmark, t.task)
	if err != nil {
		return nil, fmt.Errorf("read items of %s: %w", t.task, err)
	}
	if items == nil && longest <= len(stored) {
		im.result.Items += len(stored)
		return nil, nil
	}
	if items == nil {
		items = numbered(t, longest)
	}
	im.result.Items += len(items)
	if im.ownsTask(taskID) {
		return nil, im.replaceItems(t, taskID, stored, items)
	}
	return im.mergeItems(t, taskID, stored, items)
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
			return &DataError{File: im.source, Object: fmt.Sprintf("item %.80q of task %s", it.Key, t.task), Reason: reason}
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
		return nil, &DataError{File: im.source, Object: "task " + t.task,
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

// ownsTask reports whether all stored answers to a task come from the paths that
// are being imported, so that its items may be put in another order.
func (im *importer) ownsTask(taskID int32) bool {
	for key, s := range im.stored {
		if key.task == taskID && !im.paths[s.file] {
			return false
		}
	}
	return true
}

// replaceItems makes the imported items a task's only ones.
func (im *importer) replaceItems(t taskKey, taskID int32, stored, items []corpus.Item) error {
	if slices.Equal(stored, items) {
		return nil
	}
	if err := im.exec(`DELETE FROM item WHERE task_id = ?`, taskID); err != nil {
		return fmt.Errorf("replace items of %s: %w", t.task, err)
	}
	im.items[taskID] = 0
	return im.appendItems(t, taskID, items)
}

// mergeItems adds imported items that are not there behind those that are.
func (im *importer) mergeItems(t taskKey, taskID int32, stored, items []corpus.Item) (*itemOrder, error) {
	at := make(map[string]int, len(stored))
	for _, it := range stored {
		at[it.Key] = it.Position
	}
	order := &itemOrder{at: make([]int, len(items)), items: len(stored)}
	var added []corpus.Item
	for k, it := range items {
		position, ok := at[it.Key]
		if !ok {
			position = order.items
			order.items++
			it.Position = position
			added = append(added, it)
		} else if err := sameQuestion(im.source, stored[position], it); err != nil {
			return nil, err
		}
		order.at[k] = position
	}
	return order, im.appendItems(t, taskID, added)
}

// sameQuestion refuses an item whose question differs from the stored one of the
// same key: its answers would be counted for another question.
func sameQuestion(source string, stored, it corpus.Item) error {
	if stored.Hash == "" || it.Hash == "" || stored.Hash == it.Hash {
		return nil
	}
	return &DataError{File: source, Object: fmt.Sprintf("item %.80q of task %s", it.Key, it.Task),
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
