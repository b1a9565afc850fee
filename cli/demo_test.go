package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// The demo is the first thing a new user runs: it must end in a table of the six
// benchmarks.
func TestDemoEndsInTheTableOfBenchmarks(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo takes a while")
	}
	var out, stderr bytes.Buffer
	code := Run(t.Context(), []string{"--no-progress", "demo", "--models", "60", "--dir", filepath.Join(t.TempDir(), "demo")},
		IO{In: strings.NewReader(""), Out: &out, Err: &stderr})
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	for _, benchmark := range []string{"arc", "gsm8k", "hellaswag", "mmlu", "truthfulqa", "winogrande"} {
		if !strings.Contains(out.String(), "\n"+benchmark) {
			t.Errorf("no row of %s in\n%s", benchmark, out.String())
		}
	}
}
