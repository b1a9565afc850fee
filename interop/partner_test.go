//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// unreachable are pip's words for a registry that does not answer.
var unreachable = []string{"(from versions: none)", "Max retries exceeded", "NewConnectionError", "NameResolutionError", "Read timed out", "ConnectTimeout"}

// python is an interpreter with what a partner's lock file names, installed once into the
// user's cache. The test is skipped where that can't be had.
func python(t *testing.T, partner string) string {
	t.Helper()
	lock, err := filepath.Abs(filepath.Join(partner, "requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	version := run(t, "", system, "--version")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("no cache directory: ", err)
	}
	dir := filepath.Join(cache, "metabench-interop", fmt.Sprintf("%s-%x", partner, sha256.Sum256([]byte(version+system+string(text))))[:len(partner)+13])
	interpreter, done := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return interpreter
	}
	if err := os.RemoveAll(dir); err != nil { // an installation that was interrupted
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), system, "-m", "venv", dir).CombinedOutput(); err != nil {
		t.Skipf("python3 makes no virtual environment: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--no-deps", "--retries", "1", "--timeout", "20", "--requirement", lock).CombinedOutput()
	if err != nil {
		for _, words := range unreachable {
			if strings.Contains(string(out), words) {
				t.Skipf("SKIPPED, not tested: the registry of Python's packages is not reached: %s", words)
			}
		}
		t.Fatalf("install %s: %v\n%s", lock, err, out)
	}
	if err := os.WriteFile(done, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return interpreter
}

// scratch is removed after all tests.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "metabench-interop"); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(scratch); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// built builds the program, once.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "metabench")
	out, err := exec.Command("go", "build", "-o", path, "metabench").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, err
})

// metabench is the program.
func metabench(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run returns what a program prints to standard output.
func run(t *testing.T, in, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(program), strings.Join(args, " "), err, out.Bytes(), log.Bytes())
	}
	return out.String()
}

// verdict is what a script says of one check.
type verdict struct {
	Check  string
	Failed string // why; empty: it passed
}

// check runs a partner's script with facts, and makes each of its verdicts a subtest. At
// least so many are wanted.
func check(t *testing.T, partner string, facts any, least int) {
	t.Helper()
	in, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	directory, _, _ := strings.Cut(partner, "-") // duckdb-1.5 is another lock file of the script in duckdb
	lines := strings.Split(strings.TrimSpace(run(t, string(in), python(t, partner), filepath.Join(directory, "check.py"))), "\n")
	if len(lines) < least {
		t.Errorf("%d verdicts, want %d", len(lines), least)
	}
	for _, line := range lines {
		var v verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		t.Run(v.Check, func(t *testing.T) {
			if v.Failed != "" {
				t.Error(v.Failed)
			}
		})
	}
}
