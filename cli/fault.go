package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/sourcegraph/conc/panics"
	"github.com/spf13/cobra"

	"metabench/score/service"
)

// execute runs a command. A panic in it, or in a goroutine that it waits for, is an
// error as well: deferred calls have closed what was open, and the process ends with
// ExitFault instead of a stack trace.
func execute(ctx context.Context, root *cobra.Command) (err error) {
	if fault := panics.Try(func() { err = root.ExecuteContext(ctx) }); fault != nil {
		return fault.AsError()
	}
	return err
}

// fault is what is known of a panic: its value and the stack of the goroutine that it
// began in.
type fault struct {
	value any
	stack []byte
}

// faultIn returns the panic that an error stands for, nil for an ordinary error.
func faultIn(err error) *fault {
	var recovered *panics.ErrRecovered
	if !errors.As(err, &recovered) {
		return nil
	}
	f := &fault{recovered.Value, recovered.Stack}
	for { // a panic in a worker was passed on by those who waited for it
		switch inner := f.value.(type) {
		case *panics.Recovered:
			f.value, f.stack = inner.Value, inner.Stack
		case *panics.ErrRecovered:
			f.value, f.stack = inner.Value, inner.Stack
		default:
			return f
		}
	}
}

// message is the fault in one line, with what to do about it. report is the path of
// the file of save; where there is none the stack has to be shown.
func (f *fault) message(report string) string {
	s := fmt.Sprintf("a fault of this program, not of what you gave it: %v.\n", f.value)
	if report == "" {
		return s + "Please report it with the command, its input if you may share it, and what follows:\n" + string(f.stack)
	}
	return s + "Please report it with the command, its input if you may share it, and the file " + report
}

// save writes what to report into a new file in the directory for temporary files and
// returns its path, "" if it can't.
func (f *fault) save(args []string) string {
	file, err := os.CreateTemp("", "metabench-fault-*.txt")
	if err != nil {
		return ""
	}
	b := thisBuild()
	_, err = fmt.Fprintf(file, "metabench %s (%s), %s\nmetabench %s\n\n%v\n\n%s", b.Version, b.codeVersion(), b.Go,
		strings.Join(args, " "), f.value, f.stack)
	if err = errors.Join(err, file.Close()); err != nil {
		return ""
	}
	return file.Name()
}

// withoutPanics answers a request whose handler panics with status 500 and says on Err
// what to report; the service goes on.
func (a *app) withoutPanics(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recovered := panics.Try(func() { h.ServeHTTP(w, r) })
		if recovered == nil {
			return
		}
		if recovered.Value == http.ErrAbortHandler { //nolint:errorlint // the very value, by which net/http knows it too
			panic(http.ErrAbortHandler)
		}
		f := faultIn(recovered.AsError())
		a.notef("metabench: %s %s: %s", r.Method, r.URL.Path, f.message(f.save(a.args)))
		service.Error(w, http.StatusInternalServerError, errors.New("a fault of this program; its operator finds what to report in the messages of the service"))
	})
}
