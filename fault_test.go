package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests here disturb a refresh: they kill it, signal it, start it twice, take its
// disk or the reader of its output away. Each looks at what is left, lets another
// refresh finish, and compares the tables with those of an undisturbed one.

// moment waits for a moment in the life of a process; false when that ended before.
type moment struct {
	name string
	come func(s site) bool
	late time.Duration // after it has come
}

// appears is the moment when a file of that name is there.
func appears(name, pattern string) moment {
	return moment{name: name, come: func(s site) bool {
		found, err := filepath.Glob(filepath.Join(s.dir, pattern))
		return err == nil && len(found) > 0
	}}
}

// moments are the stages of a refresh as they can be seen from outside. Analysis has
// no file that records it; it is met by times in between.
func moments() []moment {
	return []moment{
		appears("crawl", "metabench.duckdb.wal"),
		appears("publish", "published/*.draft"),
		appears("publish_copy", "published/*.draft.wal"),
		appears("lake", "lake.metabench-draft"),
		appears("lake_written", "lake.metabench-draft/_METABENCH_LAKE"),
		appears("lake_in_place", "lake/_METABENCH_LAKE"),
		appears("metrics", "metabench.prom"),
	}
}

func after(d time.Duration) moment {
	return moment{name: "after_" + d.Round(time.Millisecond).String(), come: func(site) bool { return true }, late: d}
}

// strike starts the program, sends it a signal when the moment has come, and waits for
// its end. struck is false when it ended before.
func (s site) strike(t *testing.T, sig syscall.Signal, m moment, args ...string) (e ended, struck bool) {
	t.Helper()
	cmd := s.command(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	result := make(chan time.Time, 1)
	go func() {
		defer close(result)
		// Before it holds the warehouse, a signal finds nothing to interrupt.
		for !s.isHeldBy(cmd.Process.Pid) || !m.come(s) {
			select {
			case <-gone:
				return
			case <-time.After(time.Millisecond):
			}
		}
		select {
		case <-gone:
			return
		case <-time.After(m.late):
		}
		if cmd.Process.Signal(sig) == nil {
			result <- time.Now()
		}
	}()
	err := cmd.Wait()
	close(gone)
	at, struck := <-result
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	e = ended{code: cmd.ProcessState.ExitCode(), out: fmt.Sprint(cmd.Stdout), errors: fmt.Sprint(cmd.Stderr)}
	if struck {
		e.took = time.Since(at)
	}
	return e, struck
}

// isHeldBy reports whether a process has written itself down as the writer.
func (s site) isHeldBy(pid int) bool {
	text, err := os.ReadFile(s.warehouse() + ".lock")
	return err == nil && strings.Contains(string(text), fmt.Sprintf(`"pid":%d,`, pid))
}

// A refresh is killed again and again, at random moments over all of its
// stages and as soon as each stage shows itself.
func TestRefreshKilledAtAnyMomentIsFinishedByTheNext(t *testing.T) {
	n := rounds(t)
	took := undisturbedRefresh(t).took
	rng := rand.New(rand.NewPCG(20261125, 1))
	all := moments()
	kills := 0
	for round := range n {
		t.Run(fmt.Sprintf("round_%d", round+1), func(t *testing.T) {
			s := newSite(t)
			for _, k := range rng.Perm(len(all))[:4] {
				m := all[k]
				if rng.IntN(2) == 0 {
					m = after(time.Duration(rng.Int64N(int64(took))))
				} else {
					m.late = time.Duration(rng.IntN(20)) * time.Millisecond
				}
				e, struck := s.strike(t, syscall.SIGKILL, m, "refresh")
				if struck {
					kills++
				}
				if e.code != -1 && e.code != 0 {
					t.Fatalf("killed at %s: %+v", m.name, e)
				}
			}
			s.mustRecover(t)
		})
	}
	if kills == 0 {
		t.Error("nothing was killed")
	}
}

// Signals end a refresh within two seconds, whatever it is doing.
func TestSignalEndsARefreshSoonAndCleanly(t *testing.T) {
	n := rounds(t)
	took := undisturbedRefresh(t).took
	rng := rand.New(rand.NewPCG(20261125, 2))
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	all := moments()
	for k := range 4 { // crawl, build and what comes between
		all = append(all, after(took*time.Duration(k+1)/6))
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	interrupted := 0
	var s site
	for k, m := range all[:min(len(all), 3*n)] {
		sig := signals[k%len(signals)]
		if k%len(signals) == 0 { // else it goes on where the one before was interrupted
			s = newSite(t)
		}
		t.Run(fmt.Sprintf("%s_%v", m.name, sig), func(t *testing.T) {
			e, struck := s.strike(t, sig, m, "refresh")
			switch {
			case !struck || e.code == 0: // it was done
			case e.code != 130:
				t.Errorf("%+v, want exit code 130", e)
			case e.took > 5*time.Second: // 2 s are promised on a machine that does nothing else
				t.Errorf("it took %v to end", e.took)
			default:
				interrupted++
				t.Logf("ended %v after the signal", e.took.Round(time.Millisecond))
			}
			if _, err := os.Stat(s.warehouse() + ".wal"); err == nil && e.code == 130 {
				t.Error("a write-ahead log is left")
			}
			if k%len(signals) == len(signals)-1 {
				s.mustRecover(t)
			}
		})
	}
	if interrupted == 0 {
		t.Error("no refresh was interrupted")
	}
}

// A reader that goes away, such as head, is no error of the program's: it ends with
// the code that shells know, without a word and with a sound warehouse.
func TestReaderOfTheOutputMayGoAway(t *testing.T) {
	rounds(t)
	s := refreshedSite(t)
	bundle := filepath.Join(s.dir, "metabench.bundle")
	for _, args := range [][]string{
		{"query", "from item_statistics", "--format", "csv"},
		{"status"},
		{"status", "--json"},
		{"check"},
		{"refresh"},
		{"export", "lake", "--dir", s.lake()},
		{"export", "bundle", bundle},
	} {
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) {
			cmd := s.command(t, args...)
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := read.Close(); err != nil {
				t.Fatal(err)
			}
			cmd.Stdout = write
			began := time.Now()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if err := write.Close(); err != nil {
				t.Fatal(err)
			}
			e := wait(t, cmd, began)
			silent := args[0] == "check" || slices.Contains(args, "bundle") // nothing was to be printed
			if want := map[bool]int{false: 141, true: 0}[silent]; e.code != want && !(silent && e.code == 141) || strings.Contains(e.errors, "panic") {
				t.Errorf("%+v, want exit code %d", e, want)
			}
			if e.code == 141 && strings.Contains(e.errors, "metabench: ") { // a hint is none
				t.Errorf("it complains: %s", e.errors)
			}
		})
	}
	s.mustRecover(t)
}

// An output that cannot be written, unlike one that nobody reads, is an error.
func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	rounds(t)
	s := refreshedSite(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	cmd := s.command(t, "query", "from item_statistics")
	cmd.Stdout = full
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if e := wait(t, cmd, began); e.code != 1 || !strings.Contains(e.errors, "no space left") {
		t.Errorf("%+v", e)
	}
}

// The second of two refreshes names the first, and does nothing.
func TestSecondRefreshNamesTheFirst(t *testing.T) {
	rounds(t)
	s := newSite(t)
	first := s.command(t, "refresh")
	began := time.Now()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for holder := ""; holder == ""; {
		text, err := os.ReadFile(s.warehouse() + ".lock")
		if err == nil && strings.HasSuffix(string(text), "\n") {
			holder = string(text)
		}
		time.Sleep(time.Millisecond)
	}
	second := s.run(t, "refresh")
	if second.code != 11 || second.out != "" {
		t.Errorf("%+v, want exit code 11", second)
	}
	for _, want := range []string{fmt.Sprintf("process %d ", first.Process.Pid), "(refresh)", time.Now().UTC().Format("since 2006-01-02T"), "wait for it"} {
		if !strings.Contains(second.errors, want) {
			t.Errorf("%q is not in %q", want, second.errors)
		}
	}
	if e := wait(t, first, began); e.code != 0 {
		t.Errorf("the first: %+v", e)
	}
	s.mustRecover(t)
}

// No file may grow beyond a limit, which fails as a full disk does.
func TestRefreshOnAFullDiskFailsCleanly(t *testing.T) {
	n := rounds(t)
	failed := 0
	limits := []int{600, 6000, 2400, 30, 12000} // in kB
	for _, kB := range limits[:min(len(limits), n)] {
		t.Run(fmt.Sprintf("%d_kB", kB), func(t *testing.T) {
			s := newSite(t)
			cmd := s.command(t, "refresh")
			limited := exec.Command("/bin/sh", append([]string{"-c", fmt.Sprintf(`trap "" XFSZ; ulimit -f %d; exec "$0" "$@"`, 2*kB), cmd.Path}, cmd.Args[1:]...)...)
			limited.Dir, limited.Env, limited.Stdout, limited.Stderr = cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr
			began := time.Now()
			if err := limited.Start(); err != nil {
				t.Fatal(err)
			}
			e := wait(t, limited, began)
			if e.code != 0 {
				failed++
			}
			if e.code != 0 && (e.code != 1 || e.errors == "" || strings.Contains(e.errors, "panic")) {
				t.Errorf("%+v", e)
			}
			s.mustRecover(t)
		})
	}
	if failed == 0 {
		t.Error("no limit was reached")
	}
}

// The same on a small file system of its own where one may be mounted.
func TestRefreshOnASmallFileSystemFailsCleanly(t *testing.T) {
	rounds(t)
	s := newSite(t)
	if err := syscall.Mount("tmpfs", s.dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skip("no file system can be mounted here: ", err)
	}
	defer func() {
		if err := syscall.Unmount(s.dir, 0); err != nil {
			t.Error(err)
		}
	}()
	e := s.run(t, "refresh")
	if e.code != 1 || !strings.Contains(e.errors, "No space left") {
		t.Errorf("%+v", e)
	}
	if !strings.HasPrefix(e.errors, "warning: disk_space: ") || !strings.Contains(e.errors, "make room") {
		t.Errorf("no warning came beforehand: %s", e.errors)
	}
	if err := syscall.Mount("tmpfs", s.dir, "tmpfs", syscall.MS_REMOUNT, "size=200m"); err != nil {
		t.Fatal(err)
	}
	s.mustRecover(t)
}
