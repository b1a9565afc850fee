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

	"metabench/corpus"
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

// fail is the error of a file that can't be used: what it was to be stands for its name,
// which this package doesn't know.
func (f format) fail(kind corpus.Kind, reason string, err error, remedy string) *corpus.DataError {
	return &corpus.DataError{Kind: kind, File: f.noun, Reason: reason, Err: err, Remedy: remedy}
}

// write writes content. Equal contents give equal bytes.
func (f format) write(w io.Writer, content any) error {
	payload, err := json.Marshal(content)
	if err != nil {
		return f.fail(corpus.KindFormat, "it can't be written", err, "")
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
		return "", f.fail(corpus.KindFormat, isnt, err, write)
	}
	text, err := io.ReadAll(io.LimitReader(zr, f.most+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "", f.fail(corpus.KindTruncated, "the file ends too early", err, "Copy it again")
	case err != nil:
		return "", f.fail(corpus.KindFormat, "the file is damaged", err, "Copy it again")
	case int64(len(text)) > f.most:
		return "", f.fail(corpus.KindLimit, fmt.Sprintf("it unpacks to more than %d bytes", f.most), nil, "")
	}
	var e envelope
	switch err := json.Unmarshal(text, &e); {
	case err == nil && e.Format != f.name && strings.HasPrefix(e.Format, formatPrefix):
		return "", f.fail(corpus.KindFormat, fmt.Sprintf("%s, but a %s", isnt, e.Format), nil, write)
	case err != nil || e.Format != f.name:
		return "", f.fail(corpus.KindFormat, isnt, spelling.JSON(err), write)
	}
	content := into(e.Version)
	if content == nil {
		return "", f.fail(corpus.KindFormat, fmt.Sprintf("it has version %d, this program reads version %d", e.Version, f.version), nil,
			"Write it again with "+f.writer+", or use the program that wrote it")
	}
	if sum := sha256.Sum256(e.Payload); hex.EncodeToString(sum[:]) != e.SHA256 {
		return "", f.fail(corpus.KindFormat, "its checksum doesn't match", nil, "Copy it again")
	}
	dec := json.NewDecoder(bytes.NewReader(e.Payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(content); err != nil {
		return "", f.fail(corpus.KindFormat, "its content can't be decoded", spelling.JSON(err), "Write it again with "+f.writer)
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
