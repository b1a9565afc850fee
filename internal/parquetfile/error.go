package parquetfile

import "fmt"

// Kind classifies what is wrong with a file.
type Kind string

// What can be wrong with a file.
const (
	Truncated Kind = "truncated" // too short, or without a footer at its end
	Damaged   Kind = "damaged"   // contradicts itself, or can't be decoded
	TooLarge  Kind = "too large" // asks for more than the limits allow
)

// Error is a file that can't be read as it is. Errors of reading its bytes are never of
// this type.
type Error struct {
	Kind   Kind
	Detail string
	Err    error // cause, if any
}

func (e *Error) Error() string {
	text := string(e.Kind)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += fmt.Sprintf(": %.200v", e.Err)
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf is an error of a kind.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}
