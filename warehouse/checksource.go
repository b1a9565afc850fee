package warehouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"metabench/corpus"
)

// checkSources looks at the local files that answers were imported from.
func (w *Warehouse) checkSources(ctx context.Context, read bool) ([]Finding, error) {
	var found []Finding
	var files []corpus.File
	var f corpus.File
	err := scanEach(ctx, w.db, `SELECT path, size, sha256 FROM file WHERE repo = '' ORDER BY path`, []any{&f.Path, &f.Size, &f.SHA256}, func() { files = append(files, f) })
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		finding := Finding{Check: "source_files", Severity: Warning, Object: f.Path, Remedy: "import it again if the change was meant"}
		info, err := os.Stat(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			finding.Severity, finding.Detail, finding.Remedy = Note, "is not there any more", "none is needed: its answers are in the warehouse"
		case err != nil:
			finding.Detail = err.Error()
		case info.Size() < f.Size:
			finding.Detail = fmt.Sprintf("was cut to %d of %d bytes since it was imported", info.Size(), f.Size)
		case info.Size() != f.Size:
			finding.Detail = fmt.Sprintf("was replaced since it was imported: %d bytes, were %d", info.Size(), f.Size)
		case read && f.SHA256 != "":
			sum, err := hashFile(ctx, f.Path)
			if err != nil {
				return found, err
			}
			if sum == f.SHA256 {
				continue
			}
			finding.Detail = "has other bytes than when it was imported"
		default:
			continue
		}
		found = append(found, finding)
	}
	return found, nil
}

func hashFile(ctx context.Context, path string) (sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return file.Read(p)
	})); err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
