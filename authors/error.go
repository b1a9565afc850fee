package authors

import "fmt"

// Error says what of a clone can't be used, and what to do.
type Error struct {
	Path    string
	Problem string
	Remedy  string
	Err     error
}

func (e *Error) Error() string {
	s := e.Path + ": " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += ". " + e.Remedy
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func wrong(path string, err error, format string, args ...any) *Error {
	return &Error{Path: path, Problem: fmt.Sprintf(format, args...), Err: err,
		Remedy: "The clone may be of another time than this program knows: use that of November 2024, or say so to the maintainers of metabench"}
}
