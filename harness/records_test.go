package harness

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// How the operating system cuts a file into reads must not show.
func TestRecordsDoNotDependOnHowBytesArrive(t *testing.T) {
	const text = "[\n {\"a\": \"}\\\\\\\"{\", \"b\": [{}]},\n{}\n, {\"c\": \"\\\\\"}]\n"
	want := []string{`{"a": "}\\\"{", "b": [{}]}`, `{}`, `{"c": "\\"}`}
	for name, r := range map[string]io.Reader{
		"at_once":      strings.NewReader(text),
		"byte_by_byte": iotest.OneByteReader(strings.NewReader(text)),
		"with_the_end": iotest.DataErrReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			// newRecords buffers, so the stream is handed over directly.
			s := &records{file: "f", r: r, line: 1}
			var got []string
			var lines []int64
			for {
				record, line, err := s.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(record))
				lines = append(lines, line)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int64{2, 3, 4}, lines); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadErrorsOfTheStreamAreKept(t *testing.T) {
	broken := errors.New("broken pipe")
	s := &records{file: "f", r: io.MultiReader(strings.NewReader(`{"a`), iotest.ErrReader(broken)), line: 1}
	if _, _, err := s.next(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}
