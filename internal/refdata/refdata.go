// Package refdata opens the real data for tests and benchmarks. They are kept outside of the
// repository, in ../shared/data; without them these tests are skipped.
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
// working directory is in. The error says where they were looked for.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("real data: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			root := filepath.Join(filepath.Dir(dir), "shared", "data")
			if _, err := os.Stat(root); err != nil {
				return root, fmt.Errorf("no real data: looked for in %s", root)
			}
			return root, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no real data: they are kept beside a go.mod, and there is none above %s", start)
		}
	}
}

// Path returns the absolute path of a file or directory of the real data; elem is its path
// below their root, without elem that is the root. If there is no such file the test is
// skipped, and the message says where it was looked for.
func Path(tb testing.TB, elem ...string) string {
	tb.Helper()
	root, err := Root()
	if err != nil {
		tb.Skip(err)
	}
	path := filepath.Join(root, filepath.Join(elem...))
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("the real data lack a file: looked for at %s", path)
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
		tb.Skipf("the real data lack a file: looked for at %s", path)
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
