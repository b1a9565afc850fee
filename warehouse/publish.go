package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SnapshotName is the name under which the newest snapshot is found.
const SnapshotName = "metabench.duckdb"

// PublishOptions says where snapshots go.
type PublishOptions struct {
	Dir   string // made when it is not there
	Keep  int    // how many snapshots stay, the new one included; at least 1
	Force bool   // publish although a quality check failed
}

// Snapshot is a published copy of the warehouse. It is never written to again, so
// any number of people may have it open while the next one is made.
type Snapshot struct {
	Path     string    `json:"path"`     // always the newest
	Version  string    `json:"version"`  // this very one
	Bytes    int64     `json:"bytes"`    //
	Findings []Finding `json:"findings"` // of the quality checks
}

// GateError says that a quality check kept the warehouse from being published.
// The snapshot of before stays.
type GateError struct{ Findings []Finding }

func (e *GateError) Error() string {
	var bad []string
	for _, f := range e.Findings {
		if f.Severity == Damage {
			bad = append(bad, f.String())
		}
	}
	return fmt.Sprintf("publish: %d quality checks failed, the earlier snapshot stays:\n%s", len(bad), strings.Join(bad, "\n"))
}

// Publish makes a snapshot: a compact copy in a fresh file, written under another
// name, closed, synced, read back, and renamed into place. Readers have either the
// old snapshot or the new one, whole.
//
// Errors: *GateError.
func (w *Warehouse) Publish(ctx context.Context, o PublishOptions) (Snapshot, error) {
	s := Snapshot{Path: filepath.Join(o.Dir, SnapshotName)}
	fail := func(err error) (Snapshot, error) { return s, fmt.Errorf("publish %s: %w", s.Path, err) }
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return fail(err)
	}
	if err := refuseLog(s.Path); err != nil {
		return fail(err)
	}
	if err := w.RefreshStatistics(ctx); err != nil {
		return fail(err)
	}
	var err error
	if s.Findings, err = w.Check(ctx, CheckOptions{}); err != nil {
		return fail(err)
	}
	if Damaged(s.Findings) && !o.Force {
		return s, &GateError{Findings: s.Findings}
	}
	if err := removeLeftovers(o.Dir); err != nil {
		return fail(err)
	}
	stem := strings.TrimSuffix(SnapshotName, ".duckdb")
	s.Version = filepath.Join(o.Dir, stem+"-"+w.now().UTC().Format("20060102T150405.000000Z")+".duckdb")
	draft := s.Version + draftSuffix
	if s.Bytes, err = w.copyTo(ctx, draft); err != nil {
		return fail(errors.Join(err, removeIfThere(draft)))
	}
	w.crash("before-rename")
	if err := place(draft, s.Version, s.Path, w.crash); err != nil {
		return fail(err)
	}
	if err := dropOld(o.Dir, stem, max(1, o.Keep)); err != nil {
		return fail(err)
	}
	return s, nil
}

// refuseLog refuses to publish over a file with a write-ahead log: somebody had
// the public name open for writing, and DuckDB would replay the log of the old file
// into the new one and then fail to open it.
func refuseLog(public string) error {
	if _, err := os.Lstat(public + ".wal"); err == nil {
		return fmt.Errorf("%s.wal exists: a snapshot must never be opened for writing; close whatever has it open and remove that file", public)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// draftSuffix marks snapshots that are not finished.
const draftSuffix = ".draft"

// removeLeftovers removes drafts that a killed process left. The caller holds the
// warehouse, and there is one warehouse to a directory.
func removeLeftovers(dir string) error {
	for _, pattern := range []string{"*" + draftSuffix, "*" + draftSuffix + ".*"} {
		old, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
		if err != nil {
			return err
		}
		for _, path := range old {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// copyTo writes a copy of everything that outsiders may see, and checks that it is
// whole.
func (w *Warehouse) copyTo(ctx context.Context, path string) (int64, error) {
	fresh, err := Create(ctx, Options{Path: path, Now: w.now})
	if err != nil {
		return 0, err
	}
	if err := fresh.Close(); err != nil {
		return 0, err
	}
	for _, suffix := range []string{".lock", ".ledger"} {
		if err := removeIfThere(path + suffix); err != nil {
			return 0, err
		}
	}
	if err := w.fill(ctx, path); err != nil {
		return 0, err
	}
	if err := refuseLog(path); err != nil {
		return 0, err
	}
	if err := syncFile(path); err != nil {
		return 0, err
	}
	w.crash("draft-written")
	return w.compare(ctx, path)
}

// fill copies the tables' rows into a warehouse without any.
func (w *Warehouse) fill(ctx context.Context, path string) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.readOnly || w.closed {
		return errors.New("the warehouse is not open for writing")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "ATTACH "+quote(abs)+" AS snapshot"); err != nil {
		return err
	}
	defer func() {
		_, detachErr := w.conn.ExecContext(context.WithoutCancel(ctx), "DETACH snapshot")
		err = errors.Join(err, detachErr)
	}()
	var tables []string
	var name string
	if err := scanEach(ctx, w.conn, `SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY table_name`,
		[]any{&name}, func() { tables = append(tables, name) }); err != nil {
		return err
	}
	err = inTransaction(ctx, w.conn, func() error {
		for _, table := range tables {
			if private[table] {
				continue
			}
			copyRows := "DELETE FROM snapshot." + table + "; INSERT INTO snapshot." + table + " FROM " + table
			if _, err := w.conn.ExecContext(ctx, copyRows); err != nil {
				return fmt.Errorf("copy %s: %w", table, err)
			}
			w.crash("table-copied")
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = w.conn.ExecContext(ctx, "CHECKPOINT snapshot")
	return err
}

// private are the tables that a snapshot leaves empty: kept intermediate output.
var private = map[string]bool{"stage": true}

// quote makes text a SQL literal, where DuckDB takes no parameters.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// compare opens a copy as a reader would and compares its content with ours.
func (w *Warehouse) compare(ctx context.Context, path string) (size int64, err error) {
	r, err := OpenReadOnly(ctx, Options{Path: path, Now: w.now})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	const content = `SELECT count(*)::BIGINT, coalesce(sum(observed_count), 0)::BIGINT, coalesce(sum(hash), 0)::VARCHAR,
		(SELECT count(*) FROM item), (SELECT count(*) FROM file), (SELECT count(*) FROM prediction) FROM response_block`
	var ours, theirs [6]string
	for side, dst := range map[*Warehouse]*[6]string{w: &ours, r: &theirs} {
		if err := side.db.QueryRowContext(ctx, content).Scan(&dst[0], &dst[1], &dst[2], &dst[3], &dst[4], &dst[5]); err != nil {
			return 0, err
		}
	}
	if ours != theirs {
		return 0, fmt.Errorf("the copy is not whole: it has %v, want %v", theirs, ours)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// place gives a finished draft its version's name and makes the public name mean
// it. Both are one rename; the public name is a second link to the same file.
func place(draft, version, public string, crash func(string)) error {
	if err := os.Rename(draft, version); err != nil {
		return err
	}
	crash("version-renamed")
	link := public + draftSuffix
	if err := os.Link(version, link); err != nil {
		return err
	}
	crash("linked")
	if err := os.Rename(link, public); err != nil {
		return err
	}
	crash("published")
	return syncDir(filepath.Dir(public))
}

// dropOld removes all but the newest versions.
func dropOld(dir, stem string, keep int) error {
	versions, err := filepath.Glob(filepath.Join(escapeGlob(dir), stem+"-*.duckdb"))
	if err != nil {
		return err
	}
	slices.Sort(versions) // their names are times
	for _, path := range versions[:max(0, len(versions)-keep)] {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// IsSnapshot reports whether a path is that of the newest snapshot or of a version of
// it: a file of the public name has its versions beside it.
func IsSnapshot(path string) (bool, error) {
	stem := strings.TrimSuffix(SnapshotName, ".duckdb")
	if name := filepath.Base(path); name != SnapshotName && !strings.HasPrefix(name, stem+"-") {
		return false, nil
	}
	versions, err := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(path)), stem+"-????????T??????.??????Z.duckdb"))
	return len(versions) > 0, err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
