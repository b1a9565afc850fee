package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/scraper"
)

// serve starts hub serve and returns its address and the commands that it prints for
// its user to try.
func (s site) serve(t *testing.T, args ...string) (endpoint string, commands []string) {
	t.Helper()
	cmd := s.command(t, append([]string{"hub", "serve", "--addr", "127.0.0.1:0", "--no-quota"}, args...)...)
	out, outWriter := io.Pipe()
	messages, messagesWriter := io.Pipe()
	cmd.Stdout, cmd.Stderr = outWriter, messagesWriter
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		go func() { _, _ = io.Copy(io.Discard, messages) }() // its last words
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(messages)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		if command, ok := strings.CutPrefix(lines.Text(), "  "); ok {
			commands = append(commands, command)
		}
	}
	return strings.TrimSpace(line), commands
}

// sh runs a line as a user would type it, with metabench on the path.
func (s site) sh(t *testing.T, line string) ended {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(bin, "metabench")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", line)
	cmd.Dir = s.dir
	cmd.Env = []string{asProgram + "=1", "PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + s.dir, "HF_HOME=" + s.dir, "TMPDIR=" + os.TempDir()}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return ended{code: cmd.ProcessState.ExitCode(), out: out.String(), errors: errs.String()}
}

// The commands that a scaled replica prints work as they are.
func TestScaledReplicaSaysHowItIsCrawled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, commands := s.serve(t, "--models", "3", "--scale", "0.05", "--broken", "0")
	if len(commands) != 2 {
		t.Fatalf("commands %q", commands)
	}
	for k, line := range commands {
		if k == len(commands)-1 {
			line += " --json --no-progress"
		}
		e := s.sh(t, line)
		if e.code != 0 {
			t.Fatalf("%s: %+v", line, e)
		}
		if k < len(commands)-1 {
			continue
		}
		var did scraper.Summary
		if err := json.Unmarshal([]byte(e.out), &did); err != nil || did.Tasks[corpus.StatusDone] == 0 || did.Standing.Failed() != 0 {
			t.Errorf("%v: %+v", err, did)
		}
	}
}

// With the built-in catalogue every file is refused: every night says so, in its exit
// code too, although nothing is tried again after the first.
func TestCrawlOverNothingIsNoSuccessOnAnyNight(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint, _ := s.serve(t, "--models", "3", "--scale", "0.05", "--broken", "0")
	for night := range 3 {
		e := s.sh(t, "HF_ENDPOINT="+endpoint+" metabench crawl --json --no-progress")
		var did scraper.Summary
		if err := json.Unmarshal([]byte(e.out), &did); err != nil || e.code != 3 || did.Standing.Files.Permanent != 3*62 || did.Standing.FailedShare() != 1 {
			t.Errorf("night %d: %v, exit %d, standing %+v\n%s", night, err, e.code, did.Standing, e.errors)
		}
		for _, b := range did.Standing.Benchmarks {
			if b.PermanentShare() != 1 || b.Models != 3 {
				t.Errorf("night %d: %+v", night, b)
			}
		}
	}
	for query, want := range map[string]string{
		"count(distinct (repo, task)) as n from failure where kind = 'file' and reason like '%catalogue%' and remedy like '%--retry-failed%'": "186",
		"count(*) as n from repo_state where status = 'permanent' and error like '62 of 62 tasks could not be read%'":                         "3",
		"count(*) as n from benchmark_status where failed_models = 3 and models = 0":                                                          "6",
	} {
		e := s.sh(t, `metabench query --json "select `+query+`"`)
		if e.code != 0 || !strings.Contains(e.out, `"n": `+want) {
			t.Errorf("%s: %+v, want %s", query, e, want)
		}
	}
	if e := s.sh(t, "metabench status"); e.code != 0 || !strings.Contains(e.out, "hellaswag") || !strings.Contains(e.out, "failed_models") {
		t.Errorf("status: %+v", e)
	}
}
