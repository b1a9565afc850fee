package warehouse

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"fmt"

	"metabench/corpus"
)

// blockSum is what the manifest counts of a block.
type blockSum struct {
	correct, observed int32
	hash              uint64
}

// sumBlock counts a block's answers and hashes it: the first 8 bytes of SHA-256
// over model, benchmark and task, each followed by a zero byte, and the answers
// (0, 1, 255 for missing) up to the last one that was observed.
func sumBlock(b corpus.Block) blockSum {
	var s blockSum
	last := 0
	for k, a := range b.Correct {
		if a != corpus.Missing {
			s.correct += int32(a)
			s.observed++
			last = k + 1
		}
	}
	h := sha256.New()
	for _, name := range []string{b.Model, b.Benchmark, b.Task} {
		h.Write([]byte(name))
		h.Write([]byte{0})
	}
	h.Write(b.Correct[:last])
	s.hash = binary.BigEndian.Uint64(h.Sum(nil))
	return s
}

// sourceOf names the file that a block came from.
func sourceOf(f corpus.File) string {
	if f.Repo == "" {
		return f.Path
	}
	return f.Repo + " " + f.Path
}

// checkBlock says what is wrong with a block.
func checkBlock(b corpus.Block) error {
	from := sourceOf(b.File)
	for what, name := range map[string]string{"model": b.Model, "benchmark": b.Benchmark, "task": b.Task} {
		if err := validName(what, name); err != nil {
			return &corpus.DataError{File: from, Object: fmt.Sprintf("block of %.80q", b.Model), Reason: err.Error()}
		}
	}
	for k, a := range b.Correct {
		if a > 1 && a != corpus.Missing {
			return &corpus.DataError{File: from, Object: fmt.Sprintf("model %.80q, task %s, answer %d", b.Model, b.Task, k+1),
				Reason: fmt.Sprintf("is %d, want 0, 1 or missing", a)}
		}
	}
	return nil
}

// appendBlock adds a block to the facts and to the totals. The task's items must be
// there already.
//
// Errors: *corpus.DataError for a block that is longer than its task.
func (c *change) appendBlock(b corpus.Block, s blockSum, modelID, taskID, fileID int32) error {
	if err := fits(len(b.Correct), c.items[taskID]); err != nil {
		return &corpus.DataError{File: sourceOf(b.File), Object: fmt.Sprintf("model %.80q, task %s", b.Model, b.Task), Reason: err.Error()}
	}
	c.count(c.benchmarks[b.Benchmark], s, 1)
	return c.append("response_block", modelID, taskID, fileID, s.correct, s.observed, s.hash, listOf(b.Correct))
}

// answers as the driver wants them: boxed once for all.
var boxed = func() (all [256]any) {
	all[0], all[1] = uint8(0), uint8(1) // everything else stays nil: NULL
	return all
}()

func listOf(correct []uint8) driver.Value {
	list := make([]any, len(correct))
	for k, a := range correct {
		list[k] = boxed[a]
	}
	return list
}

// removeBlocks takes blocks out of the facts and the totals, and adds the files that
// they were read from to gone. The counts are read first: DELETE … RETURNING reads the
// answers too.
func (c *change) removeBlocks(keys []blockKey, gone map[int32]bool) error {
	models, tasks := make([]int32, len(keys)), make([]int32, len(keys))
	for k, key := range keys {
		models[k], tasks[k] = key.model, key.task
	}
	const where = ` WHERE (model_id, task_id) IN (SELECT unnest(?::INTEGER[]), unnest(?::INTEGER[]))`
	if _, err := c.discount(where, func(int32) bool { return true }, gone, models, tasks); err != nil {
		return err
	}
	if err := c.removeParts(where, models, tasks); err != nil {
		return err
	}
	return c.removed(c.exec(`DELETE FROM response_block`+where, models, tasks))
}

// removeModelBlocks is removeBlocks for some of a model's tasks: a scan for one
// model skips the others' blocks.
func (c *change) removeModelBlocks(model int32, tasks map[int32]bool, gone map[int32]bool) error {
	kept, err := c.discount(` WHERE model_id = ?`, func(task int32) bool { return tasks[task] }, gone, model)
	if err != nil {
		return err
	}
	where, args := ` WHERE model_id = ?`, []any{model}
	if kept > 0 {
		where, args = ` WHERE model_id = ? AND task_id IN (SELECT unnest(?::INTEGER[]))`, []any{model, sortedKeys(tasks)}
	}
	if err := c.removeParts(where, args...); err != nil {
		return err
	}
	return c.removed(c.exec(`DELETE FROM response_block`+where, args...))
}

func (c *change) removed(err error) error {
	if err != nil {
		return fmt.Errorf("remove replaced answers: %w", err)
	}
	return nil
}

// discount takes the blocks that a condition names and that go, by their task, out of
// the totals. It returns how many of those that the condition names stay.
func (c *change) discount(where string, goes func(task int32) bool, gone map[int32]bool, args ...any) (kept int, err error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	var task, file int32
	var s blockSum
	err = scanEach(c.ctx, c.conn, `SELECT task_id, file_id, correct_count, observed_count, hash FROM response_block`+where,
		[]any{&task, &file, &s.correct, &s.observed, &s.hash}, func() {
			if !goes(task) {
				kept++
				return
			}
			gone[file] = true
			c.count(c.benchmarks[c.taskOf[task].benchmark], s, -1)
		}, args...)
	return kept, c.removed(err)
}
