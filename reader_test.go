package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	schema "metabench/sql"
)

// duckdbModules is the directory whose node_modules has another build of DuckDB:
// @duckdb/node-api, which .ci/run installs where it can.
const duckdbModules = "METABENCH_TEST_DUCKDB_MODULES"

// otherDuckDB is a program that opens snapshots without any of our code.
func otherDuckDB(t *testing.T) *exec.Cmd {
	t.Helper()
	rounds(t)
	dir := os.Getenv(duckdbModules)
	if dir == "" {
		t.Skipf("no other build of DuckDB: install @duckdb/node-api below a directory and name that in %s", duckdbModules)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node to run another build of DuckDB: ", err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "reader.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Env = append(os.Environ(), "DUCKDB_MODULES="+dir)
	cmd.Stderr = &bytes.Buffer{}
	return cmd
}

// workedQuestions are the queries of docs/warehouse.md, each made to answer with one
// text, so that two programs' answers can be compared whatever their types are called.
func workedQuestions(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(schema.Files, "queries/*.sql")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d worked queries: %v", len(names), err)
	}
	questions := make([]string, 0, len(names)+1)
	for _, name := range names {
		text, err := fs.ReadFile(schema.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		query := strings.TrimSuffix(strings.TrimSpace(string(text)), ";")
		questions = append(questions, "SELECT concat(count(*), ' ', md5(string_agg(answer::VARCHAR, '\n' ORDER BY answer::VARCHAR))) AS text FROM (\n"+query+"\n) AS answer")
	}
	return append(questions, `SELECT concat(count(*), ' ', md5(string_agg(p::VARCHAR, '\n' ORDER BY p::VARCHAR))) AS text FROM prediction AS p`)
}

// answers are what `metabench query` says to the same questions.
func (s site) answers(t *testing.T, snapshot string, questions []string) []string {
	t.Helper()
	e := s.run(t, "--warehouse", snapshot, "query", "--json", "SELECT unnest([("+strings.Join(questions, "), (")+")]) AS text")
	var rows []struct{ Text string }
	if err := json.Unmarshal([]byte(e.out), &rows); err != nil || len(rows) != len(questions) {
		t.Fatalf("%v: %+v", err, e)
	}
	answers := make([]string, len(rows))
	for k, row := range rows {
		answers[k] = row.Text
	}
	return answers
}

func TestOthersReadTheSnapshotWhileTheNextIsMade(t *testing.T) {
	reader := otherDuckDB(t)
	s := refreshedSite(t)
	questions := workedQuestions(t)
	expected := [][]string{s.answers(t, s.snapshot(), questions)}

	reader.Args = append(reader.Args, s.snapshot())
	ask, err := reader.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(ask).Encode(questions); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(answers)
	if !lines.Scan() { // it has read the first snapshot once
		t.Fatalf("the reader says nothing: %s", reader.Stderr)
	}
	if next := s.mustRefresh(t, "--config", s.otherSeed(t)); next.Snapshot == "" {
		t.Fatalf("nothing was published: %+v", next)
	}
	if !lines.Scan() { // and the second
		t.Fatalf("the reader sees no other snapshot: %s", reader.Stderr)
	}
	if err := ask.Close(); err != nil {
		t.Fatal(err)
	}
	mustAnswerLike(t, lines, append(expected, s.answers(t, s.snapshot(), questions)))
	if err := reader.Wait(); err != nil {
		t.Errorf("the reader: %v: %s", err, reader.Stderr)
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "published", "*.wal")); err != nil || len(left) > 0 {
		t.Errorf("readers left write-ahead logs: %v %v", left, err)
	}
}

// mustAnswerLike wants each set of answers to be that of one whole snapshot.
func mustAnswerLike(t *testing.T, lines *bufio.Scanner, expected [][]string) {
	t.Helper()
	times, different := 0, 0
	for lines.Scan() {
		var answer struct {
			Answers []string
			Times   int
		}
		if err := json.Unmarshal(lines.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(expected, func(want []string) bool { return slices.Equal(want, answer.Answers) }) {
			t.Errorf("answered %d times, like no snapshot that was ever published: %s", answer.Times, cmp.Diff(expected, [][]string{answer.Answers}))
		}
		different++
		times += answer.Times
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	if different != len(expected) {
		t.Errorf("the reader saw %d of %d snapshots", different, len(expected))
	}
	t.Logf("%d questions were answered %d times from %d snapshots", len(expected[0]), times, different)
}

func TestSnapshotOpenedForWritingIsNoticed(t *testing.T) {
	mistake := otherDuckDB(t)
	s := refreshedSite(t)
	mistake.Args = append(mistake.Args, s.snapshot(), "write")
	if info, err := os.Stat(s.snapshot()); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("the snapshot's mode is %v: %v", info.Mode(), err)
	}
	err := mistake.Run()
	log := s.snapshot() + ".wal"
	if _, statErr := os.Stat(log); statErr != nil { // who is not root cannot make the mistake
		if err == nil || !strings.Contains(fmt.Sprint(mistake.Stderr), "ermission denied") {
			t.Errorf("%v: %s", err, mistake.Stderr)
		}
		return
	}
	if e := s.run(t, "refresh"); e.code != 1 || !strings.Contains(e.errors, log) && !strings.Contains(e.errors, filepath.Base(log)) || !strings.Contains(e.errors, "remove that file") {
		t.Errorf("%+v", e)
	}
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	if did := s.mustRefresh(t); did.Built > 0 {
		t.Errorf("%+v", did)
	}
}
