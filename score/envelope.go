package score

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"metabench/spelling"
)

// format is one kind of file that this package writes. All are gzipped JSON: format,
// version, the SHA-256 of the payload's bytes, and the payload.
type format struct {
	name    string // in the file: "metabench bundle"
	noun    string // in messages: "bundle"
	article string
	version int   // change it when older programs would misread the payload
	most    int64 // unpacked bytes
	writer  string
}

type envelope struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	SHA256  string          `json:"sha256"`
	Payload json.RawMessage `json:"payload"`
}

// FileError says why a file of this package can't be used and what to do.
type FileError struct {
	Noun    string // what the file was to be: bundle, item bank
	Problem string
	Remedy  string
	Err     error
}

func (e *FileError) Error() string {
	s := e.Noun + ": " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += ". " + e.Remedy
	}
	return s
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

func (f format) fail(problem string, err error, remedy string) *FileError {
	return &FileError{Noun: f.noun, Problem: problem, Err: err, Remedy: remedy}
}

// write writes content. Equal contents give equal bytes.
func (f format) write(w io.Writer, content any) error {
	payload, err := json.Marshal(content)
	if err != nil {
		return f.fail("it can't be written", err, "")
	}
	sum := sha256.Sum256(payload)
	zw := gzip.NewWriter(w) // without a name or time
	enc := json.NewEncoder(zw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(envelope{f.name, f.version, hex.EncodeToString(sum[:]), payload}); err != nil {
		return fmt.Errorf("write %s: %w", f.noun, err)
	}
	if err := zw.Close(); err != nil {
		return fmt.Errorf("write %s: %w", f.noun, err)
	}
	return nil
}

// read decodes what write wrote, and returns the payload's checksum. into says where
// the payload of a version belongs; nil for one that isn't read.
func (f format) read(r io.Reader, into func(version int) any) (checksum string, err error) {
	isnt, write := "it isn't "+f.article+" "+f.noun, "Write one with "+f.writer
	zr, err := gzip.NewReader(r)
	if err != nil {
		return "", f.fail(isnt, err, write)
	}
	text, err := io.ReadAll(io.LimitReader(zr, f.most+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "", f.fail("the file ends too early", err, "Copy it again")
	case err != nil:
		return "", f.fail("the file is damaged", err, "Copy it again")
	case int64(len(text)) > f.most:
		return "", f.fail(fmt.Sprintf("it unpacks to more than %d bytes", f.most), nil, "")
	}
	var e envelope
	switch err := json.Unmarshal(text, &e); {
	case err == nil && e.Format != f.name && strings.HasPrefix(e.Format, formatPrefix):
		return "", f.fail(fmt.Sprintf("%s, but a %s", isnt, e.Format), nil, write)
	case err != nil || e.Format != f.name:
		return "", f.fail(isnt, spelling.JSON(err), write)
	}
	content := into(e.Version)
	if content == nil {
		return "", f.fail(fmt.Sprintf("it has version %d, this program reads version %d", e.Version, f.version), nil,
			"Write it again with "+f.writer+", or use the program that wrote it")
	}
	if sum := sha256.Sum256(e.Payload); hex.EncodeToString(sum[:]) != e.SHA256 {
		return "", f.fail("its checksum doesn't match", nil, "Copy it again")
	}
	dec := json.NewDecoder(bytes.NewReader(e.Payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(content); err != nil {
		return "", f.fail("its content can't be decoded", spelling.JSON(err), "Write it again with "+f.writer)
	}
	return e.SHA256, nil
}

// only is for formats with one version.
func (f format) only(content any) func(version int) any {
	return func(version int) any {
		if version != f.version {
			return nil
		}
		return content
	}
}

// formatPrefix begins the name of every format.
const formatPrefix = "metabench "

// Enveloped reports whether a file is one that this package wrote, by its first bytes;
// it reads no more of it than that.
func Enveloped(r io.Reader) bool {
	zr, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return false
	}
	const begin = `{"format":"` + formatPrefix
	head := make([]byte, len(begin))
	if _, err := io.ReadFull(zr, head); err != nil {
		return false
	}
	return string(head) == begin
}
