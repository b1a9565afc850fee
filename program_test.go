package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"metabench/internal/hubtest"
	"metabench/warehouse"
)

// The tests of this package start the program as cron does, in a process of its own:
// this test binary, which asProgram makes the program and nothing else.
const asProgram = "METABENCH_TEST_AS_PROGRAM"

// faultRounds is how often tests with chance in them are repeated; without it those
// that take long are left out. The warehouse's own fault tests know it too.
const faultRounds = "METABENCH_FAULT_ROUNDS"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		if err := os.Unsetenv(asProgram); err != nil { // the program refuses variables that it does not know
			panic(err)
		}
		main()
	}
	code := m.Run()
	if hub, err := replica(); err == nil {
		err = errors.Join(hub.Close(), os.RemoveAll(hub.dir))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

func rounds(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv(faultRounds))
	if err != nil || n == 0 {
		t.Skip("a fault test: set " + faultRounds + "=5")
	}
	return n
}

// smallHub is a replica of the Hub with a corpus as small as still builds, and the
// catalogue that says so.
type smallHub struct {
	*hubtest.Server
	corpus    *hubtest.Corpus
	dir       string
	catalogue string
}

// replica is started by the first test that needs it.
var replica = sync.OnceValues(func() (smallHub, error) {
	dir, err := os.MkdirTemp("", "metabench")
	if err != nil {
		return smallHub{}, err
	}
	return newSmallHub(dir, 64, 0)
})

// newSmallHub serves so many models, the first ones of all that there could be, and
// keeps the catalogue in a directory. Their files have more rows than that says by odd.
func newSmallHub(dir string, models, odd int) (smallHub, error) {
	h := smallHub{dir: dir, catalogue: filepath.Join(dir, "small.yaml")}
	var text bytes.Buffer
	text.WriteString("benchmarks:\n")
	small := hubtest.Scaled(hubtest.Leaderboard(), 0.03, 5)
	two := small[:0:0]
	for _, b := range small {
		if b.Name == "arc" || b.Name == "winogrande" {
			fmt.Fprintf(&text, "  - {name: %s, title: %s, metric: %s, shots: %d, options: %d, harness: %q, items: %d}\n",
				b.Name, b.Title, b.Metric, b.Shots, b.Options, b.Tasks[0].Harness, b.Tasks[0].Items)
			b.Tasks[0].Items += odd
			two = append(two, b)
		}
	}
	if err := os.WriteFile(h.catalogue, text.Bytes(), 0o600); err != nil {
		return h, err
	}
	h.corpus = hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 3, Models: models, Benchmarks: two})
	var err error
	h.Server, err = hubtest.NewServer(h.corpus, hubtest.ServerOptions{Unlimited: true})
	return h, err
}

// site is a directory that a refresh keeps everything in.
type site struct {
	dir string
	env []string // variables besides the usual ones, which they replace
}

func newSite(t *testing.T) site { return site{dir: t.TempDir()} }

func (s site) warehouse() string { return filepath.Join(s.dir, "metabench.duckdb") }
func (s site) snapshot() string {
	return filepath.Join(s.dir, "published", warehouse.SnapshotName)
}
func (s site) metrics() string { return filepath.Join(s.dir, "metabench.prom") }
func (s site) lake() string    { return filepath.Join(s.dir, "lake") }

// command is the program, about to be run in the site.
func (s site) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	hub, err := replica()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], args...)
	cmd.Dir = s.dir
	cmd.Env = []string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(),
		"HF_HOME=" + s.dir, "HF_ENDPOINT=" + hub.Endpoint(), "METABENCH_BENCHMARKS=" + hub.catalogue,
		"METABENCH_BUILD_ITEMS=6", "METABENCH_BUILD_SUBSETS=10", "METABENCH_BUILD_PRESELECT=12", "METABENCH_BUILD_FORMS=1",
		"METABENCH_BUILD_TEST_SHARE=0.2", "METABENCH_BUILD_VALIDATION_SHARE=0.2",
		"METABENCH_PUBLISH_LAKE=" + s.lake(), "METABENCH_PUBLISH_METRICS=" + s.metrics(), "METABENCH_PUBLISH_KEEP=2",
	}
	if cover := os.Getenv("GOCOVERDIR"); cover != "" {
		cmd.Env = append(cmd.Env, "GOCOVERDIR="+cover)
	}
	cmd.Env = append(cmd.Env, s.env...)
	cmd.Stdout, cmd.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return cmd
}

// ended is how a program came to its end.
type ended struct {
	code        int // −1: by a signal
	out, errors string
	took        time.Duration
}

func (s site) run(t *testing.T, args ...string) ended {
	t.Helper()
	cmd := s.command(t, args...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return wait(t, cmd, began)
}

func wait(t *testing.T, cmd *exec.Cmd, began time.Time) ended {
	t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	e := ended{code: cmd.ProcessState.ExitCode(), took: time.Since(began)}
	if b, ok := cmd.Stdout.(*bytes.Buffer); ok {
		e.out = b.String()
	}
	if b, ok := cmd.Stderr.(*bytes.Buffer); ok {
		e.errors = b.String()
	}
	return e
}
