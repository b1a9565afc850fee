package score

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The form of a bundle's file. It is gzipped JSON: format, version, the SHA-256 of
// the payload's bytes, and the payload. Change version when older programs would
// misread the payload.
const (
	bundleFormat  = "metabench bundle"
	bundleVersion = 1

	// maxBundle bounds the unpacked size. The bundle of six benchmarks has 2 MB.
	maxBundle = 256 << 20
)

type envelope struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	SHA256  string          `json:"sha256"`
	Payload json.RawMessage `json:"payload"`
}

// BundleError says why a bundle can't be used and what to do.
type BundleError struct {
	Problem string
	Remedy  string
	Err     error
}

func (e *BundleError) Error() string {
	s := "bundle: " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += ". " + e.Remedy
	}
	return s
}

// Unwrap returns the cause.
func (e *BundleError) Unwrap() error { return e.Err }

// Write writes a bundle. Equal bundles give equal bytes.
func (b *Bundle) Write(w io.Writer) error {
	if err := b.check(); err != nil {
		return &BundleError{Problem: "it can't be written", Err: err}
	}
	payload, err := json.Marshal(b)
	if err != nil {
		return &BundleError{Problem: "it can't be written", Err: err}
	}
	sum := sha256.Sum256(payload)
	zw := gzip.NewWriter(w) // without a name or time
	enc := json.NewEncoder(zw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(envelope{bundleFormat, bundleVersion, hex.EncodeToString(sum[:]), payload}); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	if err := zw.Close(); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// Read reads what Write wrote, and the checksum of its content.
func Read(r io.Reader) (b *Bundle, checksum string, err error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, "", &BundleError{Problem: "it isn't a bundle", Err: err, Remedy: "Write one with metabench export bundle"}
	}
	text, err := io.ReadAll(io.LimitReader(zr, maxBundle+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, "", &BundleError{Problem: "the file ends too early", Err: err, Remedy: "Copy it again"}
	case err != nil:
		return nil, "", &BundleError{Problem: "the file is damaged", Err: err, Remedy: "Copy it again"}
	case len(text) > maxBundle:
		return nil, "", &BundleError{Problem: fmt.Sprintf("it unpacks to more than %d bytes", maxBundle)}
	}
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil || e.Format != bundleFormat {
		return nil, "", &BundleError{Problem: "it isn't a bundle", Err: err, Remedy: "Write one with metabench export bundle"}
	}
	if e.Version != bundleVersion {
		return nil, "", &BundleError{Problem: fmt.Sprintf("it has version %d, this program reads version %d", e.Version, bundleVersion),
			Remedy: "Export it again, or use the program that wrote it"}
	}
	if sum := sha256.Sum256(e.Payload); hex.EncodeToString(sum[:]) != e.SHA256 {
		return nil, "", &BundleError{Problem: "its checksum doesn't match", Remedy: "Copy it again"}
	}
	b = &Bundle{}
	dec := json.NewDecoder(bytes.NewReader(e.Payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(b); err != nil {
		return nil, "", &BundleError{Problem: "its content can't be decoded", Err: err, Remedy: "Export it again"}
	}
	if err := b.check(); err != nil {
		return nil, "", &BundleError{Problem: "its content doesn't fit together", Err: err, Remedy: "Export it again"}
	}
	return b, e.SHA256, nil
}
