package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"metabench/warehouse"
)

// quizWarehouse is a warehouse with one answer, and what runs commands on it.
func quizWarehouse(t *testing.T) func(in io.Reader, out io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	dir := t.TempDir()
	answers := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(answers, []byte("model,item,correct\nm,1,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(in io.Reader, out io.Writer, args ...string) (int, string) {
		var stderr bytes.Buffer
		args = append([]string{"--warehouse", filepath.Join(dir, "w.duckdb")}, args...)
		return Run(t.Context(), args, IO{In: in, Out: out, Err: &stderr}), stderr.String()
	}
	if code, stderr := run(strings.NewReader(""), io.Discard, "import", answers, "--benchmark", "quiz"); code != 0 {
		t.Fatal(stderr)
	}
	return run
}

func TestQueryLongerThanTheLimitIsNotCut(t *testing.T) {
	run := quizWarehouse(t)
	whole := "SELECT 1 AS x -- "
	for name, c := range map[string]struct {
		length int
		code   ExitCode
	}{"at_the_limit": {maxQuery, ExitOK}, "one_more": {maxQuery + 1, ExitUsage}} {
		var out bytes.Buffer
		code, stderr := run(strings.NewReader(whole+strings.Repeat("x", c.length-len(whole))), &out, "query", "-")
		if code != int(c.code) || (out.Len() > 0) != (c.code == ExitOK) || c.code != ExitOK && !strings.Contains(stderr, "longer than 1048576 bytes") {
			t.Errorf("%s: exit code %d, output %q, %s", name, code, out.String(), stderr)
		}
	}
}

// counter counts what is written and keeps the last of it.
type counter struct {
	lines int
	last  []byte
}

func (c *counter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	c.last = append(c.last[:0], p[max(0, len(p)-100):]...)
	return len(p), nil
}

// A table is written as it comes: its first rows decide how wide it is.
func TestTableOfManyRowsIsNotHeldInMemory(t *testing.T) {
	run := quizWarehouse(t)
	const rows = 400_000
	before := heap()
	var most uint64
	out := &counter{}
	watched := writerFunc(func(p []byte) (int, error) {
		if out.lines%50_000 < 100 {
			most = max(most, heap())
		}
		return out.Write(p)
	})
	code, stderr := run(strings.NewReader(""), watched, "query", "select i, repeat('x', 50) as text from range(400000) as r(i) order by i")
	if code != 0 || out.lines != rows+2 || !strings.Contains(string(out.last), "399999  xxx") {
		t.Fatalf("exit code %d, %d lines ending in %q: %s", code, out.lines, out.last, stderr)
	}
	if grown := int64(most) - int64(before); grown > 15<<20 { // all cells would take 60 MB
		t.Errorf("%d bytes were held", grown)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestEqualColumnNamesKeepAllTheirValues(t *testing.T) {
	for _, c := range [][2][]string{
		{{"x", "x", "x"}, {`"x"`, `"x_2"`, `"x_3"`}},
		{{"x", "x", "x_2"}, {`"x"`, `"x_3"`, `"x_2"`}},
		{{"a", `b"`}, {`"a"`, `"b\""`}},
	} {
		var columns []warehouse.Column
		for _, name := range c[0] {
			columns = append(columns, warehouse.Column{Name: name})
		}
		if got, err := jsonKeys(columns); err != nil || !slices.Equal(got, c[1]) {
			t.Errorf("keys of %v: %v, want %v, error %v", c[0], got, c[1], err)
		}
	}
}

func TestWhatATerminalWouldActOnIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"plain é 漢":                "plain é 漢",
		"\x1b]0;title\a":           `\u001b]0;title\u0007`,
		"a\nb\tc\rd":               `a\nb\tc\u000dd`,
		"\u009b31m\x7f":            `\u009b31m\u007f`,
		"\u202eevil\u2066":         `\u202eevil\u2066`,
		"bad \xff byte":            `bad \xff byte`,
		"back\\slash stays \"as\"": "back\\slash stays \"as\"",
	} {
		if got := escaped(text, ""); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
