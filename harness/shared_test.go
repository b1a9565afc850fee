package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// sharedData returns a path under ../shared/data beside the module's root, and
// skips the test where the data are not at hand.
func sharedData(t testing.TB, path ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	full := filepath.Join(append([]string{filepath.Dir(dir), "shared", "data"}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("real data not at hand: %v", err)
	}
	return full
}
