package authors

import (
	"fmt"

	"metabench/corpus"
)

// wrong is the error of an object that isn't what this program knows.
func wrong(path string, err error, format string, args ...any) *corpus.DataError {
	return &corpus.DataError{Kind: corpus.KindFormat, File: path, Reason: fmt.Sprintf(format, args...), Err: err,
		Remedy: "The clone may be of another time than this program knows: check out the state of November 2024"}
}
