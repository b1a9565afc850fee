package warehouse

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testdata/schema-N.duckdb.gz is a warehouse whose schema had N steps, as the program
// of that day left it after the script of fault_test.go (METABENCH_TEST_CHILD=DIR with
// the test binary). Every schema that people may have files of gets one.

// unpackOld puts an old warehouse into a directory and returns its path.
func unpackOld(t *testing.T, packed string) string {
	t.Helper()
	f, err := os.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "w.duckdb")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// copyOf copies a closed warehouse.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(path))); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, filepath.Base(path))
}

func TestOlderWarehouseIsUpgradedWithoutLoss(t *testing.T) {
	old, err := filepath.Glob("testdata/schema-*.duckdb.gz")
	if err != nil || len(old) == 0 {
		t.Fatalf("no old warehouses: %v", err)
	}
	want := undisturbed(t)
	for _, packed := range old {
		t.Run(strings.TrimSuffix(filepath.Base(packed), ".duckdb.gz"), func(t *testing.T) {
			path := unpackOld(t, packed)
			w := openAt(t, path)
			for _, f := range mustCheck(t, w, CheckOptions{ReadData: true}) {
				if f.Severity == Damage {
					t.Error(f)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, readHashes(t, path)); diff != "" {
				t.Errorf("differs from a warehouse of today with the same content:\n%s", diff)
			}
			// What no old program knew.
			if _, _, err := openAt(t, copyOf(t, path)).CreateRelease(t.Context(), ReleaseOptions{Version: "v1"}); err != nil {
				t.Error(err)
			}
			// The work goes on where the old program left it, and there is nothing to do.
			if err := script(t.Context(), filepath.Dir(path), Options{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, readHashes(t, path)); diff != "" {
				t.Errorf("differs after going on:\n%s", diff)
			}
		})
	}
}

// A process that dies while it upgrades leaves the old file or the new one.
func TestKilledWhileUpgrading(t *testing.T) {
	path := unpackOld(t, "testdata/schema-26.duckdb.gz")
	dir := filepath.Dir(path)
	if code := exitCode(t, child(t, dir, childCrash+"=migrated 1").Run()); code != -1 {
		t.Fatalf("exit code %d: the upgrade did not get as far as the crash", code)
	}
	mustRecover(t, dir, undisturbed(t))
}
