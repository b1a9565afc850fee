package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a taken lock is tried again while waiting for it.
const lockPoll = 100 * time.Millisecond

// fileLock is the kernel's lock on the file beside a warehouse. It vanishes with
// the process that holds it, however that ends. The file itself is never removed:
// a removed one could be locked by two processes at once.
type fileLock struct{ file *flock.Flock }

func lockPath(path string) string { return path + ".lock" }

func holderOf(o Options) Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return Holder{PID: os.Getpid(), Host: host, Started: o.Now().UTC(), Command: o.Command}
}

// acquireLock takes the lock, waiting at most wait for it, and writes down who
// holds it.
func acquireLock(ctx context.Context, path string, wait time.Duration, holder Holder) (*fileLock, error) {
	l := flock.New(lockPath(path), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
	locked, err := l.TryLock()
	if err == nil && !locked && wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		locked, err = l.TryLockContext(waiting, lockPoll)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lock warehouse %s: %w", path, errors.Join(err, l.Close()))
	}
	if !locked {
		return nil, errors.Join(&LockedError{Path: path, Holder: readHolder(path)}, l.Close())
	}
	text, err := json.Marshal(holder)
	if err == nil {
		// Written through the locked descriptor's path: whoever reads a torn text
		// only loses the name of the holder, never the lock.
		err = os.WriteFile(lockPath(path), append(text, '\n'), 0o644)
	}
	if err != nil {
		return nil, fmt.Errorf("lock warehouse %s: %w", path, errors.Join(err, l.Close()))
	}
	return &fileLock{file: l}, nil
}

// readHolder reads who wrote itself down last; nil when that cannot be read.
func readHolder(path string) *Holder {
	text, err := os.ReadFile(lockPath(path))
	if err != nil {
		return nil
	}
	var h Holder
	if json.Unmarshal(text, &h) != nil || h.PID == 0 {
		return nil
	}
	return &h
}

func (l *fileLock) release() error {
	// The name is taken away first: a reader that shuts the next writer out must
	// not be taken for us.
	return errors.Join(os.Truncate(l.file.Path(), 0), l.file.Close())
}
