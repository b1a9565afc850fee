package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sourcegraph/conc"
	"github.com/spf13/cobra"
)

// crash panics from a function whose name the stack must show.
func crash() { panic("rows of two lengths") }

// A panic, wherever it begins, ends in one sentence that names a file with the stack,
// in an exit code of its own, and not before what was open is closed.
func TestPanicEndsAsAFaultOfTheProgram(t *testing.T) {
	for name, work := range map[string]func(){
		"in_the_command": crash,
		"in_a_worker": func() {
			var wg conc.WaitGroup
			wg.Go(crash)
			wg.Wait()
		},
		"in_a_worker_of_a_worker": func() {
			var outer conc.WaitGroup
			outer.Go(func() {
				var inner conc.WaitGroup
				inner.Go(crash)
				inner.Wait()
			})
			outer.Wait()
		},
	} {
		for _, asJSON := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s_json_%v", name, asJSON), func(t *testing.T) {
				t.Setenv("TMPDIR", t.TempDir())
				var out, stderr bytes.Buffer
				a := &app{IO: IO{In: strings.NewReader(""), Out: &out, Err: &stderr}, json: asJSON, args: []string{"crash", "--now"}}
				closed := false
				root := &cobra.Command{Use: "metabench", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error {
					defer func() { closed = true }()
					work()
					return nil
				}}
				root.SetArgs(nil)
				code := a.run(context.Background(), root)
				if code != int(ExitFault) || !closed {
					t.Errorf("exit code %d, closed %v", code, closed)
				}
				message := stderr.String()
				if asJSON {
					var report struct {
						Error string   `json:"error"`
						Code  ExitCode `json:"exit_code"`
					}
					if err := json.Unmarshal(stderr.Bytes(), &report); err != nil || report.Code != ExitFault {
						t.Fatalf("%v: %s", err, message)
					}
					message = report.Error
				}
				if !strings.Contains(message, "a fault of this program, not of what you gave it: rows of two lengths.\n") || strings.Contains(message, "goroutine") {
					t.Errorf("message %q", message)
				}
				files, err := filepath.Glob(filepath.Join(os.TempDir(), "metabench-fault-*.txt"))
				if err != nil || len(files) != 1 || !strings.Contains(message, files[0]) {
					t.Fatalf("files %v (%v), message %q", files, err, message)
				}
				text, err := os.ReadFile(files[0])
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{"metabench crash --now\n", "rows of two lengths", "cli.crash("} {
					if !strings.Contains(string(text), want) {
						t.Errorf("%q is not in the report:\n%s", want, text)
					}
				}
			})
		}
	}
}

func TestFaultIsShownWhereItCannotBeSaved(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	var stderr bytes.Buffer
	a := &app{IO: IO{Err: &stderr}}
	root := &cobra.Command{Use: "metabench", SilenceErrors: true, SilenceUsage: true, Run: func(*cobra.Command, []string) { crash() }}
	root.SetArgs(nil)
	if code := a.run(context.Background(), root); code != int(ExitFault) || !strings.Contains(stderr.String(), "cli.crash(") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

func TestServiceOutlivesAPanic(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var stderr bytes.Buffer
	a := &app{IO: IO{Err: &stderr}}
	reply := httptest.NewRecorder()
	a.withoutPanics(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { crash() })).
		ServeHTTP(reply, httptest.NewRequest(http.MethodPost, "/v1/next", http.NoBody))
	if reply.Code != http.StatusInternalServerError || strings.Contains(reply.Body.String(), "rows of two") {
		t.Errorf("%d: %s", reply.Code, reply.Body)
	}
	if !strings.Contains(stderr.String(), "POST /v1/next: a fault of this program") || !strings.Contains(stderr.String(), "metabench-fault-") {
		t.Errorf("the operator reads %q", stderr.String())
	}
}
