package warehouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"metabench/corpus"
)

// ImportResult counts what an import brought. New, Extended, Replaced, Unchanged and
// Removed count blocks: one model's answers to one task.
type ImportResult struct {
	Models    int // models in the files
	Items     int // items of the tasks in the files
	Responses int // observed answers in the files
	New       int
	Extended  int // got answers from a further file
	Replaced  int // hold other answers from the same file than before
	Unchanged int
	Removed   int // were in an earlier version of the same file and are not in this one
}

// Changed reports whether the import changed any answer.
func (r ImportResult) Changed() bool { return r.New+r.Extended+r.Replaced+r.Removed > 0 }

// Import stores what was read from local files, in one transaction. Files add up by
// model and item, those of one import and those of earlier ones: the same files give
// the same answers, items and provenance in whatever order and number of imports. A path
// replaces what it gave itself before to the same benchmarks; importing the same again
// changes nothing and writes nothing.
//
// An item is identified by its key. Files of one benchmark may hold different items: new
// items are added, and answers to items that a file lacks are missing. Items of a benchmark
// that is not in the catalogue are ordered by key. Where a task has no items yet and none
// are given, they are numbered: 1, 2, …, or anatomy.1, anatomy.2, …
//
// Errors: *corpus.DataError for data that can't be stored, such as two files that answer an
// item differently for one model.
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

// checkImport refuses blocks that are malformed or that a file gives twice.
func checkImport(in corpus.Import) error {
	seen := make(map[[4]string]bool, len(in.Blocks))
	for _, b := range in.Blocks {
		if err := checkBlock(b); err != nil {
			return err
		}
		key := [4]string{b.Benchmark, b.Task, b.Model, b.File.Path}
		if seen[key] {
			return &corpus.DataError{File: b.File.Path, Object: fmt.Sprintf("model %.80q", b.Model),
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

	tasks      []*importedTask
	byID       map[int32]*importedTask
	given      map[string]bool   // benchmarks that the import has answers to
	catalogued map[string]bool   // benchmarks of the catalogue
	metrics    map[string]string // of the other benchmarks, as they were

	stored  map[blockKey]storedBlock
	paths   map[int32]bool           // file_id of the paths that are imported
	partly  map[blockKey]bool        // stored blocks of several files, an imported one among them
	foreign map[blockKey]bool        // stored blocks of several files, one that is not imported among them
	filesOf map[int32]map[int32]bool // file_id of the stored blocks and parts of a task
	origin  map[int32]corpus.File    // of the stored blocks and parts
	remove  []blockKey               // stored blocks that go
	add     []newBlock               // blocks that come
}

// importedTask is a task that the import speaks of.
type importedTask struct {
	taskKey
	id     int32
	blocks []corpus.Block
	order  itemOrder
}

// blockKey is the key of a block in the facts.
type blockKey struct{ model, task int32 }

// newBlock is a block that is to be written.
type newBlock struct {
	blockKey
	block corpus.Block
	sum   blockSum

	parts   []part    // one where a single file gave it
	counted [][]uint8 // which answers count for each part
}

// storedBlock is what is known of a block without its answers.
type storedBlock struct {
	file int32 // or severalFiles
	hash uint64
}

func (im *importer) run() error {
	im.byTask()
	if err := im.describe(); err != nil {
		return err
	}
	im.byID = map[int32]*importedTask{}
	for _, t := range im.tasks {
		id, err := im.ensureTask(t.benchmark, t.task)
		if err != nil {
			return err
		}
		t.id, im.byID[id] = id, t
	}
	if err := im.readStored(); err != nil {
		return err
	}
	if err := im.sameMetric(); err != nil {
		return err
	}
	for _, t := range im.tasks {
		if err := im.placeItems(t); err != nil {
			return err
		}
	}
	if err := im.addUpBlocks(); err != nil {
		return err
	}
	return im.write()
}

// byTask gathers the blocks by task, in the order of the names. A task may come with
// items alone: what they ask.
func (im *importer) byTask() {
	gathered := map[taskKey]*importedTask{}
	of := func(benchmark, task string) *importedTask {
		key := taskKey{benchmark, task}
		t := gathered[key]
		if t == nil {
			t = &importedTask{taskKey: key}
			gathered[key] = t
			im.tasks = append(im.tasks, t)
		}
		return t
	}
	im.given = map[string]bool{}
	for _, b := range im.in.Blocks {
		t := of(b.Benchmark, b.Task)
		t.blocks = append(t.blocks, b)
		im.given[b.Benchmark] = true
		im.sources[b.File.Path] = true
	}
	for _, it := range im.in.Items {
		of(it.Benchmark, it.Task)
	}
	slices.SortFunc(im.tasks, func(a, b *importedTask) int {
		return cmp.Or(cmp.Compare(a.benchmark, b.benchmark), cmp.Compare(a.task, b.task))
	})
	paths := sortedKeys(im.sources)
	if len(paths) > 0 {
		im.source = paths[0]
	}
	if more := len(paths) - 1; more > 0 {
		im.source = fmt.Sprintf("%s and %d more", im.source, more)
	}
}

// describe registers the benchmarks. The tasks of one that the catalogue doesn't know are
// those of all imports, in the order of their names.
func (im *importer) describe() error {
	im.metrics, im.catalogued = map[string]string{}, map[string]bool{}
	var name, metric string
	var catalogued bool
	err := scanEach(im.ctx, im.conn, `SELECT benchmark, metric, in_catalogue FROM benchmark`, []any{&name, &metric, &catalogued}, func() {
		im.catalogued[name] = catalogued
		if !catalogued {
			im.metrics[name] = metric
		}
	})
	if err != nil {
		return fmt.Errorf("read benchmarks: %w", err)
	}
	for _, b := range im.in.Benchmarks {
		if !im.catalogued[b.Name] {
			b.Tasks = im.allTasks(b)
		}
		if err := im.describeBenchmark(b, false); err != nil {
			return err
		}
	}
	return nil
}

// allTasks lists the tasks of a benchmark that are known and those that come, by name.
// How many items they have placeItems says.
func (im *importer) allTasks(b corpus.Benchmark) []corpus.Task {
	tasks := map[string]corpus.Task{}
	for k := range b.Tasks {
		t := b.Tasks[k]
		t.Items = 0
		tasks[t.Name] = t
	}
	names := make([]string, 0, len(tasks))
	for _, t := range b.Tasks {
		names = append(names, t.Name)
	}
	for _, t := range im.taskOf {
		if _, ok := tasks[t.task]; !ok && t.benchmark == b.Name {
			tasks[t.task] = corpus.Task{Name: t.task}
			names = sortedKeys(tasks)
		}
	}
	var all []corpus.Task
	for _, name := range names {
		all = append(all, tasks[name])
	}
	return all
}

// readStored reads which blocks the imported tasks and paths have, and from which files.
func (im *importer) readStored() error {
	im.stored, im.paths = map[blockKey]storedBlock{}, map[int32]bool{}
	im.partly, im.foreign = map[blockKey]bool{}, map[blockKey]bool{}
	im.filesOf, im.origin = map[int32]map[int32]bool{}, map[int32]corpus.File{}
	for _, b := range im.in.Blocks {
		if f, ok, err := im.files.find(b.File); err != nil {
			return err
		} else if ok {
			im.paths[f.id] = true
		}
	}
	var tasks []int32
	for _, t := range im.tasks {
		tasks = append(tasks, t.id)
	}
	var key blockKey
	var s storedBlock
	concerns := func() bool { return im.given[im.taskOf[key.task].benchmark] || slices.Contains(tasks, key.task) }
	from := func() {
		if im.filesOf[key.task] == nil {
			im.filesOf[key.task] = map[int32]bool{}
		}
		im.filesOf[key.task][s.file] = true
		im.origin[s.file] = corpus.File{}
	}
	err := scanEach(im.ctx, im.conn, `
		SELECT model_id, task_id, file_id, hash FROM response_block
		WHERE task_id IN (SELECT unnest(?::INTEGER[])) OR file_id IN (SELECT unnest(?::INTEGER[]))
			OR (file_id = ? AND (model_id, task_id) IN (
				SELECT model_id, task_id FROM response_part WHERE file_id IN (SELECT unnest(?::INTEGER[]))))`,
		[]any{&key.model, &key.task, &s.file, &s.hash}, func() {
			if concerns() {
				im.stored[key] = s
				if s.file != severalFiles {
					from()
				}
			}
		}, tasks, sortedKeys(im.paths), severalFiles, sortedKeys(im.paths))
	if err == nil {
		err = scanEach(im.ctx, im.conn, `SELECT model_id, task_id, file_id FROM response_part`,
			[]any{&key.model, &key.task, &s.file}, func() {
				if _, ok := im.stored[key]; ok {
					from()
					if im.paths[s.file] {
						im.partly[key] = true
					} else {
						im.foreign[key] = true
					}
				}
			})
	}
	var id int32
	var f corpus.File
	if err == nil {
		err = scanEach(im.ctx, im.conn, `SELECT file_id, repo, commit_hash, path FROM file WHERE file_id IN (SELECT unnest(?::INTEGER[]))`,
			[]any{&id, &f.Repo, &f.Commit, &f.Path}, func() { im.origin[id] = f }, sortedKeys(im.origin))
	}
	if err != nil {
		return fmt.Errorf("read stored answers: %w", err)
	}
	return nil
}

// sameMetric refuses to add answers by one metric to answers by another.
func (im *importer) sameMetric() error {
	for _, key := range im.sortedStored() {
		s := im.stored[key]
		if s.file == severalFiles && !im.foreign[key] || s.file != severalFiles && im.paths[s.file] {
			continue
		}
		benchmark := im.taskOf[key.task].benchmark
		before := im.metrics[benchmark]
		for _, b := range im.in.Benchmarks {
			if b.Name == benchmark && before != "" && b.Metric != "" && b.Metric != before {
				return &corpus.DataError{File: im.source, Object: "benchmark " + benchmark,
					Reason: fmt.Sprintf("has answers by %s, and these are by %s; say --metric %s if that is what they are, else import them as a benchmark of another name", before, b.Metric, before)}
			}
		}
	}
	return nil
}

// addUpBlocks decides what becomes of every block: what its files give now, put
// together.
func (im *importer) addUpBlocks() error {
	given := map[blockKey][]part{}
	var keys []blockKey // in the order of the tasks and of what they were given
	models := map[int32]bool{}
	for _, t := range im.tasks {
		for _, b := range t.blocks {
			model, err := im.ensureModel(b.Model)
			if err != nil {
				return err
			}
			models[model] = true
			file, err := im.files.keep(b.File)
			if err != nil {
				return err
			}
			key := blockKey{model, t.id}
			if given[key] == nil {
				keys = append(keys, key)
			}
			p := part{file, b.File, trim(t.order.align(b.Correct))}
			im.result.Responses += int(sumBlock(corpus.Block{Correct: p.correct}).observed)
			given[key] = append(given[key], p)
		}
	}
	im.result.Models = len(models)
	stored, err := im.readParts(given)
	if err != nil {
		return err
	}
	for _, key := range im.sortedStored() {
		if given[key] == nil {
			keys = append(keys, key)
		}
	}
	names := map[int32]string{}
	for name, id := range im.models {
		names[id] = name
	}
	for _, key := range keys {
		if err := im.decide(key, names[key.model], stored[key], given[key]); err != nil {
			return err
		}
	}
	return nil
}

// sortedStored lists the stored blocks by task and model.
func (im *importer) sortedStored() []blockKey {
	keys := make([]blockKey, 0, len(im.stored))
	for key := range im.stored {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b blockKey) int { return cmp.Or(cmp.Compare(a.task, b.task), cmp.Compare(a.model, b.model)) })
	return keys
}

// readParts reads the answers of the stored blocks that are put together anew, in the
// new order of items. Not read are those that stay, and those of one file that is
// imported again.
func (im *importer) readParts(given map[blockKey][]part) (map[blockKey][]part, error) {
	wanted := map[blockKey]bool{}
	tasks, files := map[int32]bool{}, map[int32]bool{}
	for key, s := range im.stored {
		parts := given[key]
		switch {
		case im.moves(key.task) != nil:
		case s.file == severalFiles && (parts != nil || im.partly[key]):
		case s.file != severalFiles && parts != nil && (len(parts) > 1 || parts[0].file != s.file):
		default:
			continue
		}
		wanted[key] = true
		tasks[key.task] = true
		if s.file == severalFiles {
			for file := range im.filesOf[key.task] {
				files[file] = true
			}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	scan, err := openBlockScan(im.w.file, im.w.settings)
	if err != nil {
		return nil, fmt.Errorf("read stored answers: %w", err)
	}
	defer scan.close()
	stored := &storedAnswers{scan, im.origin}
	found, err := stored.parts(im.ctx, im.stored, wanted, sortedKeys(tasks), sortedKeys(files))
	if err != nil {
		return nil, err
	}
	for key, parts := range found {
		moves := im.moves(key.task)
		for k := range parts {
			correct := trim(parts[k].correct)
			if moves != nil && len(correct) > len(moves) {
				return nil, &corpus.DataError{File: parts[k].from.Path, Object: "task " + im.taskOf[key.task].task,
					Reason: fmt.Sprintf("has %d stored answers to %d items; run metabench check", len(correct), len(moves))}
			}
			parts[k].correct = rearrange(correct, moves)
		}
	}
	return found, nil
}

// moves says where the stored items of a task stand now; nil where they stay.
func (im *importer) moves(task int32) []int {
	if t := im.byID[task]; t != nil {
		return t.order.moves
	}
	return nil
}

// decide puts a block together from what other files gave before and what the imported
// ones give now. It stays where that is what is stored.
func (im *importer) decide(key blockKey, model string, before, given []part) error {
	s, isStored := im.stored[key]
	read := before != nil
	own := im.paths[s.file] || im.partly[key]
	if given == nil && !own && !read {
		return nil // of other files, and as it was
	}
	parts := slices.Clone(given)
	for _, p := range before {
		if !im.paths[p.file] {
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, comparePart)
	correct, counted, bad := joinParts(parts)
	t := im.taskOf[key.task]
	if bad != nil {
		return im.conflict(model, t, bad)
	}
	n := newBlock{blockKey: key, parts: parts, counted: counted,
		block: corpus.Block{Model: model, Benchmark: t.benchmark, Task: t.task, Correct: correct}}
	n.sum = sumBlock(n.block)
	// What was not read is of the one file that gives it now.
	same := read && sameParts(before, parts) || !read && n.sum.hash == s.hash
	switch {
	case !isStored:
		im.result.New++
	case len(parts) == 0:
		im.result.Removed++
		im.remove = append(im.remove, key)
		return nil
	case given == nil && !own: // only its items have moved
	case same:
		im.result.Unchanged++
	case own:
		im.result.Replaced++
	default:
		im.result.Extended++
	}
	if isStored {
		if same && im.moves(key.task) == nil {
			return nil
		}
		im.remove = append(im.remove, key)
	}
	im.add = append(im.add, n)
	return nil
}

// conflict is the error for two files that answer an item differently.
func (im *importer) conflict(model string, t taskKey, bad *conflict) error {
	items, err := readItems(im.ctx, im.conn, t.benchmark, t.task)
	if err != nil {
		return fmt.Errorf("read items of %s: %w", t.task, err)
	}
	a, b := bad.a, bad.b
	if im.wasStored(b) { // the file that comes is the one to name first
		a, b = b, a
	}
	item := strconv.Itoa(bad.position + 1)
	if bad.position < len(items) {
		item = items[bad.position].Key
	}
	name := func(p part) string {
		if p.from.Repo != "" {
			return p.from.Repo + " " + p.from.Path
		}
		return p.from.Path
	}
	return &corpus.DataError{File: name(b), Object: fmt.Sprintf("model %.80q, item %.80q of task %s", model, item, t.task),
		Reason: fmt.Sprintf("is %d, and %d in %s; correct one of the two: a file that is imported again under its path replaces what it gave before",
			b.correct[bad.position], a.correct[bad.position], name(a))}
}

// wasStored reports whether a part is of a file that is not imported now.
func (im *importer) wasStored(p part) bool {
	return !slices.ContainsFunc(im.in.Blocks, func(b corpus.Block) bool { return b.File.Repo == p.from.Repo && b.File.Path == p.from.Path })
}

// write takes out the blocks that go and writes those that come.
func (im *importer) write() error {
	if len(im.remove) > 0 {
		gone := map[int32]bool{}
		if err := im.removeBlocks(im.remove, gone); err != nil {
			return err
		}
		for _, b := range im.add {
			for _, p := range b.parts {
				delete(gone, p.file)
			}
		}
		im.orphaned = im.orphaned || len(gone) > 0
	}
	for _, b := range im.add {
		file := b.parts[0].file
		if len(b.parts) > 1 {
			file = severalFiles
			if err := im.appendParts(b.blockKey, b.parts, b.counted); err != nil {
				return err
			}
		}
		if err := im.appendBlock(b.block, b.sum, b.model, b.task, file); err != nil {
			return err
		}
	}
	return nil
}
