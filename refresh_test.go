package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"metabench/warehouse"
)

// undisturbed is what a refresh that nobody disturbed leaves, what its tables hold, and
// how long it took.
type undisturbed struct {
	dir    string
	hashes map[string]string
	took   time.Duration
}

var undisturbedOnce struct {
	sync.Once
	undisturbed
}

func undisturbedRefresh(t *testing.T) undisturbed {
	t.Helper()
	undisturbedOnce.Do(func() {
		hub, err := replica()
		if err != nil {
			t.Fatal(err)
		}
		s := site{dir: filepath.Join(hub.dir, "undisturbed")}
		if err := os.Mkdir(s.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		e := s.run(t, "refresh")
		if e.code != 0 || e.errors != "" || strings.Count(e.out, "\n") != 1 {
			t.Fatalf("a refresh that ends well prints one line: %+v", e)
		}
		undisturbedOnce.undisturbed = undisturbed{dir: s.dir, hashes: hashesOf(t, s.warehouse()), took: e.took}
	})
	if undisturbedOnce.hashes == nil {
		t.Fatal("no refresh could be finished undisturbed")
	}
	return undisturbedOnce.undisturbed
}

// refreshedSite is a site after an undisturbed refresh.
func refreshedSite(t *testing.T) site {
	t.Helper()
	s := newSite(t)
	if err := os.CopyFS(s.dir, os.DirFS(undisturbedRefresh(t).dir)); err != nil {
		t.Fatal(err)
	}
	snapshots, err := filepath.Glob(filepath.Join(s.dir, "published", "*.duckdb"))
	if err != nil || len(snapshots) == 0 {
		t.Fatalf("nothing was published: %v", err)
	}
	for _, path := range snapshots { // what copying does not keep
		if err := os.Chmod(path, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func hashesOf(t *testing.T, path string) map[string]string {
	t.Helper()
	w, err := warehouse.OpenReadOnly(t.Context(), warehouse.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	hashes, err := w.TableHashes(t.Context())
	if err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	return hashes
}

// mustBeSound checks what a refresh that did not come to its end has left: the
// warehouse, every answer in it, and whatever was published.
func (s site) mustBeSound(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(s.warehouse()); err == nil {
		e := s.run(t, "check", "--read-data", "--json")
		var found []warehouse.Finding
		if err := json.Unmarshal([]byte(e.out), &found); err != nil || e.code != 0 {
			t.Errorf("check: %v: %+v", err, e)
		}
		for _, f := range found {
			if f.Severity == warehouse.Damage || f.Remedy == "" {
				t.Error(f)
			}
		}
	}
	if _, err := os.Stat(s.snapshot()); err == nil {
		if hashes := hashesOf(t, s.snapshot()); hashes["prediction"] == "0-0" {
			t.Error("a snapshot without results was published")
		}
	}
	if text, err := os.ReadFile(s.metrics()); err == nil && !wholeMetrics(string(text)) {
		t.Errorf("half a metrics file:\n%s", text)
	}
}

// wholeMetrics reports whether the last metric that a refresh writes is there.
func wholeMetrics(text string) bool {
	_, last, found := strings.Cut(text, "# TYPE metabench_refresh_vanished_repositories gauge\n")
	return found && strings.HasPrefix(last, "metabench_refresh_vanished_repositories ") && strings.HasSuffix(last, "\n")
}

// mustRecover lets the next refresh finish, and compares everything it leaves with
// what an undisturbed one does.
func (s site) mustRecover(t *testing.T) {
	t.Helper()
	want := undisturbedRefresh(t).hashes
	s.mustBeSound(t)
	if e := s.run(t, "refresh"); e.code != 0 || e.errors != "" {
		t.Fatalf("the next refresh: %+v", e)
	}
	s.mustBeSound(t)
	for _, path := range []string{s.warehouse(), s.snapshot()} {
		if diff := cmp.Diff(want, hashesOf(t, path)); diff != "" {
			t.Errorf("%s differs from an undisturbed one:\n%s", path, diff)
		}
	}
	if text, err := os.ReadFile(s.metrics()); err != nil || !wholeMetrics(string(text)) {
		t.Errorf("metrics file: %v\n%s", err, text)
	}
	s.mustHaveTheLake(t)
	for _, pattern := range []string{"*.wal", "*.new", "lake.*", "published/*.draft*", "published/*.wal", ".*prom*"} {
		if left, err := filepath.Glob(filepath.Join(s.dir, pattern)); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

// mustHaveTheLake compares the lake's answers with the snapshot's.
func (s site) mustHaveTheLake(t *testing.T) {
	t.Helper()
	answers, err := filepath.Glob(filepath.Join(s.lake(), "responses", "benchmark=*", "*.parquet"))
	if err != nil || len(answers) != 2 {
		t.Errorf("answers in the lake: %v %v", answers, err)
	}
	if _, err := os.Stat(filepath.Join(s.lake(), "_METABENCH_LAKE")); err != nil {
		t.Error(err)
	}
}

// summary is what refresh --json says.
type summary struct {
	Fetched  int    `json:"fetched_repositories"`
	Built    int    `json:"built_benchmarks"`
	Skipped  int    `json:"unchanged_benchmarks"`
	Snapshot string `json:"snapshot"`
	Lake     string `json:"lake"`
}

// mustRefresh runs a refresh that must end well, and not say more than its summary.
func (s site) mustRefresh(t *testing.T, args ...string) summary {
	t.Helper()
	e := s.run(t, append([]string{"refresh", "--json"}, args...)...)
	var did summary
	if err := json.Unmarshal([]byte(e.out), &did); err != nil || e.code != 0 || e.errors != "" {
		t.Fatalf("%v: %+v", err, e)
	}
	return did
}

func TestRefreshDoesWhatItsInputsAskForAndNoMore(t *testing.T) {
	rounds(t)
	s := refreshedSite(t)
	nothing := func(step string) {
		t.Helper()
		if did := s.mustRefresh(t); did != (summary{Skipped: 2}) {
			t.Errorf("%s: nothing was to be done, and it did %+v", step, did)
		}
	}
	nothing("right after")
	for _, path := range []string{s.snapshot(), filepath.Join(s.lake(), "_METABENCH_LAKE")} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		if path != s.snapshot() {
			if err := os.RemoveAll(s.lake()); err != nil {
				t.Fatal(err)
			}
		}
		if did := s.mustRefresh(t); (did.Snapshot != "") != (path == s.snapshot()) || (did.Lake != "") == (path == s.snapshot()) || did.Built > 0 {
			t.Errorf("%s was lost, and it did %+v", path, did)
		}
	}
	nothing("after the repair")
	if err := os.Chmod(s.snapshot(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.snapshot(), 5000); err != nil {
		t.Fatal(err)
	}
	if did := s.mustRefresh(t); did.Snapshot == "" || did.Lake != "" {
		t.Errorf("the snapshot was cut off, and it did %+v", did)
	}
	if did := s.mustRefresh(t, "--config", s.otherSeed(t)); did.Built != 2 || did.Fetched > 0 || did.Snapshot == "" || did.Lake == "" {
		t.Errorf("a setting changed, and it did %+v", did)
	}
}

// otherSeed is a configuration that makes everything that was built stale.
func (s site) otherSeed(t *testing.T) string {
	t.Helper()
	path := filepath.Join(s.dir, "config.yaml")
	if err := os.WriteFile(path, []byte("build: {seed: 7}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRefreshOfNothingSaysSo(t *testing.T) {
	s := newSite(t)
	if e := s.run(t, "refresh", "--no-crawl"); e.code != 10 || !strings.Contains(e.errors, "crawl or import") {
		t.Errorf("%+v", e)
	}
	if _, err := os.Stat(s.warehouse()); err == nil {
		t.Error("an empty warehouse was made")
	}
}

// A stage that is computed alone, while the others come from the cache, has the bytes
// of one that was computed after the others: an interrupted build continues like this.
func TestStageComputedAloneGivesTheSameBytes(t *testing.T) {
	rounds(t)
	want := undisturbedRefresh(t).hashes
	s := refreshedSite(t)
	for _, stage := range []string{"chance", "choose A random", "reconstruct A"} {
		if e := s.run(t, "build", "--stage", stage); e.code != 0 {
			t.Fatalf("%s: %+v", stage, e)
		}
		if diff := cmp.Diff(want, hashesOf(t, s.warehouse())); diff != "" {
			t.Errorf("%s: %s", stage, diff)
		}
	}
}
