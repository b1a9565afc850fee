package warehouse

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// NotFoundError says that there is no warehouse at a path.
type NotFoundError struct{ Path string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("open warehouse %s: there is none; crawl or import something first", e.Path)
}

// GoneError says that there is no warehouse at a path where there was one: a disk that
// is not mounted, a mistyped path, a deleted file. A new one would be a stub, and
// publishing it would replace what people read.
type GoneError struct {
	Path     string
	Loads    int32   // that its ledger tells of
	Snapshot string  // newest that can be read and holds answers; empty for none
	Holds    Holding // what the snapshot holds
}

func (e *GoneError) Error() string {
	var traces []string
	remedy := "put the file back (is its disk mounted, and warehouse.path right?)"
	if e.Loads > 0 {
		traces = append(traces, fmt.Sprintf("%s tells of %d loads", ledgerPath(e.Path), e.Loads))
	}
	if e.Snapshot != "" {
		traces = append(traces, fmt.Sprintf("%s holds %d answers of %d models", e.Snapshot, e.Holds.Answers, e.Holds.Models))
		remedy += fmt.Sprintf(", or restore the snapshot (install -m 600 %s %s)", e.Snapshot, e.Path)
	}
	return fmt.Sprintf("open warehouse %s: there is none, although %s; %s, or crawl or import into an empty one, which --new-warehouse makes",
		e.Path, strings.Join(traces, " and "), remedy)
}

// Holding is how much a warehouse holds.
type Holding struct{ Models, Answers int64 }

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
	Err    error   // DuckDB's; nil when our own lock was taken
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

// hasText reports whether an error of DuckDB is of a type and begins with one of some
// phrases. Most of what can be wrong with a file has one type, so that DuckDB's words
// are all there is to tell it apart by; names of files, which it quotes, are passed over.
func hasText(err error, kind duckdb.ErrorType, phrases ...string) bool {
	var e *duckdb.Error
	if !errors.As(err, &e) || e.Type != kind {
		return false
	}
	_, text, _ := strings.Cut(quoted.ReplaceAllString(e.Msg, `""`), " Error: ")
	return slices.ContainsFunc(phrases, func(phrase string) bool { return strings.HasPrefix(text, phrase) })
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// openError sorts what DuckDB says when a file cannot be opened.
func openError(path string, err error) error {
	switch {
	case hasText(err, duckdb.ErrorTypeIO, "Could not set lock on file"),
		hasText(err, duckdb.ErrorTypeConnection, "Can't open a connection to same database file with a different configuration"): // by this process
		return &LockedError{Path: path, Err: err}
	case hasText(err, duckdb.ErrorTypeIO, "Trying to read a database file with version number"),
		hasText(err, duckdb.ErrorTypeInvalidInput, `Error opening "": file was written with a storage version`):
		return &SchemaError{Path: path, Reason: "it was written by another version of DuckDB", Remedy: "use the version of metabench that wrote it: " + err.Error()}
	case isDamage(err):
		return &DamagedError{Path: path, Err: err}
	}
	return fmt.Errorf("open warehouse %s: %w", path, err)
}

// isDamage reports whether DuckDB could not read its own file, here or in an earlier
// statement, after which it refuses every other.
func isDamage(err error) bool {
	var e *duckdb.Error
	if errors.As(err, &e) && (e.Type == duckdb.ErrorTypeFatal || e.Type == duckdb.ErrorTypeSerialization) {
		return true
	}
	return hasText(err, duckdb.ErrorTypeIO, "Corrupt ", "Failure while replaying WAL file", "Could not read ", `The file "" exists, but it is not a valid DuckDB`)
}

// isAborted reports whether a statement failed for an earlier one of its transaction.
func isAborted(err error) bool {
	var e *duckdb.Error
	return errors.As(err, &e) && e.Type == duckdb.ErrorTypeTransaction
}

// lacksObject reports whether a statement failed because a table, view or column that it
// names is not there.
func lacksObject(err error) bool {
	var e *duckdb.Error
	return errors.As(err, &e) && (e.Type == duckdb.ErrorTypeCatalog || e.Type == duckdb.ErrorTypeBinder)
}

// AnswersError says that stored answers do not fit their task: which item an answer
// belongs to is unknown.
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
