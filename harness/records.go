package harness

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"metabench/corpus"
)

// maxRecord bounds one sample or one results file, in bytes. The longest real
// sample, a question with 25 examples and 10 choices, has a tenth of a megabyte.
const maxRecord = 64 << 20

// records cuts a stream into JSON objects: one per line, several lines per object,
// or the elements of one array. It holds no more than one object.
type records struct {
	file  string
	r     io.Reader
	buf   []byte
	at    int   // first byte not yet consumed
	line  int64 // line on which it is, from 1
	eof   bool
	state recordState
}

type recordState int

const (
	beforeAll  recordState = iota // nothing seen yet
	inStream                      // objects one after the other
	inArray                       // after a bracket or a comma
	afterEntry                    // after an element of an array
	afterAll                      // after the closing bracket
)

// recordFunc takes an object and the line on which it starts.
type recordFunc func(record []byte, line int64) error

// eachRecord calls f for every object of a file until f returns an error. io.EOF ends the reading without one.
func eachRecord(ctx context.Context, path string, f recordFunc) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	return eachRecordOf(ctx, path, file, f)
}

func eachRecordOf(ctx context.Context, path string, r io.Reader, f recordFunc) error {
	records, err := newRecords(path, r)
	for err == nil {
		var record []byte
		var line int64
		if err = ctx.Err(); err == nil {
			record, line, err = records.next()
		}
		if err == nil {
			err = f(record, line)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// newRecords unpacks gzip, which it recognises by content.
func newRecords(file string, r io.Reader) (*records, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	head, err := br.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, corpus.UnpackError(file, err)
	}
	s := &records{file: file, r: br, line: 1}
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		zr, err := gzip.NewReader(br)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, corpus.UnpackError(s.file, err)
		}
		s.r = zr
	}
	return s, nil
}

// fill reads more bytes, keeping those from position keep on.
func (s *records) fill(keep int) (shift int, err error) {
	if s.eof {
		return 0, io.EOF
	}
	if keep > 0 {
		s.buf = s.buf[:copy(s.buf, s.buf[keep:])]
	}
	if len(s.buf) == cap(s.buf) {
		grown := make([]byte, len(s.buf), max(1<<18, 2*cap(s.buf)))
		copy(grown, s.buf)
		s.buf = grown
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		switch {
		case errors.Is(err, io.EOF):
			s.eof = true
			if n == 0 {
				return keep, io.EOF
			}
			return keep, nil
		case err != nil:
			return keep, corpus.UnpackError(s.file, err)
		case n > 0:
			return keep, nil
		}
	}
	return keep, io.ErrNoProgress
}

// next returns the next object and the line on which it starts, or io.EOF. The
// bytes are valid until the call after.
func (s *records) next() ([]byte, int64, error) {
	for {
		if err := s.skipSpace(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil, 0, s.atEnd()
			}
			return nil, 0, err
		}
		c := s.buf[s.at]
		switch {
		case c == '{' && s.state != afterEntry && s.state != afterAll:
			return s.object()
		case c == '[' && s.state == beforeAll:
			s.state = inArray
		case c == ',' && s.state == afterEntry:
			s.state = inArray
		case c == ']' && (s.state == afterEntry || s.state == inArray):
			s.state = afterAll
		default:
			return nil, 0, s.unexpected()
		}
		s.at++
	}
}

// atEnd says whether the stream may end here.
func (s *records) atEnd() error {
	switch s.state {
	case beforeAll:
		return &corpus.DataError{Kind: corpus.KindEmpty, File: s.file, Reason: "the file is empty"}
	case inArray, afterEntry:
		return &corpus.DataError{Kind: corpus.KindTruncated, File: s.file, Line: s.line, Reason: "the array of samples isn't closed",
			Remedy: "The evaluation may have been interrupted: copy the file again or repeat the run"}
	}
	return io.EOF
}

func (s *records) unexpected() error {
	rest := bytes.ToLower(s.buf[s.at:min(len(s.buf), s.at+64)])
	e := &corpus.DataError{Kind: corpus.KindFormat, File: s.file, Line: s.line, Reason: "a JSON object was expected",
		Remedy: "Give the files that lm_eval writes with --log_samples"}
	if bytes.HasPrefix(rest, []byte("<!doctype")) || bytes.HasPrefix(rest, []byte("<html")) {
		e.Reason = "is a web page, not the output of a harness"
	}
	return e
}

// skipSpace moves to the next byte that isn't white space. A byte order mark at the
// start of the file is white space too.
func (s *records) skipSpace() error {
	for {
		for s.at < len(s.buf) {
			switch s.buf[s.at] {
			case '\n':
				s.line++
			case ' ', '\t', '\r':
			default:
				if s.state == beforeAll && bytes.HasPrefix(s.buf[s.at:], []byte("\ufeff")) {
					s.at += 2
					break
				}
				return nil
			}
			s.at++
		}
		shift, err := s.fill(s.at)
		s.at -= shift
		if err != nil {
			return err
		}
	}
}

// object returns the object that starts here.
func (s *records) object() ([]byte, int64, error) {
	if s.state == beforeAll {
		s.state = inStream
	}
	line := s.line
	depth, quoted := 0, false
	k := s.at
	for {
		for k < len(s.buf) {
			if quoted {
				end, found := closingQuote(s.buf, k)
				if !found {
					k = end
					break
				}
				k, quoted = end+1, false
				continue
			}
			switch s.buf[k] {
			case '"':
				quoted = true
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return s.take(k + 1), line, nil
				}
			}
			k++
		}
		if k-s.at > maxRecord && s.anotherBegins() {
			return nil, 0, s.unclosed(line)
		}
		if k-s.at > maxRecord {
			return nil, 0, &corpus.DataError{Kind: corpus.KindLimit, File: s.file, Line: line,
				Reason: fmt.Sprintf("a sample of more than %d bytes", maxRecord)}
		}
		shift, err := s.fill(s.at)
		s.at -= shift
		k -= shift
		if errors.Is(err, io.EOF) {
			if s.anotherBegins() {
				return nil, 0, s.unclosed(line)
			}
			return nil, 0, &corpus.DataError{Kind: corpus.KindTruncated, File: s.file, Line: line, Reason: "the file ends inside this sample",
				Remedy: "The evaluation may have been interrupted: copy the file again or repeat the run"}
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// anotherBegins reports whether a later line begins with an object: then it is the line of
// the object that is broken, and not the end of the file.
func (s *records) anotherBegins() bool { return bytes.Contains(s.buf[s.at:], []byte("\n{")) }

func (s *records) unclosed(line int64) error {
	return &corpus.DataError{Kind: corpus.KindFormat, File: s.file, Line: line, Reason: "the sample on this line isn't closed, though the next one begins after it",
		Remedy: "Something else may have been written into the file: copy it again or repeat the run"}
}

// take consumes the object that ends at a position.
func (s *records) take(end int) []byte {
	record := s.buf[s.at:end]
	s.at = end
	s.line += int64(bytes.Count(record, []byte{'\n'}))
	if s.state == inArray {
		s.state = afterEntry
	}
	return record
}
