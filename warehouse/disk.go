package warehouse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// disk is what making a warehouse, its ledger, publishing and exporting do to files
// and directories, an operation a method, so that tests can make the n-th operation
// fail, or end the process before it.
type disk struct {
	fault func(operation, path string) error // an error to return in its place
}

func (d disk) makeDir(dir string) error {
	if err := d.fault("make directory", dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}

func (d disk) rename(from, to string) error {
	if err := d.fault("rename", from); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func (d disk) link(from, to string) error {
	if err := d.fault("link", from); err != nil {
		return err
	}
	return os.Link(from, to)
}

// remove removes a file that may not be there.
func (d disk) remove(path string) error {
	if err := d.fault("remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d disk) removeAll(dir string) error {
	if err := d.fault("remove directory", dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// exchange makes two names mean each other's directories, in one step. Where the
// file system cannot do that, ok is false and nothing has changed.
func (d disk) exchange(a, b string) (ok bool, err error) {
	if err := d.fault("exchange", a); errors.Is(err, errors.ErrUnsupported) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	err = unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("exchange %s and %s: %w", a, b, err)
	}
	return true, nil
}

// write replaces a file as a whole.
func (d disk) write(path string, text []byte) error {
	if err := d.fault("write", path); err != nil {
		return err
	}
	return renameio.WriteFile(path, text, 0o644)
}

// add writes at the end of an open file and waits until the disk has it.
func (d disk) add(f *os.File, text []byte) error {
	if err := d.fault("append", f.Name()); err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := d.fault("sync", f.Name()); err != nil {
		return err
	}
	return f.Sync()
}

// seal waits until the disk has a file and takes everybody's permission to write it.
func (d disk) seal(path string) error {
	if err := d.sync(path); err != nil {
		return err
	}
	if err := d.fault("seal", path); err != nil {
		return err
	}
	return os.Chmod(path, 0o444)
}

// sync waits until the disk has a file, or what a directory says about its files.
func (d disk) sync(path string) error {
	if err := d.fault("sync", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
