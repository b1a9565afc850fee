package harness

import (
	"context"
	"io"

	"metabench/corpus"
)

// EachObject calls f for every JSON object of a stream, which has one on a line, several lines
// an object, or the elements of one array, plain or gzipped. f gets the undecoded object, valid
// until it returns, and the line on which it starts; io.EOF from f ends the reading without
// an error. file names the stream in errors.
//
// Errors: that of f, of ctx or of r, or *corpus.DataError.
func EachObject(ctx context.Context, file string, r io.Reader, f func(object []byte, line int64) error) error {
	return eachRecordOf(ctx, file, r, f)
}

// EachMember calls f with the key and the undecoded value of each member of an object, in
// order. Python's NaN and Infinity are values.
func EachMember(object []byte, f func(key, value []byte) error) error { return eachMember(object, f) }

// Scalar returns the text of an undecoded string, and any other value as it is written.
func Scalar(value []byte) string { return scalar(value) }

// WithoutNaN replaces Python's NaN and Infinity, which are no JSON, by null.
func WithoutNaN(data []byte) []byte { return withoutNaN(data) }

// NameOfDirectory is the model that lm-evaluation-harness spelled as a file's directory,
// "org__name"; empty where the directory has another form.
func NameOfDirectory(file string) string { return modelOfDirectory(file) }

// Arguments hides what may be a secret in a model's arguments.
func Arguments(raw []byte) string { return corpus.Clip(withoutSecrets(raw), 500) }
