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
	Dir        string // made when it is not there
	Keep       int    // how many snapshots stay, the new one included; at least 1
	Limits     Limits // of the gates
	AcceptLoss bool   // publish although a gate is shut, unless there is nothing at all
	Force      bool   // publish although a quality check failed
	IfChanged  bool   // publish only if the newest snapshot is not whole or says something else
}

// Snapshot is a published copy of the warehouse. It is never written to again, so
// any number of people may have it open while the next one is made.
type Snapshot struct {
	Path     string    `json:"path"`     // always the newest
	Version  string    `json:"version"`  // this very one; empty when nothing had changed
	Bytes    int64     `json:"bytes"`    //
	Findings []Finding `json:"findings"` // of the quality checks
}

// GateError says that a quality check kept the warehouse from being published.
// The snapshot of before stays.
type GateError struct{ Findings []Finding }

func (e *GateError) Error() string {
	var bad []string
	for _, f := range e.Findings {
		if f.Severity == Damage || f.Severity == Gate {
			bad = append(bad, f.String())
		}
	}
	return fmt.Sprintf("publish: nothing is published, and an earlier snapshot stays, because of\n%s", strings.Join(bad, "\n"))
}

// Publish makes a snapshot: a compact copy in a fresh file, written under another
// name, closed, synced, read back, and renamed into place. Readers have either the
// old snapshot or the new one, whole. Nobody may write it, the owner included.
//
// Errors: *GateError.
func (w *Warehouse) Publish(ctx context.Context, o PublishOptions) (Snapshot, error) {
	s := Snapshot{Path: filepath.Join(o.Dir, SnapshotName)}
	err := w.publish(ctx, o, &s)
	if gate := (*GateError)(nil); err == nil || errors.As(err, &gate) {
		return s, err
	}
	return s, fmt.Errorf("publish %s: %w", s.Path, err)
}

func (w *Warehouse) publish(ctx context.Context, o PublishOptions, s *Snapshot) (err error) {
	if err := w.disk.makeDir(o.Dir); err != nil {
		return err
	}
	if err := refuseLog(s.Path); err != nil {
		return err
	}
	if err := w.removeDrafts(o.Dir); err != nil {
		return err
	}
	gates, err := w.gates(ctx, o.Dir, o.Limits)
	if err != nil {
		return err
	}
	if o.AcceptLoss {
		gates = accepted(gates)
	}
	if o.IfChanged && !Gated(gates) { // a closed gate is reported every night
		same, err := w.isUpToDate(ctx, s.Path)
		if err != nil {
			return err
		}
		if same {
			return w.dropOld(o.Dir, max(1, o.Keep))
		}
	}
	if err := w.RefreshStatistics(ctx); err != nil {
		return err
	}
	s.Version = filepath.Join(o.Dir, snapshotStem+"-"+w.now().UTC().Format("20060102T150405.000000Z")+".duckdb")
	draft := s.Version + draftSuffix
	err = w.hold(ctx, func(now *Warehouse) error { // what is checked is what is copied
		if s.Findings, err = now.Check(ctx, CheckOptions{}); err != nil {
			return err
		}
		s.Findings = append(s.Findings, gates...)
		worstFirst(s.Findings)
		if (Damaged(s.Findings) || Gated(s.Findings)) && !o.Force {
			return &GateError{Findings: s.Findings}
		}
		s.Bytes, err = w.copyTo(ctx, now, draft)
		return err
	})
	if err != nil {
		return errors.Join(err, w.removeDrafts(o.Dir))
	}
	w.crash("before-rename")
	if err := w.install(draft, s.Version, s.Path); err != nil {
		return err
	}
	return w.dropOld(o.Dir, max(1, o.Keep))
}

// snapshotStem begins the names of all snapshots.
var snapshotStem = strings.TrimSuffix(SnapshotName, ".duckdb")

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

// removeDrafts removes what a killed process left of snapshots. The caller holds
// the warehouse, and there is one warehouse to a directory.
func (w *Warehouse) removeDrafts(dir string) error {
	for _, pattern := range []string{"*" + draftSuffix, "*" + draftSuffix + ".*"} {
		old, err := filepath.Glob(filepath.Join(escapeGlob(dir), snapshotStem+pattern))
		if err != nil {
			return err
		}
		for _, path := range old {
			if err := w.disk.remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// install gives a finished draft its version's name and makes the public name mean
// it. Both are one rename; the public name is a second link to the same file.
func (w *Warehouse) install(draft, version, public string) error {
	if err := w.disk.rename(draft, version); err != nil {
		return err
	}
	w.crash("version-renamed")
	link := public + draftSuffix
	if err := w.disk.link(version, link); err != nil {
		return err
	}
	w.crash("linked")
	if err := w.disk.rename(link, public); err != nil {
		return err
	}
	w.crash("published")
	return w.disk.sync(filepath.Dir(public))
}

// dropOld removes all but the newest versions.
func (w *Warehouse) dropOld(dir string, keep int) error {
	all, err := versions(dir)
	if err != nil {
		return err
	}
	for _, path := range all[:max(0, len(all)-keep)] {
		if err := w.disk.remove(path); err != nil {
			return err
		}
	}
	return nil
}

// versions are the dated snapshots of a directory, oldest first.
func versions(dir string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(escapeGlob(dir), snapshotStem+"-*.duckdb"))
	slices.Sort(all) // their names are times
	return all, err
}

// IsSnapshot reports whether a path is that of the newest snapshot or of a version of
// it: a file of the public name has its versions beside it.
func IsSnapshot(path string) (bool, error) {
	if name := filepath.Base(path); name != SnapshotName && !strings.HasPrefix(name, snapshotStem+"-") {
		return false, nil
	}
	versions, err := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(path)), snapshotStem+"-????????T??????.??????Z.duckdb"))
	return len(versions) > 0, err
}
