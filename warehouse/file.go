package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"

	"metabench/corpus"
)

// fileKey identifies a source file: another revision is another file.
type fileKey struct {
	revision int32
	path     string
}

// storedFile is a row of the table source_file.
type storedFile struct {
	id   int32
	file corpus.File
}

// fileKeeper hands out keys for source files within one change.
type fileKeeper struct {
	c     *change
	files map[int32]map[string]storedFile // by revision and path, as they were before
	added map[int32]bool                  // revisions that were not there before
	kept  map[fileKey]storedFile
	known map[string]bool // whether a repository was there before
}

func (c *change) fileKeeper() *fileKeeper {
	return &fileKeeper{c: c, files: map[int32]map[string]storedFile{}, added: map[int32]bool{}, kept: map[fileKey]storedFile{}, known: map[string]bool{}}
}

// existedBefore reports whether anything was stored of a repository before this keeper.
func (k *fileKeeper) existedBefore(repo string) bool {
	known, ok := k.known[repo]
	if !ok {
		_, known = k.c.revisionsOf[repo]
		k.known[repo] = known
	}
	return known
}

// of returns the stored files of a revision by path.
func (k *fileKeeper) of(revision int32) (map[string]storedFile, error) {
	stored, ok := k.files[revision]
	if !ok && !k.added[revision] {
		var err error
		if stored, err = k.c.readFiles(revision); err != nil {
			return nil, err
		}
		k.files[revision] = stored
	}
	return stored, nil
}

// paths returns the paths of a revision's files by key. It reads nothing else of them,
// because replacing a model asks for no more.
func (c *change) paths(revision int32) (map[int32]string, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	paths := map[int32]string{}
	var id int32
	var pattern string
	var stamp sql.NullString
	err := scanEach(c.ctx, c.conn, `SELECT file_id, pattern, stamp FROM source_file WHERE revision_id = ?`,
		[]any{&id, &pattern, &stamp}, func() { paths[id] = joinPath(pattern, stamp.String) }, revision)
	if err != nil {
		return nil, fmt.Errorf("read paths: %w", err)
	}
	return paths, nil
}

// find returns the stored row of a file, if there is one.
func (k *fileKeeper) find(f corpus.File) (storedFile, bool, error) {
	revision, ok := k.c.revisions[revisionKey{f.Repo, f.Commit}]
	if !ok {
		return storedFile{}, false, nil
	}
	stored, err := k.of(revision)
	s, ok := stored[f.Path]
	return s, ok, err
}

// keep returns the key of a file and writes its row where that is new or differs.
func (k *fileKeeper) keep(f corpus.File) (int32, error) {
	revision, isNew, err := k.c.ensureRevision(f.Repo, f.Commit)
	if err != nil {
		return 0, err
	}
	if isNew {
		k.added[revision] = true
	}
	key := fileKey{revision, f.Path}
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
		if err := k.c.exec(`DELETE FROM source_file WHERE file_id = ?`, id); err != nil {
			return 0, fmt.Errorf("replace file %s: %w", f.Path, err)
		}
	}
	k.kept[key] = storedFile{id, f}
	pattern, stamp := cutPath(f.Path)
	return id, k.c.append("source_file", id, revision, text(pattern), nullable(stamp), f.Size, f.SHA256, string(f.Verified), timeOf(f.Run), timeOf(f.ReadAt))
}

// sameFile compares what is known of the bytes, not when they were read.
func sameFile(a, b corpus.File) bool {
	return a.Size == b.Size && a.SHA256 == b.SHA256 && a.Verified == b.Verified && a.Run.Equal(b.Run)
}

// stampMark stands in a pattern for the time of the run.
const stampMark = "{stamp}"

var runStamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(\.\d+)?`)

// cutPath takes the time of the run out of a path. A path without one, or one with
// the mark in its own name, stays whole and has no stamp.
func cutPath(path string) (pattern, stamp string) {
	if strings.Contains(path, stampMark) {
		return path, ""
	}
	if stamp = runStamp.FindString(path); stamp == "" {
		return path, ""
	}
	return strings.ReplaceAll(path, stamp, stampMark), stamp
}

// joinPath is the path that cutPath cut.
func joinPath(pattern, stamp string) string {
	if stamp == "" {
		return pattern
	}
	return strings.ReplaceAll(pattern, stampMark, stamp)
}

func (c *change) readFiles(revision int32) (map[string]storedFile, error) {
	stored := map[string]storedFile{}
	if err := c.flush(); err != nil {
		return nil, err
	}
	var s storedFile
	var pattern string
	var stamp sql.NullString
	var run sql.NullTime
	err := scanEach(c.ctx, c.conn, `SELECT file_id, pattern, stamp, size, sha256, verified, evaluated FROM source_file WHERE revision_id = ?`,
		[]any{&s.id, &pattern, &stamp, &s.file.Size, &s.file.SHA256, &s.file.Verified, &run}, func() {
			s.file.Run = run.Time
			stored[joinPath(pattern, stamp.String)] = s
		}, revision)
	if err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	return stored, nil
}

// forgetFiles removes the files that nothing was read from any more, and then the
// revisions that nothing is known of. It looks at all of the facts, so it is done
// once when the warehouse is closed.
func (c *catalogue) forgetFiles(ctx context.Context, conn *sql.Conn) error {
	for _, statement := range []string{
		`DELETE FROM source_file WHERE file_id NOT IN (
			SELECT file_id FROM response_block
			UNION SELECT file_id FROM response_part
			UNION SELECT file_id FROM leaderboard_score
			UNION SELECT file_id FROM question
			UNION SELECT file_id FROM file_state WHERE file_id IS NOT NULL)`,
		`DELETE FROM revision WHERE revision_id NOT IN (SELECT revision_id FROM source_file UNION SELECT revision_id FROM file_state)`,
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("forget replaced files: %w", err)
		}
	}
	return c.loadRevisions(ctx, conn)
}
