// Package refdata gives tests and benchmarks the real data that lie beside the
// repository, in ../shared/data. They are no part of it: without them these tests
// are skipped.
package refdata

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Path returns the absolute path of a file or directory of the real data, elem being
// its path below their root; without elem, that of the root. The test is skipped
// where there is no such file, and fails outside the module.
func Path(tb testing.TB, elem ...string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
	path := filepath.Join(filepath.Dir(dir), "shared", "data", filepath.Join(elem...))
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("no real data beside the repository: %v", err)
	}
	return path
}

// ReadCSV returns the records of the CSV file at path, the header first; names that
// end in .gz are decompressed. The test fails if the file can't be read or is empty.
func ReadCSV(tb testing.TB, path string) [][]string {
	tb.Helper()
	f, err := os.Open(path)
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
