package score

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

// regzip changes text inside gzipped data.
func regzip(t *testing.T, data []byte, old, with string) []byte {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, with, 1)
	if changed == string(text) {
		t.Fatalf("no %q in it", old)
	}
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	if _, err := io.WriteString(zw, changed); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzRead gives arbitrary bytes to the reader of bundles: it may refuse, with a typed
// error, but never panics.
func FuzzRead(f *testing.F) {
	for version := 1; version <= bundleFormat.version; version++ {
		old := bundleFormat
		old.version = version
		var b bytes.Buffer
		if err := old.write(&b, map[string]any{}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		bundle, _, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		_, _ = NewScorer(bundle, "")
	})
}
