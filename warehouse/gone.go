package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// mustExist is an error where there is no file at a path: *GoneError where there was
// one, else *NotFoundError.
func mustExist(ctx context.Context, o Options) error {
	if _, err := os.Stat(o.Path); !errors.Is(err, fs.ErrNotExist) {
		return nil // or something that opening tells
	}
	if err := findTraces(ctx, o); err != nil {
		return err
	}
	return &NotFoundError{Path: o.Path}
}

// MustExist is an error where there is no warehouse: *GoneError where there was one,
// else *NotFoundError.
func MustExist(ctx context.Context, o Options) error {
	o.setDefaults()
	return mustExist(ctx, o)
}

// refuseNew is a *GoneError where a new file would take the place of one that is gone.
func refuseNew(ctx context.Context, o Options) error {
	if o.New {
		return nil
	}
	return findTraces(ctx, o)
}

// findTraces is a *GoneError where a ledger or a published snapshot tells of a file that
// is not there.
func findTraces(ctx context.Context, o Options) error {
	gone := &GoneError{Path: o.Path}
	loads, err := readLedger(o.Path)
	if err != nil {
		return err
	}
	for _, l := range loads {
		gone.Loads = max(gone.Loads, l.ID)
	}
	if o.Published != "" {
		err := readSnapshot(ctx, o, o.Published, func(r *Warehouse, path string) error {
			gone.Holds, err = r.holding(ctx)
			if err == nil && gone.Holds.Answers > 0 {
				gone.Snapshot = path
			}
			return err
		})
		if err != nil && !errors.Is(err, errNoSnapshot) {
			return err
		}
	}
	if gone.Loads == 0 && gone.Snapshot == "" {
		return nil
	}
	return gone
}

// holding is how much the warehouse holds.
func (w *Warehouse) holding(ctx context.Context) (h Holding, err error) {
	err = w.db.QueryRowContext(ctx, `SELECT count(DISTINCT model_id), coalesce(sum(observed_count), 0)::BIGINT FROM response_block`).
		Scan(&h.Models, &h.Answers)
	return h, err
}

// errNoSnapshot says that a directory has no snapshot that can be read.
var errNoSnapshot = errors.New("no snapshot can be read")

// readSnapshot opens the newest snapshot of a directory that can be read. Where there
// is none, the error is errNoSnapshot.
func readSnapshot(ctx context.Context, o Options, dir string, read func(r *Warehouse, path string) error) error {
	paths, err := versions(dir)
	if err != nil {
		return err
	}
	slices.Reverse(paths)
	for _, path := range append([]string{filepath.Join(dir, SnapshotName)}, paths...) {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		r, err := OpenReadOnly(ctx, Options{Path: path, MemoryLimit: o.MemoryLimit, Threads: o.Threads, Now: o.Now})
		if err == nil {
			err = read(r, path)
			err = errors.Join(err, r.Close())
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w in %s", errNoSnapshot, dir)
}
