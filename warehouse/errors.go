package warehouse

import (
	"fmt"
	"strings"
	"time"
)

// NotFoundError says that there is no warehouse at a path.
type NotFoundError struct{ Path string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("open warehouse %s: there is none; crawl or import something first", e.Path)
}

// Holder is the process that has a warehouse open for writing.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	Command string    `json:"command,omitempty"`
}

func (h Holder) String() string {
	s := fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Started.UTC().Format(time.RFC3339))
	if h.Command != "" {
		s += " (" + h.Command + ")"
	}
	return s
}

// LockedError says that another process has the file open.
type LockedError struct {
	Path   string
	Holder *Holder // nil when it is not known, as for a reader
	Err    error   // what DuckDB said; nil when our own lock was taken
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.Holder != nil {
		who = e.Holder.String()
	}
	s := fmt.Sprintf("open warehouse %s: %s has it open; wait for it to finish, or read the published snapshot", e.Path, who)
	if e.Err != nil && e.Holder == nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *LockedError) Unwrap() error { return e.Err }

// SchemaError says that a file is no warehouse this program can work with.
type SchemaError struct {
	Path   string
	Reason string
	Remedy string
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("open warehouse %s: %s; %s", e.Path, e.Reason, e.Remedy)
}

// DamagedError says that DuckDB could not read the file or its write-ahead log.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("open warehouse %s: the file or its write-ahead log is damaged; run metabench check --repair: %v", e.Path, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// openError sorts what DuckDB says when a file cannot be opened.
func openError(path string, err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "Could not set lock"):
		return &LockedError{Path: path, Err: err}
	case strings.Contains(text, "different configuration"):
		return &LockedError{Path: path, Err: err}
	case strings.Contains(text, "newer version of DuckDB"), strings.Contains(text, "storage version"):
		return &SchemaError{Path: path, Reason: "it was written by another version of DuckDB", Remedy: "use the version of metabench that wrote it: " + text}
	case strings.Contains(text, "WAL"), strings.Contains(text, "not a valid DuckDB"), isDamage(err):
		return &DamagedError{Path: path, Err: err}
	}
	return fmt.Errorf("open warehouse %s: %w", path, err)
}

// isDamage tells from DuckDB's words that it could not read its own file, here or in
// an earlier statement, after which it refuses every other.
func isDamage(err error) bool {
	text := strings.ToLower(err.Error())
	for _, sign := range []string{"checksum", "corrupt", "database has been invalidated", "serialization error", "could not read"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// AnswersError says that stored answers do not fit their task: which item an answer
// belongs to cannot be told.
type AnswersError struct {
	Task   string
	Model  string // empty where the task's items are at fault
	Reason string
}

func (e *AnswersError) Error() string {
	of := "task " + e.Task
	if e.Model != "" {
		of = fmt.Sprintf("answers of %.80q to %s", e.Model, of)
	}
	return fmt.Sprintf("%s: %s; metabench check lists all such damage and what to do about it", of, e.Reason)
}

// DataError says what is wrong with data that was to be stored.
type DataError struct {
	File   string // path or repository it came from
	Object string // model, benchmark, item
	Reason string
}

func (e *DataError) Error() string {
	return fmt.Sprintf("load %s: %s: %s", e.File, e.Object, e.Reason)
}
