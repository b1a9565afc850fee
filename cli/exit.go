package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"metabench/warehouse"
)

// ExitCode is the process's exit status. The table is a contract with scripts; it
// is printed by `metabench help exit-codes` and checked against the README.
type ExitCode int

// The documented exit codes.
const (
	ExitOK          ExitCode = 0   // done, also when there was nothing new
	ExitError       ExitCode = 1   // anything not listed below
	ExitUsage       ExitCode = 2   // wrong command line or configuration
	ExitPartial     ExitCode = 3   // finished, but some sources fail
	ExitNoWarehouse ExitCode = 10  // there is no warehouse at the configured path, or it is gone
	ExitLocked      ExitCode = 11  // another process holds the warehouse
	ExitAuth        ExitCode = 12  // the Hub refused the credentials
	ExitGate        ExitCode = 13  // a quality check failed or a gate is shut, nothing was published
	ExitDamage      ExitCode = 14  // check found damage
	ExitFault       ExitCode = 70  // a fault of this program: see faultIn
	ExitTemporary   ExitCode = 75  // try again later: rate limited, out of reach, past a deadline
	ExitInterrupted ExitCode = 130 // cancelled by a signal
	ExitPipe        ExitCode = 141 // nobody reads the output any more
)

var exitMeaning = []struct {
	code    ExitCode
	meaning string
}{
	{ExitOK, "done, also when there was nothing new"},
	{ExitError, "an error not listed below"},
	{ExitUsage, "wrong command line or configuration"},
	{ExitPartial, "finished, but some sources fail, now or since an earlier run"},
	{ExitNoWarehouse, "there is no warehouse at the configured path, or it is gone"},
	{ExitLocked, "another process holds the warehouse"},
	{ExitAuth, "the Hub refused the credentials"},
	{ExitGate, "a quality check failed, or people would lose what the last snapshot has; nothing was published"},
	{ExitDamage, "check found damage"},
	{ExitFault, "a fault of this program; it names a file to report"},
	{ExitTemporary, "temporary: rate limited beyond the time allowed, the Hub out of reach, or a deadline passed"},
	{ExitInterrupted, "interrupted by a signal"},
	{ExitPipe, "whoever read the output has gone, such as `head`; nothing is printed about it"},
}

// codedError gives an error the exit code that it ends the process with.
type codedError struct {
	code ExitCode
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// withCode attaches an exit code to an error; nil stays nil.
func withCode(code ExitCode, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: code, err: err}
}

// interruptedError is a signal's ending of a command that the next call continues.
type interruptedError struct{ err error }

func (e *interruptedError) Error() string {
	return "interrupted; what was done is kept, and the same command goes on from there"
}
func (e *interruptedError) Unwrap() error { return e.err }

// interrupted says in plain words that a signal ended a command whose work is kept.
func interrupted(err error) error {
	return withCode(ExitInterrupted, &interruptedError{err})
}

// usagef is an error of the user's: it says what to do and exits with ExitUsage.
func usagef(format string, args ...any) error {
	return &codedError{code: ExitUsage, err: fmt.Errorf(format, args...)}
}

// exitCodeOf maps an error to the documented exit code.
func exitCodeOf(err error) ExitCode {
	var coded *codedError
	var misfit *warehouse.AnswersError
	switch {
	case err == nil:
		return ExitOK
	case faultIn(err) != nil:
		return ExitFault
	case errors.Is(err, syscall.EPIPE):
		return ExitPipe
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &misfit):
		return ExitDamage
	}
	return ExitError
}

// newExitCodesTopic is the help page `metabench help exit-codes`.
func newExitCodesTopic() *cobra.Command {
	var text strings.Builder
	text.WriteString("Exit codes of every command:\n\n")
	for _, e := range exitMeaning {
		fmt.Fprintf(&text, "  %3d  %s\n", e.code, e.meaning)
	}
	return &cobra.Command{Use: "exit-codes", Short: "The exit codes and what they mean", Long: text.String()}
}
