package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"metabench/corpus"
)

// Repos returns the state of every repository ever recorded, ordered by name.
func (w *Warehouse) Repos(ctx context.Context) ([]corpus.RepoState, error) {
	var all []corpus.RepoState
	var r corpus.RepoState
	var updated, gone sql.NullTime
	// By name, because a snapshot may be of an older program and lack the last column.
	err := scanEach(ctx, w.db, `
		SELECT repo, commit_hash, model, status, attempts, error, updated, gone_since
		FROM (SELECT NULL::TIMESTAMP AS gone_since WHERE false UNION ALL BY NAME FROM repo_state) ORDER BY repo`,
		[]any{&r.Repo, &r.Commit, &r.Model, &r.Status, &r.Attempts, &r.Error, &updated, &gone}, func() {
			r.Updated, r.Gone = updated.Time, gone.Time
			all = append(all, r)
		})
	if err != nil {
		return nil, fmt.Errorf("read repositories: %w", err)
	}
	return all, nil
}

// Files returns every file state of a repository, ordered by benchmark, task and path.
func (w *Warehouse) Files(ctx context.Context, repo string) ([]corpus.FileState, error) {
	all, err := w.files(ctx, selectFiles+` WHERE repo = ? ORDER BY benchmark, task, path`, repo)
	if err != nil {
		return nil, fmt.Errorf("read files of %s: %w", repo, err)
	}
	return all, nil
}

// AllFiles returns every file state there is, by repository, each ordered as Files has
// it.
func (w *Warehouse) AllFiles(ctx context.Context) (map[string][]corpus.FileState, error) {
	all, err := w.files(ctx, selectFiles+` ORDER BY benchmark, task, path`)
	if err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	files := map[string][]corpus.FileState{}
	for _, f := range all {
		files[f.Repo] = append(files[f.Repo], f)
	}
	return files, nil
}

const selectFiles = `
	SELECT repo, commit_hash, benchmark, task, path, size, sha256, status, attempts, error, updated FROM file_states`

func (w *Warehouse) files(ctx context.Context, query string, args ...any) ([]corpus.FileState, error) {
	var all []corpus.FileState
	var f corpus.FileState
	var updated sql.NullTime
	err := scanEach(ctx, w.db, query,
		[]any{&f.Repo, &f.Commit, &f.Benchmark, &f.Task, &f.Path, &f.Size, &f.SHA256, &f.Status, &f.Attempts, &f.Error, &updated}, func() {
			f.Updated = updated.Time
			all = append(all, f)
		}, args...)
	return all, err
}

// Items returns a task's items ordered by position.
func (w *Warehouse) Items(ctx context.Context, benchmark, task string) ([]corpus.Item, error) {
	items, err := readItems(ctx, w.db, benchmark, task)
	if err != nil {
		return nil, fmt.Errorf("read items of %s: %w", task, err)
	}
	return items, nil
}

func readItems(ctx context.Context, q querier, benchmark, task string) ([]corpus.Item, error) {
	var all []corpus.Item
	it := corpus.Item{Benchmark: benchmark, Task: task}
	err := scanEach(ctx, q, `
		SELECT i.position, i.item, coalesce(i.prompt_hash, ''), coalesce(i.prompt, '')
		FROM item AS i JOIN task AS t USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
		WHERE b.benchmark = ? AND t.task = ? ORDER BY i.position`,
		[]any{&it.Position, &it.Key, &it.Hash, &it.Prompt}, func() { all = append(all, it) }, benchmark, task)
	return all, err
}

// Record keeps a delivery of the crawl, data and state in one transaction. The
// contract is scraper.Store's.
func (w *Warehouse) Record(ctx context.Context, d corpus.Delivery) error {
	return w.RecordAll(ctx, []corpus.Delivery{d})
}

// RecordAll keeps several deliveries in one transaction, as if each were recorded
// after the one before. A transaction costs a few milliseconds whatever is in it.
func (w *Warehouse) RecordAll(ctx context.Context, deliveries []corpus.Delivery) error {
	for _, d := range deliveries {
		if err := checkDelivery(d); err != nil {
			return fmt.Errorf("record %.80q: %w", d.Repo.Repo, err)
		}
	}
	return w.change(ctx, func(c *change) error {
		for _, d := range deliveries {
			if err := c.record(d); err != nil {
				return fmt.Errorf("record %s: %w", d.Repo.Repo, err)
			}
		}
		return nil
	})
}

// checkDelivery refuses names that could not be kept verbatim, and malformed blocks.
func checkDelivery(d corpus.Delivery) error {
	check := func(what string, names ...string) error {
		for _, name := range names {
			if name == "" {
				continue
			}
			if err := validName(what, name); err != nil {
				return &corpus.DataError{File: d.Repo.Repo, Object: what, Reason: err.Error()}
			}
		}
		return nil
	}
	errs := []error{check("repository", d.Repo.Repo, d.Repo.Commit, d.Repo.Model)}
	for _, f := range d.Files {
		errs = append(errs, check("file", f.Repo, f.Commit, f.Benchmark, f.Task, f.Path, f.SHA256))
	}
	for _, b := range d.Blocks {
		errs = append(errs, checkBlock(b), check("file", b.File.Repo, b.File.Commit, b.File.Path, b.File.SHA256))
	}
	for _, s := range d.Scores {
		errs = append(errs, check("score", s.Model, s.Benchmark, s.Metric), check("file", s.File.Repo, s.File.Commit, s.File.Path, s.File.SHA256))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *change) record(d corpus.Delivery) error {
	c.source = d.Repo.Repo
	c.sources[c.source] = true
	files := c.fileKeeper()
	replaces := map[string]bool{} // models known before: there may be something to replace
	for _, b := range d.Blocks {
		_, replaces[b.Model] = c.models[b.Model]
	}
	for _, s := range d.Scores {
		_, replaces[s.Model] = c.models[s.Model]
	}
	if err := c.recordRepo(d.Repo, files); err != nil {
		return err
	}
	for _, task := range itemsByTask(d.Items) {
		if err := c.addItems(task); err != nil {
			return err
		}
	}
	if d.Model != nil {
		if err := c.mergeModel(*d.Model); err != nil {
			return err
		}
	}
	// What is replaced goes before anything comes: a statement in between would have to
	// append the rows gathered so far.
	gone := map[int32]bool{}
	addBlocks, err := c.replaceBlocks(d.Blocks, files, replaces, gone)
	if err != nil {
		return err
	}
	addScores, err := c.replaceScores(d.Scores, files, replaces)
	if err != nil {
		return err
	}
	addStates, err := c.replaceStates(d.Files, files, gone)
	if err != nil {
		return err
	}
	for _, add := range []func() error{addBlocks, addScores, addStates} {
		if err := add(); err != nil {
			return err
		}
	}
	c.orphaned = c.orphaned || len(gone) > 0
	return nil
}

// recordRepo replaces the state of a repository. A new one has nothing to be replaced.
func (c *change) recordRepo(r corpus.RepoState, files *fileKeeper) error {
	if r.Repo == "" {
		return nil
	}
	known := files.existedBefore(r.Repo)
	c.internRepo(r.Repo)
	if known {
		n, err := c.execCount(`UPDATE repo_state SET commit_hash = ?, model = ?, status = ?, attempts = ?, error = ?, updated = ?, gone_since = ? WHERE repo = ?`,
			r.Commit, r.Model, string(r.Status), int32(r.Attempts), text(r.Error), timeOf(r.Updated), timeOf(r.Gone), r.Repo)
		if err != nil || n > 0 {
			return err
		}
	}
	return c.append("repo_state", r.Repo, r.Commit, r.Model, string(r.Status), int32(r.Attempts), text(r.Error), timeOf(r.Updated), timeOf(r.Gone))
}

// itemsByTask gathers items by task, tasks in the order they first occur in.
func itemsByTask(items []corpus.Item) [][]corpus.Item {
	at := map[taskKey]int{}
	var tasks [][]corpus.Item
	for _, it := range items {
		key := taskKey{it.Benchmark, it.Task}
		k, ok := at[key]
		if !ok {
			k = len(tasks)
			at[key] = k
			tasks = append(tasks, nil)
		}
		tasks[k] = append(tasks[k], it)
	}
	return tasks
}

// addItems adds one task's items by position; one that is there already stays,
// except that an empty hash or question is filled in.
func (c *change) addItems(items []corpus.Item) error {
	benchmark, task := items[0].Benchmark, items[0].Task
	taskID, err := c.ensureTask(benchmark, task)
	if err != nil {
		return err
	}
	present, err := readItems(c.ctx, c.conn, benchmark, task)
	if err != nil {
		return err
	}
	at := make(map[int]corpus.Item, len(present))
	for _, it := range present {
		at[it.Position] = it
	}
	for _, it := range items {
		if err := validName("item", it.Key); err != nil {
			return &corpus.DataError{File: c.source, Object: "task " + task, Reason: err.Error()}
		}
		old, ok := at[it.Position]
		switch {
		case !ok:
			err = c.append("item", c.benchmarks[benchmark], taskID, int32(it.Position), it.Key, nullable(it.Hash), nullable(it.Prompt))
			at[it.Position] = it
		case old.Hash == "" && it.Hash != "" || old.Prompt == "" && it.Prompt != "":
			err = c.exec(`UPDATE item SET prompt_hash = coalesce(prompt_hash, ?), prompt = coalesce(prompt, ?) WHERE task_id = ? AND position = ?`,
				nullable(it.Hash), nullable(it.Prompt), taskID, it.Position)
		}
		if err != nil {
			return fmt.Errorf("add item %s of %s: %w", it.Key, task, err)
		}
	}
	for k := range len(at) {
		if _, ok := at[k]; !ok {
			return &corpus.DataError{File: c.source, Object: "task " + task, Reason: fmt.Sprintf("has %d items and none at position %d", len(at), k)}
		}
	}
	c.items[taskID] = len(at)
	return c.flushTable("item")
}

// replaceBlocks takes out the delivered models' answers to the delivered tasks and
// returns what adds the new ones. gone are the files that the replaced ones were read
// from.
func (c *change) replaceBlocks(blocks []corpus.Block, files *fileKeeper, replaces map[string]bool, gone map[int32]bool) (add func() error, err error) {
	rows := make([]newBlock, 0, len(blocks))
	last := map[blockKey]int{}          // of a block that is delivered twice at once, the later one holds
	stale := map[int32]map[int32]bool{} // tasks of models that may be there already, by model
	for k, b := range blocks {
		r := newBlock{block: b, sum: sumBlock(b)}
		if r.task, err = c.ensureTask(b.Benchmark, b.Task); err != nil {
			return nil, err
		}
		if r.model, err = c.ensureModel(b.Model); err != nil {
			return nil, err
		}
		if replaces[b.Model] {
			if stale[r.model] == nil {
				stale[r.model] = map[int32]bool{}
			}
			stale[r.model][r.task] = true
		}
		last[r.blockKey] = k
		rows = append(rows, r)
	}
	for _, model := range sortedKeys(stale) {
		if err := c.removeModelBlocks(model, stale[model], gone); err != nil {
			return nil, err
		}
	}
	return func() error {
		for k, r := range rows {
			if last[r.blockKey] != k {
				continue
			}
			file, err := files.keep(r.block.File)
			if err != nil {
				return err
			}
			delete(gone, file)
			if err := c.appendBlock(r.block, r.sum, r.model, r.task, file); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// replaceScores takes out the delivered published scores and returns what adds the new
// ones.
func (c *change) replaceScores(scores []corpus.Score, files *fileKeeper, replaces map[string]bool) (add func() error, err error) {
	type scoreKey struct {
		model, benchmark int32
		metric           string
	}
	last := map[scoreKey]int{}
	keys := make([]scoreKey, len(scores))
	stale := map[int32][]string{} // benchmarks and metrics that may be there already, by model
	for k, s := range scores {
		benchmark, err := c.ensureBenchmark(s.Benchmark)
		if err != nil {
			return nil, err
		}
		model, err := c.ensureModel(s.Model)
		if err != nil {
			return nil, err
		}
		keys[k] = scoreKey{model, benchmark, s.Metric}
		last[keys[k]] = k
		if replaces[s.Model] {
			stale[model] = append(stale[model], fmt.Sprint(benchmark, " ", s.Metric))
		}
	}
	for _, model := range sortedKeys(stale) {
		err := c.exec(`DELETE FROM leaderboard_score WHERE model_id = ? AND list_contains(?::VARCHAR[], concat(benchmark_id, ' ', metric))`, model, stale[model])
		if err != nil {
			return nil, fmt.Errorf("replace published scores: %w", err)
		}
	}
	return func() error {
		for k, s := range scores {
			if last[keys[k]] != k {
				continue
			}
			file, err := files.keep(s.File)
			if err != nil {
				return err
			}
			if err := c.append("leaderboard_score", keys[k].model, keys[k].benchmark, s.Metric, s.Value, file); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// text makes text from strangers storable: DuckDB takes nothing but UTF-8.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func nullable(s string) driver.Value {
	if s == "" {
		return nil
	}
	return text(s)
}

func timeOf(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

func valueOf[T any](p *T) driver.Value {
	if p == nil {
		return nil
	}
	return *p
}
