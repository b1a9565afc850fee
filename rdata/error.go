package rdata

import (
	"fmt"
	"strings"
)

// FormatError says why a file can't be read as an object of R.
type FormatError struct {
	Offset  int64 // in the unpacked file, of the byte after what couldn't be used
	Problem string
	Err     error
}

func (e *FormatError) Error() string {
	s := "R object, byte " + fmt.Sprint(e.Offset) + ": " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }

// LimitError says that an object is larger than the limits allow.
type LimitError struct {
	What string // bytes, levels of nesting, elements
	Most int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("R object: more than %d %s", e.Most, e.What)
}

// PathError says that an object has no such element.
type PathError struct {
	Path []string
	At   int // of the name that isn't there
	Kind Kind
}

func (e *PathError) Error() string {
	in := "the object"
	if e.At > 0 {
		in = strings.Join(e.Path[:e.At], "$")
	}
	return fmt.Sprintf("R object: %s (%s) has no element %q", in, e.Kind, e.Path[e.At])
}
