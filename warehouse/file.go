package warehouse

import (
	"database/sql"
	"fmt"

	"metabench/corpus"
)

// fileKey tells source files apart: another commit is another file.
type fileKey struct{ repo, commit, path string }

// storedFile is a row of the table file.
type storedFile struct {
	id   int32
	file corpus.File
}

// fileKeeper hands out keys for source files within one change.
type fileKeeper struct {
	c     *change
	files map[string]map[fileKey]storedFile // by repository
	kept  map[fileKey]storedFile
	known map[string]bool // whether a repository was there before
}

func (c *change) fileKeeper() *fileKeeper {
	return &fileKeeper{c: c, files: map[string]map[fileKey]storedFile{}, kept: map[fileKey]storedFile{}, known: map[string]bool{}}
}

// knew reports whether anything was stored of a repository before this keeper.
func (k *fileKeeper) knew(repo string) bool {
	known, ok := k.known[repo]
	if !ok {
		_, known = k.c.repos[repo]
		k.known[repo] = known
	}
	return known
}

// hear makes a repository known.
func (c *change) hear(repo string) {
	if _, ok := c.repos[repo]; !ok {
		c.repos[repo] = noIDs
	}
}

// find returns the stored row of a file, if there is one.
func (k *fileKeeper) find(f corpus.File) (storedFile, bool, error) {
	stored, ok := k.files[f.Repo]
	if !ok {
		var err error
		if k.knew(f.Repo) {
			if stored, err = k.c.readFiles(f.Repo); err != nil {
				return storedFile{}, false, err
			}
		}
		k.c.hear(f.Repo)
		k.files[f.Repo] = stored
	}
	s, ok := stored[fileKey{f.Repo, f.Commit, f.Path}]
	return s, ok, nil
}

// keep returns the key of a file and writes its row where that is new or differs.
func (k *fileKeeper) keep(f corpus.File) (int32, error) {
	key := fileKey{f.Repo, f.Commit, f.Path}
	if s, ok := k.kept[key]; ok {
		return s.id, nil
	}
	old, ok, err := k.find(f)
	if err != nil {
		return 0, err
	}
	id := old.id
	switch {
	case !ok:
		k.c.lastFile++
		id = k.c.lastFile
	case sameFile(old.file, f):
		k.kept[key] = storedFile{id, f}
		return id, nil
	default:
		if err := k.c.exec(`DELETE FROM file WHERE file_id = ?`, id); err != nil {
			return 0, fmt.Errorf("replace file %s: %w", f.Path, err)
		}
	}
	k.kept[key] = storedFile{id, f}
	k.c.repos[f.Repo] = k.c.repos[f.Repo].with(id)
	return id, k.c.append("file", id, f.Repo, f.Commit, text(f.Path), f.Size, f.SHA256, string(f.Verified), timeOf(f.Run), timeOf(f.ReadAt))
}

// sameFile compares what is known of the bytes, not when they were read.
func sameFile(a, b corpus.File) bool {
	return a.Size == b.Size && a.SHA256 == b.SHA256 && a.Verified == b.Verified && a.Run.Equal(b.Run)
}

func (c *change) readFiles(repo string) (map[fileKey]storedFile, error) {
	stored := map[fileKey]storedFile{}
	if err := c.flush(); err != nil {
		return nil, err
	}
	var s storedFile
	var run sql.NullTime
	err := scanEach(c.ctx, c.conn, `SELECT file_id, commit_hash, path, size, sha256, verified, evaluated FROM file WHERE repo = ? AND file_id BETWEEN ? AND ?`,
		[]any{&s.id, &s.file.Commit, &s.file.Path, &s.file.Size, &s.file.SHA256, &s.file.Verified, &run}, func() {
			s.file.Run = run.Time
			stored[fileKey{repo, s.file.Commit, s.file.Path}] = s
		}, repo, c.repos[repo].low, c.repos[repo].high)
	if err != nil {
		return nil, fmt.Errorf("read files of %s: %w", repo, err)
	}
	return stored, nil
}

// forgetFiles removes the files that nothing was read from any more. It looks at
// all of the facts, so it is done once when the warehouse is closed.
const forgetFiles = `
	DELETE FROM file WHERE file_id NOT IN (
		SELECT file_id FROM response_block
		UNION SELECT file_id FROM leaderboard_score
		UNION SELECT file_id FROM question
		UNION SELECT file_id FROM file_state WHERE file_id IS NOT NULL)`
