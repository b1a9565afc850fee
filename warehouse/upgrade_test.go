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
	t.Parallel()
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
			// What old programs did not have.
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
	t.Parallel()
	path := unpackOld(t, "testdata/schema-26.duckdb.gz")
	dir := filepath.Dir(path)
	if code := exitCode(t, child(t, dir, childCrash+"=migrated 1").Run()); code != -1 {
		t.Fatalf("exit code %d: the upgrade did not get as far as the crash", code)
	}
	mustRecover(t, dir, undisturbed(t))
}

// Views that the program had once are dropped, so that a snapshot, which does not have
// them, says the same as the warehouse. What somebody made by hand stays and is not
// published.
func TestViewsOfAnEarlierProgramAreDropped(t *testing.T) {
	t.Parallel()
	path := unpackOld(t, "testdata/schema-26.duckdb.gz")
	tamper(t, path, `
		CREATE VIEW once AS SELECT 1 AS x; CREATE MACRO scalar_once(a) AS a; CREATE MACRO table_once(a) AS TABLE SELECT a;
		CREATE VIEW by_hand AS SELECT 2 AS x;
		INSERT INTO schema_view VALUES ('once', 'x'), ('scalar_once', 'x'), ('table_once', 'x')`)
	w := openAt(t, path)
	left := values(t, w, `
		SELECT view_name FROM duckdb_views() WHERE NOT internal AND (view_name LIKE '%once' OR view_name = 'by_hand')
		UNION ALL SELECT function_name FROM duckdb_functions() WHERE NOT internal AND function_name LIKE '%once'
		UNION ALL SELECT name FROM schema_view WHERE name LIKE '%once'`)
	if len(left) != 1 || left[0][0] != "by_hand" {
		t.Errorf("left: %v, want by_hand alone", left)
	}
	o := PublishOptions{Dir: filepath.Join(t.TempDir(), "public"), Keep: 3, IfChanged: true}
	for k, want := range []bool{true, false, false} {
		s, err := w.Publish(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if (s.Version != "") != want {
			t.Errorf("night %d: published %q", k+1, s.Version)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w = openAt(t, path); len(values(t, w, `FROM by_hand`)) != 1 {
		t.Error("the view made by hand is gone")
	}
}

func TestSnapshotThatSomebodyAddedToIsReplaced(t *testing.T) {
	t.Parallel()
	for _, add := range []string{`CREATE VIEW mine AS SELECT 1 AS x`, `CREATE MACRO mine(a) AS a`, `CREATE OR REPLACE MACRO item_responses(a, b) AS TABLE SELECT 1`} {
		w := soundWarehouse(t)
		o := PublishOptions{Dir: filepath.Join(t.TempDir(), "public"), Keep: 3, IfChanged: true}
		s, err := w.Publish(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(s.Version, 0o600); err != nil {
			t.Fatal(err)
		}
		tamper(t, s.Version, add)
		if s, err = w.Publish(t.Context(), o); err != nil || s.Version == "" {
			t.Errorf("%s: the snapshot stayed, error %v", add, err)
		}
	}
}

// A reader cannot bring a file up to date, and checks what it can.
func TestCheckOfAnOlderWarehouseSaysWhatItCannotCheck(t *testing.T) {
	t.Parallel()
	path := unpackOld(t, "testdata/schema-26.duckdb.gz")
	tamper(t, path, `DELETE FROM run; DROP VIEW scores`)
	r, err := OpenReadOnly(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	found := mustCheck(t, r, CheckOptions{ReadData: true})
	mustFind(t, found, "older_schema", Warning)
	mustFind(t, found, "results_without_run", Damage) // which comes after checks that fail
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, f := range mustCheck(t, openAt(t, path), CheckOptions{}) {
		if f.Check == "older_schema" {
			t.Errorf("a writer has brought it up to date: %v", f)
		}
	}
}
