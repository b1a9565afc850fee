package warehouse

import (
	"context"
	"database/sql"
	"fmt"

	"metabench/corpus"
)

// sourcesTried is how many files of a task are offered for its questions. They are
// spread evenly over the time of the evaluations, the oldest first: formats changed
// with time, and the older ones tell more.
const sourcesTried = 8

// exported limits selected items to those of the forms that are put before models.
// Selections that were made for comparison only need no texts.
const exported = `s.form IN ('A', 'B')`

// readQuestion joins an item with its text, as long as both are the same question.
const readQuestion = `question AS q ON q.benchmark_id = i.benchmark_id AND q.item = i.item AND q.prompt_hash IS NOT DISTINCT FROM i.prompt_hash`

// asked are the items whose texts are read: those of forms A and B and of releases.
const asked = `(
	SELECT s.benchmark, s.item FROM selected_item AS s WHERE ` + exported + `
	UNION SELECT benchmark, item FROM released_item)`

// asReleased says that a text is that of a released item, as far as either hash is known.
const asReleased = `(r.prompt_hash IS NULL OR question.prompt_hash IS NULL OR question.prompt_hash = r.prompt_hash)`

// UnreadQuestions lists the items of forms A and B and of releases whose text was not
// read yet, by task, with files of the Hub that may have it.
func (w *Warehouse) UnreadQuestions(ctx context.Context) (tasks []corpus.UnreadTask, err error) {
	err = w.View(ctx, func(v *Warehouse) error {
		tasks, err = v.unreadQuestions(ctx)
		return err
	})
	return tasks, err
}

func (w *Warehouse) unreadQuestions(ctx context.Context) ([]corpus.UnreadTask, error) {
	var tasks []corpus.UnreadTask
	var benchmark, task string
	var position int
	err := scanEach(ctx, w.db, `
		SELECT DISTINCT b.benchmark, t.task, i.position
		FROM `+asked+` AS s
		JOIN benchmark AS b USING (benchmark)
		JOIN item AS i ON i.benchmark_id = b.benchmark_id AND i.item = s.item
		JOIN task AS t ON t.task_id = i.task_id
		LEFT JOIN `+readQuestion+`
		WHERE q.item IS NULL ORDER BY b.benchmark, t.task, i.position`,
		[]any{&benchmark, &task, &position}, func() {
			if n := len(tasks); n == 0 || tasks[n-1].Benchmark != benchmark || tasks[n-1].Task != task {
				tasks = append(tasks, corpus.UnreadTask{Benchmark: benchmark, Task: task})
			}
			last := &tasks[len(tasks)-1]
			last.Unread = append(last.Unread, position)
		})
	for k := 0; err == nil && k < len(tasks); k++ {
		t := &tasks[k]
		if t.Items, err = readItems(ctx, w.db, t.Benchmark, t.Task); err == nil {
			t.Files, err = w.questionSources(ctx, t.Benchmark, t.Task)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list selected items without a text: %w", err)
	}
	return tasks, nil
}

// questionSources are files of the Hub that a task's answers were read from.
func (w *Warehouse) questionSources(ctx context.Context, benchmark, task string) ([]corpus.File, error) {
	var files []corpus.File
	var f corpus.File
	var run, read sql.NullTime
	err := scanEach(ctx, w.db, `
		SELECT repo, commit_hash, path, size, sha256, verified, evaluated, read_at FROM (
			SELECT *, ntile(?) OVER (ORDER BY evaluated NULLS LAST, repo, commit_hash, path) AS part
			FROM lineage WHERE benchmark = ? AND task = ? AND repo IS NOT NULL)
		QUALIFY row_number() OVER (PARTITION BY part ORDER BY evaluated NULLS LAST, repo, commit_hash, path) = 1 ORDER BY part`,
		[]any{&f.Repo, &f.Commit, &f.Path, &f.Size, &f.SHA256, &f.Verified, &run, &read}, func() {
			f.Run, f.ReadAt = run.Time, read.Time
			files = append(files, f)
		}, sourcesTried, benchmark, task)
	return files, err
}

// StoreQuestions keeps the texts of items, each in place of an earlier one.
func (w *Warehouse) StoreQuestions(ctx context.Context, questions []corpus.Question) error {
	err := w.change(ctx, func(c *change) error {
		files := c.fileKeeper()
		for _, q := range questions {
			if err := c.storeQuestion(q, files); err != nil {
				return fmt.Errorf("item %q of %s: %w", q.Key, q.Benchmark, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store questions: %w", err)
	}
	return nil
}

func (c *change) storeQuestion(q corpus.Question, files *fileKeeper) error {
	benchmark, known := c.benchmarks[q.Benchmark]
	if !known || q.Key == "" {
		return &corpus.DataError{File: q.File.Path, Object: fmt.Sprintf("question %.80q of %.80q", q.Key, q.Benchmark), Reason: "is of no item that is here"}
	}
	file, err := files.keep(q.File)
	if err != nil {
		return err
	}
	if err := c.exec(`DELETE FROM question WHERE benchmark_id = ? AND item = ?`, benchmark, q.Key); err != nil {
		return err
	}
	choices := make([]any, len(q.Choices))
	for k, choice := range q.Choices {
		choices[k] = text(choice)
	}
	var gold any
	if len(choices) > 0 {
		gold = int32(q.Gold)
	}
	return c.append("question", benchmark, q.Key, nullable(q.Hash), text(q.Prompt), choices, gold, nullable(q.Target), file, c.w.now().UTC())
}

// dropQuestions removes the texts of a benchmark's items that are not selected any
// more, or are another question now. What a release asks stays as long as the release.
func (c *change) dropQuestions(benchmark string) error {
	if err := c.flush(); err != nil {
		return err
	}
	result, err := c.conn.ExecContext(c.ctx, `
		DELETE FROM question WHERE benchmark_id = (SELECT benchmark_id FROM benchmark WHERE benchmark = $1) AND item NOT IN (
			SELECT i.item FROM selected_item AS s
			JOIN benchmark AS b USING (benchmark)
			JOIN item AS i ON i.benchmark_id = b.benchmark_id AND i.item = s.item
			JOIN `+readQuestion+`
			WHERE s.benchmark = $1 AND `+exported+`)
		AND NOT EXISTS (FROM released_item AS r WHERE r.benchmark = $1 AND r.item = question.item AND `+asReleased+`)`, benchmark)
	if err != nil {
		return fmt.Errorf("drop texts of items that are not selected: %w", err)
	}
	n, err := result.RowsAffected()
	c.written, c.orphaned = c.written || n > 0, c.orphaned || n > 0
	return err
}

// SelectedQuestions returns the items that a form of a benchmark has, in order of
// selection, with the texts that were read. Of others the prompt is empty.
func (w *Warehouse) SelectedQuestions(ctx context.Context, benchmark, form string) ([]corpus.Question, error) {
	questions, err := w.readQuestions(ctx, `
		SELECT b.benchmark, t.task, i.item, i.position, coalesce(i.prompt_hash, ''), coalesce(q.prompt, ''), q.choices, coalesce(q.gold, 0), coalesce(q.target, '')
		FROM selected_item AS s
		JOIN benchmark AS b USING (benchmark)
		JOIN item AS i ON i.benchmark_id = b.benchmark_id AND i.item = s.item
		JOIN task AS t ON t.task_id = i.task_id
		LEFT JOIN `+readQuestion+`
		WHERE s.benchmark = ? AND s.form = ? ORDER BY s.position`, benchmark, form)
	if err != nil {
		return nil, fmt.Errorf("read the selected items of %s: %w", benchmark, err)
	}
	return questions, nil
}

// ReleasedQuestions is SelectedQuestions for a form of a release, which has its texts
// also of items that the corpus lost.
func (w *Warehouse) ReleasedQuestions(ctx context.Context, version, benchmark, form string) ([]corpus.Question, error) {
	questions, err := w.readQuestions(ctx, `
		SELECT r.benchmark, r.task, r.item, 0, coalesce(r.prompt_hash, question.prompt_hash, ''),
			coalesce(question.prompt, ''), question.choices, coalesce(question.gold, 0), coalesce(question.target, '')
		FROM released_item AS r
		LEFT JOIN benchmark AS b USING (benchmark)
		LEFT JOIN question ON question.benchmark_id = b.benchmark_id AND question.item = r.item AND `+asReleased+`
		WHERE r.version = ? AND r.benchmark = ? AND r.form = ? ORDER BY r.position`, version, benchmark, form)
	if err != nil {
		return nil, fmt.Errorf("read the items of %s in release %s: %w", benchmark, version, err)
	}
	return questions, nil
}

// readQuestions reads the rows of a query of this file.
func (w *Warehouse) readQuestions(ctx context.Context, query string, args ...any) ([]corpus.Question, error) {
	var questions []corpus.Question
	var q corpus.Question
	var choices any
	err := scanEach(ctx, w.db, query, []any{&q.Benchmark, &q.Task, &q.Key, &q.Position, &q.Hash, &q.Prompt, &choices, &q.Gold, &q.Target}, func() {
		q.Choices = nil
		list, _ := choices.([]any) // NULL where there is no text
		for _, choice := range list {
			word, _ := choice.(string)
			q.Choices = append(q.Choices, word)
		}
		questions = append(questions, q)
	}, args...)
	return questions, err
}
