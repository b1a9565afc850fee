package warehouse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// someWork is a load, a publication and an export, on a warehouse that was published
// and exported before.
func someWork(t *testing.T, dir string, seed uint64, o Options) error {
	t.Helper()
	o.Path, o.Now, o.Threads = filepath.Join(dir, "w.duckdb"), clock, 1
	w, err := Open(t.Context(), o)
	if err != nil {
		return err
	}
	work := func() error {
		in := randomImport(seed, 12, 8)
		for k := range in.Blocks {
			in.Blocks[k].File.Path = "/nowhere/gone.csv" // replaces what soundFiles has
		}
		if _, err := w.Import(t.Context(), in); err != nil {
			return err
		}
		if _, err := w.Publish(t.Context(), PublishOptions{Dir: filepath.Join(dir, "public"), Keep: 1, IfChanged: true}); err != nil {
			return err
		}
		_, err := w.Export(t.Context(), ExportOptions{Dir: filepath.Join(dir, "lake"), IfChanged: true})
		return err
	}
	err = work()
	return errors.Join(err, w.Close())
}

// worked is a directory in which someWork was done with another load.
func worked(t *testing.T) string {
	t.Helper()
	files, err := soundFiles()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for suffix, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "w.duckdb"+suffix), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := someWork(t, dir, 8, Options{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// SQLite's way: the n-th operation on the disk fails, for n = 1, 2, 3 and so on until
// there is no n-th. Every time what was published before is still there, and doing
// the work again ends where it would have.
func TestAnyDiskOperationMayFail(t *testing.T) {
	needRounds(t)
	start := worked(t)
	again := func() string {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(start)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	before := readHashes(t, filepath.Join(start, "public", SnapshotName))
	whole := again()
	if err := someWork(t, whole, 9, Options{}); err != nil {
		t.Fatal(err)
	}
	want := readHashes(t, filepath.Join(whole, "w.duckdb"))
	step := max(1, 12/rounds()) // all of them when the test is to be thorough
	failed := 0
	for n := 1; ; n += step {
		dir := again()
		calls, what := 0, ""
		err := someWork(t, dir, 9, Options{fault: func(operation, path string) error {
			if calls++; calls != n {
				return nil
			}
			what = operation + " " + filepath.Base(path)
			return fmt.Errorf("%s: %w", what, syscall.EIO)
		}})
		if calls < n {
			break
		}
		if err == nil || !errors.Is(err, syscall.EIO) {
			t.Errorf("operation %d (%s) failed and nobody noticed: %v", n, what, err)
		}
		failed++
		public := readHashes(t, filepath.Join(dir, "public", SnapshotName))
		if !cmp.Equal(public, before) && !cmp.Equal(public, want) {
			t.Errorf("operation %d (%s): the snapshot is neither the old nor the new one", n, what)
		}
		if _, err := os.Stat(filepath.Join(dir, "lake", lakeMarkName)); err != nil {
			t.Errorf("operation %d (%s): the lake is gone: %v", n, what, err)
		}
		if err := someWork(t, dir, 9, Options{}); err != nil {
			t.Fatalf("after operation %d (%s): %v", n, what, err)
		}
		mustBeSound(t, dir)
		for _, path := range []string{"w.duckdb", filepath.Join("public", SnapshotName)} {
			if diff := cmp.Diff(want, readHashes(t, filepath.Join(dir, path))); diff != "" {
				t.Errorf("after operation %d (%s): %s: %s", n, what, path, diff)
			}
		}
		mustHaveLeftNothing(t, dir)
	}
	if failed < 3 {
		t.Errorf("only %d operations failed", failed)
	}
}

// mustHaveLeftNothing looks for files that only unfinished work has.
func mustHaveLeftNothing(t *testing.T, dir string) {
	t.Helper()
	for _, pattern := range []string{"public/*" + draftSuffix + "*", "public/*.wal", "lake.*", "w.duckdb.wal", "w.duckdb.new*"} {
		if left, err := filepath.Glob(filepath.Join(dir, pattern)); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

// A reader that looks for the lake at any instant finds a whole one.
func TestLakeIsExchangedUnderItsReaders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	p := lakePlace(disk{func(string, string) error { return nil }}, filepath.Join(root, "lake"))
	fill := func(dir string) {
		t.Helper()
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, lakeMarkName), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fill(p.dir)
	fill(p.draft)
	if ok, err := p.disk.exchange(p.draft, p.dir); err != nil || !ok {
		t.Skipf("the file system of %s can't exchange names: %v", root, err)
	}
	if err := p.recover(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var reader sync.WaitGroup
	var looks, missing int
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			looks++
			if _, err := os.Stat(filepath.Join(p.dir, lakeMarkName)); err != nil {
				missing++
			}
		}
	})
	for range 200 {
		fill(p.draft)
		if err := p.swap(func(string) {}); err != nil {
			t.Error(err)
		}
	}
	close(done)
	reader.Wait()
	if missing > 0 || looks < 200 {
		t.Errorf("the lake was missing %d of %d times", missing, looks)
	}
}

// Where names can't be exchanged there is an instant between two renames. A process
// that dies in it leaves the old lake under another name, and the next one finds it.
func TestLakeComesBackAfterACrashBetweenTwoRenames(t *testing.T) {
	t.Parallel()
	dir := worked(t)
	unsupported := func(operation, _ string) error {
		if operation == "exchange" {
			return errors.ErrUnsupported
		}
		return nil
	}
	died := errors.New("died")
	func() {
		defer func() {
			if recover() != died { //nolint:errorlint // the very value
				t.Error("the point between the renames was not reached")
			}
		}()
		p := lakePlace(disk{unsupported}, filepath.Join(dir, "lake"))
		if err := os.Mkdir(p.draft, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := p.swap(func(point string) {
			if point == "lake-moved-away" {
				panic(died)
			}
		}); err != nil {
			t.Error(err)
		}
	}()
	if _, err := os.Stat(filepath.Join(dir, "lake")); err == nil {
		t.Fatal("the lake was not moved away")
	}
	if err := lakePlace(disk{unsupported}, filepath.Join(dir, "lake")).recover(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "lake", lakeMarkName)); err != nil {
		t.Error(err)
	}
	if err := someWork(t, dir, 9, Options{fault: unsupported}); err != nil {
		t.Error(err)
	}
	mustHaveLeftNothing(t, dir)
}
