package warehouse

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// place is a directory that is replaced as a whole, with the names that the next one
// and the last one have beside it meanwhile.
type place struct {
	disk            disk
	dir, draft, old string
}

// lakePlace is the directory of a lake; where its name is a link, the directory that
// it means. The names beside it are such that nobody else has files under them.
func lakePlace(d disk, dir string) place {
	dir = filepath.Clean(dir)
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	return place{disk: d, dir: dir, draft: dir + ".metabench-draft", old: dir + ".metabench-old"}
}

// recover removes what a killed process left. Where it died between two renames, the
// directory of before gets its name back first.
func (p place) recover() error {
	if _, err := os.Lstat(p.dir); errors.Is(err, fs.ErrNotExist) {
		if err := p.disk.rename(p.old, p.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	} else if err != nil {
		return err
	}
	for _, left := range []string{p.draft, p.old} {
		if err := p.disk.removeAll(left); err != nil {
			return err
		}
	}
	return nil
}

// swap puts the draft in the place of the directory. Readers find either one: the
// kernel exchanges the two names in one step. Where a file system cannot do that (or
// there is no directory yet) it takes renames, with an instant between two of them in
// which the name is missing.
func (p place) swap(crash func(string)) error {
	if err := syncTree(p.disk, p.draft); err != nil {
		return err
	}
	_, err := os.Lstat(p.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = p.disk.rename(p.draft, p.dir)
	case err == nil:
		err = p.replace(crash)
	}
	if err != nil {
		return err
	}
	crash("lake-swapped")
	if err := p.disk.sync(filepath.Dir(p.dir)); err != nil {
		return err
	}
	return errors.Join(p.disk.removeAll(p.draft), p.disk.removeAll(p.old))
}

func (p place) replace(crash func(string)) error {
	exchanged, err := p.disk.exchange(p.draft, p.dir)
	if err != nil || exchanged {
		return err
	}
	if err := p.disk.rename(p.dir, p.old); err != nil {
		return err
	}
	crash("lake-moved-away")
	if err := p.disk.rename(p.draft, p.dir); err != nil {
		return errors.Join(err, os.Rename(p.old, p.dir))
	}
	return nil
}

// syncTree waits until the disk has every file of a directory.
func syncTree(d disk, dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return d.sync(path)
	})
}
