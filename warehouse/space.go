package warehouse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// logMegabytes is how far the write-ahead log grows before it is emptied into the
// file. It is more than DuckDB's 16 MB: each checkpoint rewrites the row group that
// small loads append to.
const logMegabytes = 64

// spaceMargin is how much more than what is planned must be free.
const spaceMargin = 1.2

// CheckSpace looks for room on the disk before work begins: for the file and its log,
// and, where their directories are given, for a snapshot (a compact copy is no larger
// than the file) and a lake (the next one is about as large as the last). Too little
// is worth a warning, not an error, since nothing but trying tells what is needed.
func CheckSpace(path, publishDir, lakeDir string) ([]Finding, error) {
	file, err := sizeOf(path)
	if err != nil {
		return nil, fmt.Errorf("look for room on the disk: %w", err)
	}
	planned := map[string]int64{filepath.Dir(path): max(file, logMegabytes<<20)}
	if publishDir != "" {
		planned[publishDir] += file
	}
	if lakeDir != "" {
		lake := file
		if _, bytes, err := measureDir(lakeDir); err == nil {
			lake = bytes
		}
		planned[filepath.Dir(filepath.Clean(lakeDir))] += lake
	}
	type disk struct {
		dir           string
		planned, free int64
	}
	disks := map[[2]int32]*disk{}
	var found []Finding
	for _, dir := range sortedKeys(planned) {
		var info unix.Statfs_t
		if err := unix.Statfs(existing(dir), &info); err != nil {
			return nil, fmt.Errorf("look for room on the disk of %s: %w", dir, err)
		}
		d := disks[info.Fsid.Val]
		if d == nil {
			d = &disk{dir: dir, free: int64(info.Bavail) * info.Bsize}
			disks[info.Fsid.Val] = d
		}
		before := spaceMargin*float64(d.planned) > float64(d.free)
		d.planned += planned[dir]
		if !before && spaceMargin*float64(d.planned) > float64(d.free) {
			found = append(found, Finding{Check: "disk_space", Severity: Warning, Object: d.dir,
				Detail: fmt.Sprintf("%.0f MB are free on its disk, and about %.0f MB may be written", float64(d.free)/1e6, float64(d.planned)/1e6),
				Remedy: "make room, or keep fewer snapshots (publish.keep)"})
		}
	}
	return found, nil
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// existing is the nearest directory above a path that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return dir
		}
		dir = parent
	}
}
