// Package refdata gives tests and benchmarks the real data that lie beside the
// repository, in ../shared/data. They are no part of it: without them these tests
// are skipped.
package refdata

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Root returns the directory of the real data: shared/data beside the module that the
// working directory is in. The error says where they were sought; nobody has to have
// them.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("real data: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			root := filepath.Join(filepath.Dir(dir), "shared", "data")
			if _, err := os.Stat(root); err != nil {
				return root, fmt.Errorf("no real data beside the repository: sought in %s", root)
			}
			return root, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no real data: they lie beside a go.mod, and there is none above %s", start)
		}
	}
}

// Path returns the absolute path of a file or directory of the real data, elem being
// its path below their root; without elem, that of the root. The test is skipped, with
// where it was sought, where there is no such file.
func Path(tb testing.TB, elem ...string) string {
	tb.Helper()
	root, err := Root()
	if err != nil {
		tb.Skip(err)
	}
	path := filepath.Join(root, filepath.Join(elem...))
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("the real data beside the repository lack a file: sought at %s", path)
	}
	return path
}

// ReadCSV returns the records of the CSV file at path, the header first; names that
// end in .gz are decompressed. The test is skipped if there is no such file, and fails
// if it can't be read or is empty.
func ReadCSV(tb testing.TB, path string) [][]string {
	tb.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skipf("the real data beside the repository lack a file: sought at %s", path)
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	}()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
	}
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	if len(records) == 0 {
		tb.Fatalf("%s: no header", path)
	}
	return records
}
