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
	var updated sql.NullTime
	err := scanEach(ctx, w.db, `SELECT repo, commit_hash, model, status, attempts, error, updated FROM repo_state ORDER BY repo`,
		[]any{&r.Repo, &r.Commit, &r.Model, &r.Status, &r.Attempts, &r.Error, &updated}, func() {
			r.Updated = updated.Time
			all = append(all, r)
		})
	if err != nil {
		return nil, fmt.Errorf("read repositories: %w", err)
	}
	return all, nil
}

// Files returns every file state of a repository, ordered by benchmark, task and path.
func (w *Warehouse) Files(ctx context.Context, repo string) ([]corpus.FileState, error) {
	var all []corpus.FileState
	var f corpus.FileState
	var updated sql.NullTime
	err := scanEach(ctx, w.db, `
		SELECT repo, commit_hash, benchmark, task, path, size, sha256, status, attempts, error, updated
		FROM file_state WHERE repo = ? ORDER BY benchmark, task, path`,
		[]any{&f.Repo, &f.Commit, &f.Benchmark, &f.Task, &f.Path, &f.Size, &f.SHA256, &f.Status, &f.Attempts, &f.Error, &updated}, func() {
			f.Updated = updated.Time
			all = append(all, f)
		}, repo)
	if err != nil {
		return nil, fmt.Errorf("read files of %s: %w", repo, err)
	}
	return all, nil
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
	for _, b := range d.Blocks {
		if err := checkBlock(b); err != nil {
			return err
		}
	}
	err := w.change(ctx, func(c *change) error {
		c.source = d.Repo.Repo
		if err := c.recordState(d); err != nil {
			return err
		}
		if d.Model != nil {
			if err := c.mergeModel(*d.Model); err != nil {
				return err
			}
		}
		for _, task := range itemsByTask(d.Items) {
			if err := c.addItems(task); err != nil {
				return err
			}
		}
		return c.recordAnswers(d)
	})
	if err != nil {
		return fmt.Errorf("record %s: %w", d.Repo.Repo, err)
	}
	return nil
}

// recordState replaces what the crawl remembers.
func (c *change) recordState(d corpus.Delivery) error {
	if r := d.Repo; r.Repo != "" {
		if err := c.exec(`DELETE FROM repo_state WHERE repo = ?`, r.Repo); err != nil {
			return err
		}
		if err := c.append("repo_state", r.Repo, r.Commit, r.Model, string(r.Status), int32(r.Attempts), text(r.Error), timeOf(r.Updated)); err != nil {
			return err
		}
	}
	type stateKey struct{ repo, benchmark, task, path string }
	last := map[stateKey]int{}
	repos := map[string][][]any{}
	for k, f := range d.Files {
		last[stateKey{f.Repo, f.Benchmark, f.Task, f.Path}] = k
		repos[f.Repo] = append(repos[f.Repo], []any{f.Benchmark, f.Task, f.Path})
	}
	for repo, keys := range repos {
		var benchmarks, tasks, paths []string
		for _, k := range keys {
			benchmarks, tasks, paths = append(benchmarks, k[0].(string)), append(tasks, k[1].(string)), append(paths, k[2].(string))
		}
		err := c.exec(`
			DELETE FROM file_state WHERE repo = ? AND (benchmark, task, path) IN
				(SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]))`, repo, benchmarks, tasks, paths)
		if err != nil {
			return err
		}
	}
	for k, f := range d.Files {
		if last[stateKey{f.Repo, f.Benchmark, f.Task, f.Path}] != k {
			continue
		}
		err := c.append("file_state", f.Repo, f.Commit, f.Benchmark, f.Task, f.Path, f.Size, f.SHA256,
			string(f.Status), int32(f.Attempts), text(f.Error), timeOf(f.Updated))
		if err != nil {
			return err
		}
	}
	return nil
}

// mergeModel adds what is newly known of a model to what is there.
func (c *change) mergeModel(m corpus.Model) error {
	if err := validName("model", m.Name); err != nil {
		return &DataError{File: c.source, Object: "model", Reason: err.Error()}
	}
	id, err := c.ensureModel(m.Name)
	if err != nil {
		return err
	}
	if err := c.flushTable("model"); err != nil {
		return err
	}
	err = c.exec(`
		UPDATE model SET
			parameters    = coalesce(?, parameters),
			params_source = coalesce(nullif(?, ''), params_source),
			architecture  = coalesce(nullif(?, ''), architecture),
			precision     = coalesce(nullif(?, ''), precision),
			base_model    = coalesce(nullif(?, ''), base_model),
			license       = coalesce(nullif(?, ''), license),
			flagged       = coalesce(?, flagged),
			merged        = coalesce(?, merged),
			moe           = coalesce(?, moe),
			available     = coalesce(?, available),
			revision      = coalesce(nullif(?, ''), revision)
		WHERE model_id = ?`,
		valueOf(m.Parameters), text(m.ParamsSource), text(m.Architecture), text(m.Precision), text(m.BaseModel), text(m.License),
		valueOf(m.Flagged), valueOf(m.Merged), valueOf(m.MoE), valueOf(m.Available), text(m.Revision), id)
	if err != nil {
		return fmt.Errorf("describe model %.80q: %w", m.Name, err)
	}
	return nil
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
			return &DataError{File: c.source, Object: "task " + task, Reason: err.Error()}
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
	return c.flushTable("item")
}

// recordAnswers replaces the delivered models' answers and published scores.
func (c *change) recordAnswers(d corpus.Delivery) error {
	files := c.fileKeeper()
	tasks := map[int32][]int32{} // by model_id
	type row struct {
		block             corpus.Block
		model, task, file int32
	}
	last := map[[2]int32]int{}
	var rows []row
	for _, b := range d.Blocks {
		r := row{block: b}
		var err error
		if r.task, err = c.ensureTask(b.Benchmark, b.Task); err != nil {
			return err
		}
		if r.model, err = c.ensureModel(b.Model); err != nil {
			return err
		}
		if r.file, err = files.keep(b.File); err != nil {
			return err
		}
		tasks[r.model] = append(tasks[r.model], r.task)
		last[[2]int32{r.model, r.task}] = len(rows)
		rows = append(rows, r)
	}
	replaced := map[int32]bool{}
	for model, ids := range tasks {
		gone, err := c.removeBlocks(`model_id = ? AND task_id IN (SELECT unnest(?::INTEGER[]))`, model, ids)
		if err != nil {
			return err
		}
		for id := range gone {
			replaced[id] = true
		}
	}
	for k, r := range rows {
		if last[[2]int32{r.model, r.task}] != k {
			continue // delivered twice at once: the later one holds
		}
		delete(replaced, r.file)
		if err := c.appendBlock(r.block, sumBlock(r.block), r.model, r.task, r.file); err != nil {
			return err
		}
	}
	for _, s := range d.Scores {
		if err := c.recordScore(s, files); err != nil {
			return err
		}
	}
	return c.forgetFiles(replaced)
}

func (c *change) recordScore(s corpus.Score, files *fileKeeper) error {
	benchmark, err := c.ensureBenchmark(s.Benchmark)
	if err != nil {
		return err
	}
	model, err := c.ensureModel(s.Model)
	if err != nil {
		return err
	}
	file, err := files.keep(s.File)
	if err != nil {
		return err
	}
	err = c.exec(`DELETE FROM leaderboard_score WHERE model_id = ? AND benchmark_id = ? AND metric = ?`, model, benchmark, s.Metric)
	if err == nil {
		err = c.append("leaderboard_score", model, benchmark, s.Metric, s.Value, file)
	}
	if err != nil {
		return fmt.Errorf("store score of %.80q on %s: %w", s.Model, s.Benchmark, err)
	}
	return nil
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
