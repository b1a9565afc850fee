package warehouse

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	"metabench/corpus"
)

// stateKey is the identity of a file state; task 0 is that of a file without answers.
type stateKey struct {
	repo string
	task int32
	path string
}

// replaceStates takes out what the crawl remembers of the delivered files and returns
// what adds the new states. Files that the replaced ones spoke of are added to gone.
func (c *change) replaceStates(states []corpus.FileState, files *fileKeeper, gone map[int32]bool) (add func() error, err error) {
	keys := make([]stateKey, len(states))
	last := map[stateKey]int{}
	replaced := map[string]map[stateKey]bool{} // by repository that was known
	for k, f := range states {
		keys[k] = stateKey{repo: f.Repo, path: f.Path}
		if f.Benchmark != "" {
			task, err := c.ensureTask(f.Benchmark, f.Task)
			if err != nil {
				return nil, err
			}
			keys[k].task = task
		}
		last[keys[k]] = k
		if files.existedBefore(f.Repo) {
			if replaced[f.Repo] == nil {
				replaced[f.Repo] = map[stateKey]bool{}
			}
			replaced[f.Repo][keys[k]] = true
		}
		c.internRepo(f.Repo)
	}
	for _, repo := range sortedKeys(replaced) {
		for _, revision := range c.revisionsOf[repo] {
			if err := c.removeStates(repo, revision, replaced[repo], gone); err != nil {
				return nil, fmt.Errorf("replace file states: %w", err)
			}
		}
	}
	return func() error {
		for k, f := range states {
			if last[keys[k]] != k {
				continue
			}
			if err := c.appendState(f, keys[k].task, files, gone); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// appendState adds a state. What the file that was read has already is not stored
// twice.
func (c *change) appendState(f corpus.FileState, task int32, files *fileKeeper, gone map[int32]bool) error {
	revision, _, err := c.ensureRevision(f.Repo, f.Commit)
	if err != nil {
		return err
	}
	row := []driver.Value{revision, nil, nil, text(f.Path), f.Size, f.SHA256,
		string(f.Status), int32(f.Attempts), nullable(f.Error), timeOf(f.Updated)}
	if task != 0 {
		row[1] = task
	}
	if read, ok := files.kept[fileKey{revision, f.Path}]; ok && read.file.Size == f.Size && read.file.SHA256 == f.SHA256 {
		row[2], row[3], row[4], row[5] = read.id, nil, nil, nil
		delete(gone, read.id)
	}
	return c.append("file_state", row...)
}

// removeStates removes the states of a revision that are replaced.
func (c *change) removeStates(repo string, revision int32, replaced map[stateKey]bool, gone map[int32]bool) error {
	if err := c.flush(); err != nil {
		return err
	}
	type state struct {
		row        int64
		file, task sql.NullInt32
		path       sql.NullString
	}
	var s state
	var all []state
	err := scanEach(c.ctx, c.conn, `SELECT rowid, file_id, task_id, path FROM file_state WHERE revision_id = ?`,
		[]any{&s.row, &s.file, &s.task, &s.path}, func() { all = append(all, s) }, revision)
	if err != nil || len(all) == 0 {
		return err
	}
	paths, err := c.paths(revision)
	if err != nil {
		return err
	}
	var rows []int64
	for _, s := range all {
		key := stateKey{repo: repo, task: s.task.Int32, path: s.path.String}
		if s.file.Valid {
			key.path = paths[s.file.Int32]
		}
		if !replaced[key] {
			continue
		}
		rows = append(rows, s.row)
		if s.file.Valid {
			gone[s.file.Int32] = true
		}
	}
	switch len(rows) {
	case 0:
		return nil
	case len(all):
		return c.exec(`DELETE FROM file_state WHERE revision_id = ?`, revision)
	}
	return c.exec(`DELETE FROM file_state WHERE rowid IN (SELECT unnest(?::BIGINT[]))`, rows)
}
