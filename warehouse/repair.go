package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Repair checks a warehouse and mends what can be mended: first what keeps it from
// being opened, then what Check finds. A file that turns out to be unreadable only
// when its data are read is put aside as well. Nothing is deleted.
//
// Errors: *LockedError, *NotFoundError.
func Repair(ctx context.Context, o Options, c CheckOptions) ([]Finding, error) {
	o.setDefaults()
	all, err := Quarantine(ctx, o)
	if err != nil {
		return all, err
	}
	w, err := Open(ctx, o)
	if err != nil {
		return all, err
	}
	c.Repair = true
	found, err := w.Check(ctx, c)
	all = append(all, found...)
	bad := slices.IndexFunc(all, isUnreadable)
	if err := errors.Join(err, w.Close()); err != nil && bad < 0 {
		return all, err
	}
	if bad < 0 {
		return all, nil
	}
	for _, path := range []string{o.Path + ".wal", o.Path} {
		moved, err := putAside(ctx, o, path, stampOf(o))
		if err != nil {
			return all, err
		}
		if moved != "" {
			all = append(all, quarantined(path, moved, all[bad].Detail))
		}
	}
	all[bad].Repaired = true
	o.New = true
	w, err = Create(ctx, o)
	if err != nil {
		return all, err
	}
	return all, w.Close()
}

// putLedgerAside renames the ledger of a file that is gone: what it tells of is not
// missing from the file that is made in its place.
func putLedgerAside(d disk, o Options) error {
	loads, err := readLedger(o.Path)
	if err != nil || len(loads) == 0 {
		return err
	}
	aside, err := freeName(ledgerPath(o.Path) + ".gone-" + stampOf(o))
	if err != nil {
		return err
	}
	return d.rename(ledgerPath(o.Path), aside)
}

// freeName is a name that no file has: the one given, or that with a number.
func freeName(name string) (string, error) {
	for free, k := name, 2; ; k++ {
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free, nil
		} else if err != nil {
			return "", err
		}
		free = fmt.Sprintf("%s-%d", name, k)
	}
}

// stampOf is the time in the names of files put aside.
func stampOf(o Options) string { return o.Now().UTC().Format("20060102T150405Z") }

func quarantined(path, moved, why string) Finding {
	return Finding{Check: "quarantine", Severity: Damage, Object: path, Repaired: true,
		Detail: fmt.Sprintf("could not be read (%s) and was put aside as %s", why, moved),
		Remedy: "crawl and import again: only what is missing is read"}
}

// repair mends what loses nothing: orphaned files are forgotten, sums added up
// again, answers that do not fit their task taken out to be read
// again, and losses that nothing else shows any more are
// struck from the ledger once everything the manifest counts is there.
func (w *Warehouse) repair(ctx context.Context, findings []Finding) error {
	var files, sums, lost, misfits, other bool
	for _, f := range findings {
		switch f.Check {
		case "orphan_files":
			files = true
		case "kept_sums":
			sums = true
		case "lost_loads":
			lost = true
		case "answers_without_item":
			misfits, other = true, true
		default:
			other = other || f.Severity == Damage
		}
	}
	err := w.change(ctx, func(c *change) error {
		if misfits {
			if err := c.takeOutMisfits(); err != nil {
				return err
			}
		}
		if files {
			if err := c.forgetFiles(c.ctx, c.conn); err != nil {
				return err
			}
			c.written = true
		}
		if sums {
			return c.exec(`DELETE FROM item_sum`)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if sums {
		if err := w.RefreshStatistics(ctx); err != nil {
			return err
		}
	}
	left := map[string]bool{}
	if misfits {
		if left, err = w.objects(ctx, "answers_without_item"); err != nil {
			return err
		}
	}
	if lost && !other {
		if err := w.forgetLost(ctx); err != nil {
			return err
		}
	}
	for k, f := range findings {
		switch f.Check {
		case "orphan_files", "kept_sums":
			findings[k].Repaired = true
		case "answers_without_item":
			findings[k].Repaired = !left[f.Object]
		case "lost_loads":
			findings[k].Repaired = !other
		}
	}
	return nil
}

// forgetLost strikes lost loads from the ledger: they were reported, and the crawl
// reads again by itself what its state does not say is done.
func (w *Warehouse) forgetLost(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = nil
	return w.checkpointHeld(ctx)
}

// Quarantine puts what DuckDB cannot read aside, so that work can go on: first the
// write-ahead log, which leaves everything up to the last checkpoint, and if that
// is not enough the file. Nothing is deleted. It returns what it did; the ledger
// says afterwards which loads are lost.
//
// Errors: *LockedError, *NotFoundError.
func Quarantine(ctx context.Context, o Options) ([]Finding, error) {
	o.setDefaults()
	var done []Finding
	for _, path := range []string{o.Path + ".wal", o.Path} {
		w, err := Open(ctx, o)
		var damaged *DamagedError
		switch {
		case err == nil:
			return done, w.Close()
		case !errors.As(err, &damaged):
			return done, err
		}
		moved, err := putAside(ctx, o, path, stampOf(o))
		if err != nil {
			return done, err
		}
		if moved != "" {
			done = append(done, quarantined(path, moved, damaged.Err.Error()))
		}
	}
	o.New = true // the old file and its ledger were put aside
	w, err := Create(ctx, o)
	if err != nil {
		return done, err
	}
	return done, w.Close()
}

// putAside renames a file while nobody else has the warehouse.
func putAside(ctx context.Context, o Options, path, stamp string) (moved string, err error) {
	lock, err := acquireLock(ctx, o.Path, o.WaitLock, holderOf(o))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if moved, err = freeName(path + ".damaged-" + stamp); err != nil {
		return "", err
	}
	if err := os.Rename(path, moved); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("put %s aside: %w", path, err)
	}
	return moved, nil
}
