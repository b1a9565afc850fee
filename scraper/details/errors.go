package details

import (
	"errors"
	"fmt"
)

// Fault says what is wrong with an evaluation file.
type Fault string

// The faults. All are properties of the bytes: reading a file again helps only if its
// bytes were damaged in transfer.
const (
	FaultCorrupt  Fault = "corrupt"          // not Parquet, or damaged
	FaultBounds   Fault = "beyond bounds"    // would take more memory than any real file
	FaultRows     Fault = "wrong row count"  // not the whole task: a smoke test, an aborted run
	FaultMetric   Fault = "metric not found" // no column of that name in any known form
	FaultValue    Fault = "bad value"        // a cell that is not 0 or 1
	FaultIdentity Fault = "foreign items"    // rows are not the task's questions

	// A file with FaultQuestions may still have answers.
	FaultQuestions Fault = "text unavailable" // no prompt, no choices or no right answer
)

// FileError is an evaluation file that can't be used.
type FileError struct {
	Fault  Fault
	Detail string
	Err    error
}

func (e *FileError) Error() string {
	text := string(e.Fault)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += fmt.Sprintf(": %.200v", e.Err)
	}
	return text
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// FaultOf returns the fault of the first FileError in err's chain; empty if none.
func FaultOf(err error) Fault {
	var e *FileError
	if errors.As(err, &e) {
		return e.Fault
	}
	return ""
}

func faultf(f Fault, format string, args ...any) error {
	return &FileError{Fault: f, Detail: fmt.Sprintf(format, args...)}
}
