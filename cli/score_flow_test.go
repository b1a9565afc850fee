package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"metabench/score"
)

// A new user's way from nothing to a scored model must end in the very numbers that
// the build predicted for that model from the same answers: equal to the last bit.
func TestScoringAModelGivesWhatTheBuildPredicted(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo takes a while")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	db, bundle := filepath.Join(dir, "metabench.duckdb"), filepath.Join(dir, "metabench.bundle")
	run := func(args ...string) []byte {
		t.Helper()
		var out, stderr bytes.Buffer
		if code := Run(t.Context(), args, IO{In: strings.NewReader(""), Out: &out, Err: &stderr}); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, stderr.String())
		}
		return out.Bytes()
	}
	run("--no-progress", "demo", "--models", "60", "--dir", dir)
	run("--warehouse", db, "export", "bundle", bundle)
	var stderr bytes.Buffer
	args := []string{"score", filepath.Join(dir, "harness"), "--bundle", bundle}
	if code := Run(t.Context(), args, IO{In: strings.NewReader(""), Out: goneReader{}, Err: &stderr}); ExitCode(code) != ExitPipe || stderr.Len() > 0 {
		t.Errorf("nobody reads the output: exit code %d, %s", code, stderr.String())
	}
	var report score.Report
	if err := json.Unmarshal(run("--json", "score", filepath.Join(dir, "harness"), "--bundle", bundle), &report); err != nil {
		t.Fatal(err)
	}
	var stored []struct {
		Target, Model           string
		Predicted, Lower, Upper float64
	}
	rows := run("--warehouse", db, "query", "--format", "json",
		`select target, model, predicted, lower, upper from prediction where benchmark = 'mean' and form = 'A'`)
	if err := json.Unmarshal(rows, &stored); err != nil {
		t.Fatalf("%v in %.300s", err, rows)
	}
	got := map[string]*score.Score{"mean": report.Mean}
	for _, b := range report.Benchmarks {
		got[b.Benchmark] = b.Score
	}
	compared := 0
	for _, want := range stored {
		if want.Model != report.Model {
			continue
		}
		compared++
		s := got[want.Target]
		if s == nil || s.Value != want.Predicted || s.Lower != want.Lower || s.Upper != want.Upper {
			t.Errorf("%s: scored %+v, the build predicted %v", want.Target, s, want)
		}
	}
	if compared != 7 {
		t.Errorf("compared %d targets of %s, want six benchmarks and the mean", compared, report.Model)
	}
}

// goneReader is an output whose reader has gone.
type goneReader struct{}

func (goneReader) Write([]byte) (int, error) { return 0, syscall.EPIPE }
