package warehouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

// The tests here end a process that works on a warehouse: at a random moment, at
// a named point, with a torn log, a full disk. Each looks at what is left, lets
// another process finish the work, and compares the tables with those of a process
// that nobody disturbed.

// childMode makes the test binary do the work of the script in a directory.
// childCrash is "point n": kill yourself when the point is reached the n-th time.
// childLimit is the size in bytes that no file may exceed.
const (
	childMode  = "METABENCH_TEST_CHILD"
	childCrash = "METABENCH_TEST_CRASH"
	childLimit = "METABENCH_TEST_LIMIT"
)

// deliveries are a crawl of a few repositories.
func deliveries() []corpus.Delivery {
	rng := rand.New(rand.NewPCG(11, 12))
	var all []corpus.Delivery
	for i := range 6 {
		repo, model := fmt.Sprintf("o/details_%d", i), fmt.Sprintf("model %d", i)
		d := corpus.Delivery{Repo: corpus.RepoState{Repo: repo, Commit: "c", Model: model, Status: corpus.StatusDone, Updated: clock()},
			Model: &corpus.Model{Name: model, License: "mit"}}
		for _, task := range []string{"anatomy", "virology"} {
			stamp := fmt.Sprintf("2023-09-%02dT15-03-46.%06d", i+1, 1000*i)
			path := fmt.Sprintf("%[1]s/details_harness|hendrycksTest-%[2]s|5_%[1]s.parquet", stamp, task)
			switch i { // spellings that real repositories have, and one that nobody would
			case 3:
				path = strings.ReplaceAll(path, "15-03-46", "15:03:46")
			case 4:
				path = task + ".parquet"
			case 5:
				path = stamp + "/{stamp}/" + task
			}
			file := corpus.File{Repo: repo, Commit: "c", Path: path, Size: 9, SHA256: fmt.Sprint(i, task), Verified: corpus.VerifiedStructure, ReadAt: clock()}
			answers := make([]uint8, 400)
			for k := range answers {
				answers[k] = uint8(rng.IntN(2))
				if i == 0 {
					d.Items = append(d.Items, corpus.Item{Benchmark: "mmlu", Task: task, Position: k, Key: fmt.Sprint(task, ".", k)})
				}
			}
			d.Blocks = append(d.Blocks, corpus.Block{Model: model, Benchmark: "mmlu", Task: task, File: file, Correct: answers})
			d.Files = append(d.Files, corpus.FileState{Repo: repo, Commit: "c", Benchmark: "mmlu", Task: task, Path: file.Path, Size: 9, SHA256: file.SHA256, Status: corpus.StatusDone})
			d.Scores = append(d.Scores, corpus.Score{Model: model, Benchmark: "mmlu", Metric: task, Value: 50, File: file})
		}
		all = append(all, d)
	}
	return all
}

// script is the work: crawl what is not done, import, store results, publish,
// export. Doing any of it twice is the same as doing it once.
func script(ctx context.Context, dir string, o Options) (err error) {
	o.Path, o.Now, o.Threads = filepath.Join(dir, "w.duckdb"), clock, 1
	w, err := Create(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	done := map[string]bool{}
	states, err := w.Repos(ctx)
	if err != nil {
		return err
	}
	for _, s := range states {
		done[s.Repo] = s.Status == corpus.StatusDone
	}
	for _, d := range deliveries() {
		if !done[d.Repo.Repo] {
			if err := w.Record(ctx, d); err != nil {
				return err
			}
		}
	}
	first, second := randomImport(3, 40, 30), randomImport(4, 40, 30)
	for _, in := range []corpus.Import{first, second} { // the second changes the file
		if _, err := w.Import(ctx, in); err != nil {
			return err
		}
	}
	input, err := w.Fingerprint(ctx, "quiz")
	if err != nil {
		return err
	}
	a, err := w.BeginRun(ctx, Run{Seed: 1, InputFingerprint: input})
	if err != nil {
		return err
	}
	s := someResults(2)
	s.Abilities[0].Model = "model 0003"
	if err := w.StoreResults(ctx, a.RunID, s); err != nil {
		return err
	}
	if err := w.StoreStage(ctx, "quiz", "fit", input, []byte("output")); err != nil {
		return err
	}
	if err := w.FinishRun(ctx, a, RunDone, nil); err != nil {
		return err
	}
	if _, err := w.Publish(ctx, PublishOptions{Dir: filepath.Join(dir, "public"), Keep: 2}); err != nil {
		return err
	}
	_, err = w.Export(ctx, ExportOptions{Dir: filepath.Join(dir, "lake")})
	return err
}

func childMain() int {
	var o Options
	if at := strings.LastIndex(os.Getenv(childCrash), " "); at >= 0 {
		point, n := os.Getenv(childCrash)[:at], os.Getenv(childCrash)[at+1:]
		left, err := strconv.Atoi(n)
		if err != nil {
			return 2
		}
		o.crash = func(here string) {
			if here != point {
				return
			}
			if left--; left == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		o.fault = func(operation, _ string) error { o.crash(operation); return nil } // every operation on the disk is a point too
	}
	if limit := os.Getenv(childLimit); limit != "" {
		size, err := strconv.ParseUint(limit, 10, 64)
		if err != nil {
			return 2
		}
		signal.Ignore(syscall.SIGXFSZ) // so that writing fails as on a full disk
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: size}); err != nil {
			return 2
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := script(ctx, os.Getenv(childMode), o)
	var locked *LockedError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &locked):
		fmt.Fprintln(os.Stderr, err)
		return 11
	case errors.Is(err, context.Canceled):
		return 130
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// child starts the script in a process of its own.
func child(t *testing.T, dir string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(append(os.Environ(), childMode+"="+dir), env...)
	cmd.Stderr = &bytes.Buffer{}
	return cmd
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode() // −1: killed
}

// undisturbed is what the tables hold when nobody interferes.
func undisturbed(t *testing.T) map[string]string {
	t.Helper()
	hashes, err := undisturbedOnce()
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}

var undisturbedOnce = sync.OnceValues(func() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "warehouse")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	if err := script(ctx, dir, Options{}); err != nil {
		return nil, err
	}
	r, err := OpenReadOnly(ctx, Options{Path: filepath.Join(dir, "w.duckdb")})
	if err != nil {
		return nil, err
	}
	hashes, err := r.TableHashes(ctx)
	return hashes, errors.Join(err, r.Close())
})

// mustRecover looks at what a dead process left, finishes its work and compares.
func mustRecover(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	mustBeSound(t, dir)
	if err := script(t.Context(), dir, Options{}); err != nil {
		t.Fatalf("finishing the work: %v", err)
	}
	mustBeSound(t, dir)
	for _, path := range []string{"w.duckdb", filepath.Join("public", SnapshotName)} {
		if diff := cmp.Diff(want, readHashes(t, filepath.Join(dir, path))); diff != "" {
			t.Errorf("%s differs from an undisturbed one:\n%s", path, diff)
		}
	}
	for _, pattern := range []string{"public/*" + draftSuffix + "*", "public/*.wal", "lake.*", "w.duckdb.wal"} {
		if left, err := filepath.Glob(filepath.Join(dir, pattern)); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

// mustBeSound checks the warehouse, if there is one, and every snapshot.
func mustBeSound(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "w.duckdb")
	if _, err := os.Stat(path); err == nil {
		w, err := Open(t.Context(), Options{Path: path, Now: clock, Threads: 1})
		if err != nil {
			t.Fatalf("opening what is left: %v", err)
		}
		for _, f := range mustCheck(t, w, CheckOptions{ReadData: true}) {
			if f.Severity == Damage {
				t.Error(f)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	snapshots, err := filepath.Glob(filepath.Join(dir, "public", "*.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range snapshots {
		readHashes(t, path)
	}
}

// faultRounds is how often the tests with chance in them are repeated. Most tests
// here start processes and take seconds, so they run when it is set: 5 is a quick
// look, 200 is thorough.
const faultRounds = "METABENCH_FAULT_ROUNDS"

func rounds() int {
	n, err := strconv.Atoi(os.Getenv(faultRounds))
	if err != nil {
		return 0
	}
	return n
}

func needRounds(t *testing.T) {
	t.Helper()
	if rounds() == 0 {
		t.Skip("a fault test: set " + faultRounds + "=5")
	}
}

func TestKilledAtARandomMoment(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	rng := rand.New(rand.NewPCG(20261123, 1))
	dir := t.TempDir()
	for round := range rounds() {
		if rng.IntN(4) == 0 { // else the next one meets what this one leaves
			dir = t.TempDir()
		}
		cmd := child(t, dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(rng.IntN(700))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if code := exitCode(t, err); code != 0 && code != -1 {
			t.Fatalf("round %d: exit code %d: %s", round, code, cmd.Stderr)
		}
		if round%3 == 2 {
			mustRecover(t, dir, want)
			dir = t.TempDir()
			continue
		}
		mustBeSound(t, dir)
	}
}

func TestKilledAtEveryStep(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	points := map[string]int{ // how often each is tried
		"before-commit": rounds(), "after-commit": rounds(), "table-copied": rounds(), "draft-written": 1, "before-rename": 1,
		"version-renamed": 1, "linked": 1, "published": 1, "migrated": 1, "lake-table-written": 1, "lake-swapped": 1,
		"append": rounds(), "write": rounds(), "seal": 1, "rename": rounds(),
	}
	stride := max(1, 12/rounds()) // so that few tries reach loads, statistics, results and runs too
	for _, point := range sortedKeys(points) {
		t.Run(point, func(t *testing.T) {
			for try := range points[point] {
				n := 1 + try*stride
				dir := t.TempDir()
				code := exitCode(t, child(t, dir, fmt.Sprintf("%s=%s %d", childCrash, point, n)).Run())
				if code == 0 {
					return // the point is not reached that often
				}
				if code != -1 {
					t.Fatalf("exit code %d", code)
				}
				mustRecover(t, dir, want)
			}
		})
	}
}

// leaveLog lets a process die right after a commit late in the script, so that a
// write-ahead log with several loads is left.
func leaveLog(t *testing.T) (dir, log string) {
	t.Helper()
	dir = t.TempDir()
	if code := exitCode(t, child(t, dir, childCrash+"=after-commit 11").Run()); code != -1 {
		t.Fatalf("exit code %d", code)
	}
	log = filepath.Join(dir, "w.duckdb.wal")
	if info, err := os.Stat(log); err != nil || info.Size() < 1000 {
		t.Fatalf("no write-ahead log was left: %v", err)
	}
	return dir, log
}

func TestTornLogIsNoticedAndMadeGood(t *testing.T) {
	t.Parallel()
	want := undisturbed(t)
	noticed := 0
	cuts := map[string]func(int64) int64{"a_third_left": func(n int64) int64 { return n / 3 }}
	if rounds() > 0 {
		cuts["half_left"] = func(n int64) int64 { return n / 2 }
		cuts["7_bytes_missing"] = func(n int64) int64 { return n - 7 }
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			dir, log := leaveLog(t)
			info, err := os.Stat(log)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(log, cut(info.Size())); err != nil {
				t.Fatal(err)
			}
			w, err := Open(t.Context(), Options{Path: filepath.Join(dir, "w.duckdb"), Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			lost := w.Lost()
			found := mustCheck(t, w, CheckOptions{})
			if len(lost) > 0 {
				noticed++
			}
			if Damaged(found) != (len(lost) > 0) {
				t.Errorf("%d loads lost, findings %v", len(lost), found)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			// Closing and opening again must not hide the loss.
			w = openAt(t, filepath.Join(dir, "w.duckdb"))
			if diff := cmp.Diff(lost, w.Lost()); diff != "" {
				t.Error(diff)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := script(t.Context(), dir, Options{}); err != nil {
				t.Fatal(err)
			}
			mustRecover(t, dir, want)
		})
	}
	if noticed == 0 {
		t.Error("no load was lost: the log was cut in vain")
	}
}

func TestFlippedBitIsRefusedAndQuarantined(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	for _, name := range []string{"w.duckdb.wal", "w.duckdb"} {
		t.Run(name, func(t *testing.T) {
			dir, _ := leaveLog(t)
			path := filepath.Join(dir, name)
			o := Options{Path: filepath.Join(dir, "w.duckdb"), Now: clock}
			if name == "w.duckdb" { // everything in the file, no log
				w, err := Open(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			flipped := false
			for at := len(text) / 4; at < len(text) && !flipped; at += len(text) / 16 {
				damagedText := bytes.Clone(text)
				damagedText[at] ^= 0x10
				if err := os.WriteFile(path, damagedText, 0o644); err != nil {
					t.Fatal(err)
				}
				flipped = isNoticed(t, o)
			}
			if !flipped {
				t.Fatal("no flipped bit was noticed anywhere in the file")
			}
			found, err := Repair(t.Context(), o, CheckOptions{ReadData: true})
			if err != nil || Damaged(slices.DeleteFunc(found, func(f Finding) bool { return f.Check == "lost_loads" })) {
				t.Fatalf("%v: %v", err, found)
			}
			if aside, err := filepath.Glob(filepath.Join(dir, "*.damaged-*")); err != nil || len(aside) == 0 {
				t.Errorf("nothing was put aside: %v", err)
			}
			if err := script(t.Context(), dir, Options{}); err != nil {
				t.Fatal(err)
			}
			mustRecover(t, dir, want)
		})
	}
}

// isNoticed opens and checks; damage must show as *DamagedError when opening, or
// as a finding. A bit in unused space is nobody's loss.
func isNoticed(t *testing.T, o Options) bool {
	t.Helper()
	w, err := Open(t.Context(), o)
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		return true
	}
	if err != nil {
		t.Fatalf("damage shows as %v, want a *DamagedError", err)
	}
	found, err := w.Check(t.Context(), CheckOptions{ReadData: true})
	noticed := err != nil || Damaged(found)
	if err := w.abandon(); err != nil {
		t.Fatal(err)
	}
	return noticed
}

// abandon closes without writing anything.
func (w *Warehouse) abandon() error {
	w.closed = true
	return errors.Join(w.ledger.close(), w.conn.Close(), w.pool.Close(), w.lock.release())
}

func TestFullDiskFailsCleanly(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	failed := 0
	for _, limit := range []int{300_000, 2_000_000, 20_000, 600_000, 5_000_000} {
		dir := t.TempDir()
		cmd := child(t, dir, fmt.Sprintf("%s=%d", childLimit, limit))
		if code := exitCode(t, cmd.Run()); code == 1 {
			failed++
			if cmd.Stderr.(*bytes.Buffer).Len() == 0 {
				t.Errorf("limit %d: failed without a word", limit)
			}
		} else if code != 0 {
			t.Errorf("limit %d: exit code %d: %s", limit, code, cmd.Stderr)
		}
		mustRecover(t, dir, want)
	}
	if failed == 0 {
		t.Error("no limit was reached")
	}
}

func TestOfTwoProcessesAtOnceOneWaitsOrGivesUp(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	dir := t.TempDir()
	first, second := child(t, dir), child(t, dir)
	for _, cmd := range []*exec.Cmd{first, second} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	codes := []int{exitCode(t, first.Wait()), exitCode(t, second.Wait())}
	if !(codes[0] == 0 && codes[1] == 0) && codes[0]+codes[1] != 11 {
		t.Errorf("exit codes %v, want 0 and 11: %s%s", codes, first.Stderr, second.Stderr)
	}
	mustRecover(t, dir, want)
}

func TestLockOfAKilledHolderIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code := exitCode(t, child(t, dir, childCrash+"=before-commit 3").Run()); code != -1 {
		t.Fatalf("exit code %d", code)
	}
	openAt(t, filepath.Join(dir, "w.duckdb"))
}

func TestInterruptEndsTheWorkWithinTwoSeconds(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	dir := t.TempDir()
	cmd := child(t, dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(250 * time.Millisecond)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if code := exitCode(t, cmd.Wait()); code != 130 && code != 0 && code != -1 { // −1: before signals were caught
		t.Errorf("exit code %d: %s", code, cmd.Stderr)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	mustRecover(t, dir, want)
}

func TestCancelledAnywhereLeavesASoundWarehouse(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	dir := t.TempDir()
	for round := range rounds() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(3+17*round)*time.Millisecond)
		err := script(ctx, dir, Options{})
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("round %d: %v, want context.DeadlineExceeded", round, err)
		}
	}
	mustRecover(t, dir, want)
}

func TestLostPublishedFileIsRepairedByTheNextRun(t *testing.T) {
	needRounds(t)
	want := undisturbed(t)
	dir := t.TempDir()
	if err := script(t.Context(), dir, Options{}); err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(dir, "public", SnapshotName)
	if err := os.Remove(public); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(public+draftSuffix, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRecover(t, dir, want)
}

func TestHostileNamesAreOnlyValues(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	names := []string{"a'); DROP TABLE response_block;--", `x" AS y`, "$1 ? :name %s {}", "Привет–你好 💥", strings.Repeat("long", 2500), " ", "\t\n", "\\", "../../etc/passwd",
		"a\x00b", "\x00", "a", "longer than what DuckDB keeps inline\x00, and its tail"}
	var in corpus.Import
	for k, name := range names {
		b := blockOf(name, name, 1, uint8(k%2))
		b.Benchmark, b.Task = name, name
		in.Blocks = append(in.Blocks, b)
	}
	mustImport(t, w, in)
	for _, name := range names {
		table, _, err := w.Responses(t.Context(), name, All)
		if err != nil || len(table.Models) != 1 || table.Models[0] != name {
			t.Errorf("%.40q: %v", name, err)
		}
		if n := values(t, w, `SELECT count(*) FROM lineage WHERE model = $1 AND benchmark = $1 AND task = $1 AND path = $1`, name)[0][0]; n != int64(1) {
			t.Errorf("%.40q: %v lineages", name, n)
		}
	}
	mustShowNamesEverywhere(t, w, names)
	const name = "a\xffb" // what is no text has no place in a column of text
	b := blockOf("f.csv", name, 1)
	var bad *corpus.DataError
	if _, err := w.Import(t.Context(), corpus.Import{Blocks: []corpus.Block{b}}); !errors.As(err, &bad) {
		t.Errorf("%q: error %v, want a *corpus.DataError", name, err)
	}
	d := corpus.Delivery{Repo: corpus.RepoState{Repo: name}}
	if err := w.Record(t.Context(), d); !errors.As(err, &bad) {
		t.Errorf("repository %q: error %v, want a *corpus.DataError", name, err)
	}
}

// mustShowNamesEverywhere looks for names in a snapshot and in a lake.
func mustShowNamesEverywhere(t *testing.T, w *Warehouse, names []string) {
	t.Helper()
	want := make([][]any, 0, len(names))
	for _, name := range slices.Sorted(slices.Values(names)) {
		want = append(want, []any{name})
	}
	s := mustPublish(t, w, PublishOptions{Dir: t.TempDir()})
	r, err := OpenReadOnly(t.Context(), Options{Path: s.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, column := range []string{"model", "benchmark", "task", "path"} {
		if diff := cmp.Diff(want, values(t, r, `SELECT DISTINCT `+column+` FROM lineage ORDER BY ALL`)); diff != "" {
			t.Errorf("%s in the snapshot: %s", column, diff)
		}
	}
	lake, err := w.Export(t.Context(), ExportOptions{Dir: filepath.Join(t.TempDir(), "lake")})
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"model", "task", "benchmark"} {
		got := values(t, w, `SELECT DISTINCT `+column+` FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false) ORDER BY ALL`, filepath.Join(lake.Dir, "responses", "*", "*.parquet"))
		if column == "benchmark" { // it is in a path, which cannot hold what is very long
			long := func(row []any) bool { return len(row[0].(string)) > maxHiveName/2 }
			want, got = slices.DeleteFunc(want, long), slices.DeleteFunc(got, long)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s in the lake: %s", column, diff)
		}
	}
}
