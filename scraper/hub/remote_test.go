package hub

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// piece is storage's response to a request for n bytes at off.
type piece func(off, n int64) *http.Response

// storageWorld redirects to storage, which responds with one piece after the other, and then
// always with the last.
func storageWorld(answers ...piece) world {
	asked := 0
	return func(r *http.Request) *http.Response {
		if strings.Contains(r.URL.Path, "/resolve/") {
			return respond(http.StatusFound, "Found", "Location", "https://cdn.hf.co/f?Signature=x")
		}
		answer := answers[min(asked, len(answers)-1)]
		asked++
		var from, to int64
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err != nil {
			return respond(http.StatusBadRequest, "no range")
		}
		return answer(from, to-from+1)
	}
}

// stretch responds with a range of a file; tag may be empty.
func stretch(file []byte, tag string) piece {
	return func(off, n int64) *http.Response {
		header := []string{"Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, len(file))}
		if tag != "" {
			header = append(header, "ETag", strconv.Quote(tag))
		}
		return respond(http.StatusPartialContent, string(file[off:off+n]), header...)
	}
}

// everything responds with a body and 200 to any request.
func everything(body []byte, tag string) piece {
	return func(int64, int64) *http.Response {
		if tag == "" {
			return respond(http.StatusOK, string(body))
		}
		return respond(http.StatusOK, string(body), "ETag", strconv.Quote(tag))
	}
}

// broken is everything with a connection that breaks at the end of the body.
func broken(body []byte) piece {
	return func(int64, int64) *http.Response {
		resp := respond(http.StatusOK, "")
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), brokenReader{}))
		return resp
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func open(t *testing.T, w world, size int) *Remote {
	t.Helper()
	client, _ := newTestClient(t, w, func(o *Options) { o.TempDir = t.TempDir() })
	remote, err := client.Open(t.Context(), "o/r", strings.Repeat("a", 40), Entry{Path: "f.parquet", Size: int64(size)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := remote.Close(); err != nil {
			t.Error(err)
		}
	})
	return remote
}

// A file without a hash is read in steps, and one response between them begins to send the
// whole file: its bytes must not stay among the rest.
func TestWholeFileWithoutAHashIsOfOnePiece(t *testing.T) {
	file := bytes.Repeat([]byte("a"), 2*wholeStep+5)
	other := bytes.Repeat([]byte("b"), 2*wholeStep+5)
	cases := map[string]struct {
		answers []piece
		want    []byte
	}{
		"200_cut_short_then_206":       {[]piece{stretch(file, ""), everything(other[:100], ""), stretch(file, "")}, file},
		"200_broken_then_206":          {[]piece{stretch(file, ""), broken(other[:100]), stretch(file, "")}, file},
		"first_200_cut_short_then_206": {[]piece{everything(other[:100], ""), stretch(file, "")}, file},
		"other_version_after_a_step":   {[]piece{stretch(file, "one"), stretch(other, "two")}, other},
		"other_version_as_a_whole":     {[]piece{stretch(file, "one"), everything(other, "two")}, other},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			remote := open(t, storageWorld(c.answers...), len(file))
			if err := remote.Whole(); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(file))
			if _, err := remote.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if !bytes.Equal(got, c.want) {
				t.Errorf("%d a and %d b: bytes of two answers are glued together", bytes.Count(got, []byte("a")), bytes.Count(got, []byte("b")))
			}
		})
	}
}

// A file that changes while it is read by ranges is an error, and the next read starts over.
func TestStretchesOfTwoVersionsAreNotUsedTogether(t *testing.T) {
	file, other := bytes.Repeat([]byte("a"), 100<<10), bytes.Repeat([]byte("b"), 100<<10)
	cases := map[string][]piece{
		"other_tag":             {stretch(file, "one"), stretch(other, "two")},
		"whole_with_other_tag":  {stretch(file, "one"), everything(other, "two")},
		"whole_without_any_tag": {stretch(file, ""), everything(other, "")},
	}
	for name, answers := range cases {
		t.Run(name, func(t *testing.T) {
			remote := open(t, storageWorld(answers...), len(file))
			if _, err := remote.ReadAt(make([]byte, 10), 90<<10); err != nil {
				t.Fatal(err)
			}
			_, err := remote.ReadAt(make([]byte, 10), 0)
			if KindOf(err) != KindChanged {
				t.Fatalf("error %v, want that the file changed", err)
			}
			if err := remote.Whole(); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(file))
			if _, err := remote.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if !bytes.Equal(got, other) {
				t.Error("what was read anew is not the file")
			}
		})
	}
}

// Ranges of a file of another length, and a tag that a cache weakened.
func TestStretchesMustSpeakOfTheSameFile(t *testing.T) {
	file := bytes.Repeat([]byte("a"), 100<<10)
	remote := open(t, storageWorld(stretch(file, "one"), stretch(append(file, 'b'), "one")), len(file))
	if _, err := remote.ReadAt(make([]byte, 10), 90<<10); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.ReadAt(make([]byte, 10), 0); KindOf(err) != KindMismatch {
		t.Errorf("a stretch of a longer file: %v", err)
	}
	weak := func(off, n int64) *http.Response {
		resp := stretch(file, "one")(off, n)
		resp.Header.Set("ETag", `W/"one"`)
		return resp
	}
	remote = open(t, storageWorld(stretch(file, "one"), weak), len(file))
	for _, off := range []int64{90 << 10, 0} {
		if _, err := remote.ReadAt(make([]byte, 10), off); err != nil {
			t.Errorf("a weakened tag: %v", err)
		}
	}
}
