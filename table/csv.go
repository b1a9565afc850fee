package table

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"metabench/corpus"
)

// Limits on text. The widest known table has 28,659 item columns with names of 40 bytes, the
// longest known cell is a prompt with 25 examples.
const (
	maxLine    = 16 << 20
	maxColumns = 200_000
)

// csvSource reads comma-separated values (RFC 4180) with a header line, or what is
// separated by tabs or semicolons. Lines without a quote, which is nearly all of them,
// are split without a copy.
type csvSource struct {
	ctx    context.Context
	file   string
	r      *bufio.Reader
	digest *digestReader
	closer io.Closer

	separator byte
	header    []string
	slot      []int // file column → chosen column, -1 if not wanted
	dicts     []*dictionary

	line    int64  // number of the last line read
	start   int64  // line on which the current record starts
	buf     []byte // a line longer than the reader's buffer
	fields  [][]byte
	quoted  []byte // unquoted text of the current record
	ends    []int
	rows    int64
	unended bool // the last line had no newline
}

func newCSV(ctx context.Context, file string, r *bufio.Reader, digest *digestReader, c io.Closer) (*csvSource, error) {
	s := &csvSource{ctx: ctx, file: file, r: r, digest: digest, closer: c}
	line, err := s.readLine()
	for err == nil && len(line) == 0 {
		line, err = s.readLine()
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &corpus.DataError{Kind: corpus.KindEmpty, File: file, Reason: "the file has no header"}
		}
		return nil, err
	}
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	s.separator = separatorOf(line)
	if err := s.split(line); err != nil {
		return nil, err
	}
	if len(s.fields) > maxColumns {
		return nil, s.here().errorf(corpus.KindLimit, "", "", "the header names %d columns, more than %d", len(s.fields), maxColumns)
	}
	s.header = make([]string, len(s.fields))
	for k, f := range s.fields {
		s.header[k] = strings.TrimSpace(string(f))
	}
	if err := checkHeader(file, s.header); err != nil {
		return nil, err
	}
	return s, nil
}

// separatorOf finds the separator of a header's fields: a tab if it has one, since names
// contain none; else the more frequent of comma and semicolon. Text in quotes doesn't count.
func separatorOf(header []byte) byte {
	var tabs, commas, semicolons int
	quoted := false
	for _, c := range header {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\t':
			tabs++
		case c == ',':
			commas++
		case c == ';':
			semicolons++
		}
	}
	switch {
	case tabs > 0:
		return '\t'
	case semicolons > commas:
		return ';'
	}
	return ','
}

// checkHeader refuses names that are equal or can't be printed.
func checkHeader(file string, names []string) error {
	seen := make(map[string]int, len(names))
	for k, name := range names {
		if !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0 {
			return &corpus.DataError{Kind: corpus.KindFormat, File: file, Reason: "the header is not UTF-8 text",
				Remedy: "Save the table as UTF-8"}
		}
		if before, ok := seen[name]; ok && name != "" {
			return &corpus.DataError{Kind: corpus.KindColumn, File: file, Column: name,
				Reason: "the header names this column twice, at positions " + strconv.Itoa(before+1) + " and " + strconv.Itoa(k+1),
				Remedy: "Rename one of them"}
		}
		seen[name] = k
	}
	return nil
}

func (s *csvSource) columns() []string                  { return s.header }
func (s *csvSource) whyNot(string) *corpus.DataError    { return nil }
func (s *csvSource) unreadColumns() []*corpus.DataError { return nil }

func (s *csvSource) choose(columns []int) {
	s.slot = make([]int, len(s.header))
	for k := range s.slot {
		s.slot[k] = -1
	}
	s.dicts = make([]*dictionary, len(columns))
	for k, c := range columns {
		s.slot[c] = k
		s.dicts[k] = newDictionary()
	}
}

func (s *csvSource) dictionary(k int) *dictionary { return s.dicts[k] }

func (s *csvSource) here() location { return location{file: s.file, line: s.start} }

func (s *csvSource) next(b *batch) error {
	b.reset(len(s.dicts))
	b.first = s.rows
	if err := s.ctx.Err(); err != nil {
		return err
	}
	for b.n < batchRows {
		if err := s.record(); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return err
		}
		for c, f := range s.fields {
			if k := s.slot[c]; k >= 0 {
				b.cells[k].codes = append(b.cells[k].codes, s.dicts[k].code(f))
			}
		}
		b.lines = append(b.lines, s.start)
		b.n++
	}
	s.rows += int64(b.n)
	if b.n == 0 {
		return io.EOF
	}
	return nil
}

// record reads the next non-empty line, or several where a quoted field spans
// them, into fields.
func (s *csvSource) record() error {
	for {
		line, err := s.readLine()
		if err != nil {
			return err
		}
		s.start = s.line
		if len(line) == 0 {
			continue
		}
		if err := s.split(line); err != nil {
			return err
		}
		return s.checkFields()
	}
}

// checkFields compares the number of fields with the header's, and recognises a file that
// ends inside its last line.
func (s *csvSource) checkFields() error {
	n, want := len(s.fields), len(s.header)
	cut := s.unended && (n < want || len(s.fields[n-1]) == 0 && want > 1)
	switch {
	case cut:
		return s.here().errorf(corpus.KindTruncated, "",
			"Copy or download the file again; if it is whole, end its last line with a newline",
			"the file ends inside this line: %d of %d fields and no newline", n, want)
	case n == 1 && want > 1 && bytes.HasPrefix(bytes.TrimSpace(s.fields[0]), []byte("#")):
		return s.here().errorf(corpus.KindFormat, "", "Remove the lines that begin with #", "a comment inside the table")
	case n != want:
		return s.here().errorf(corpus.KindFormat, "", "Quote values that contain the separator, or repair the line",
			"%d fields where the header has %d", n, want)
	}
	return nil
}

// split cuts a line into fields.
func (s *csvSource) split(line []byte) error {
	s.fields = s.fields[:0]
	if bytes.IndexByte(line, '"') >= 0 {
		return s.splitQuoted(line)
	}
	for {
		k := bytes.IndexByte(line, s.separator)
		if k < 0 {
			s.fields = append(s.fields, line)
			return nil
		}
		s.fields = append(s.fields, line[:k])
		line = line[k+1:]
	}
}

// splitQuoted cuts a record that contains quotes. A quoted field may hold
// separators, doubled quotes and line breaks; a quote anywhere else is an error.
func (s *csvSource) splitQuoted(line []byte) error {
	s.start = s.line
	s.quoted, s.ends = s.quoted[:0], s.ends[:0]
	for {
		if len(line) == 0 || line[0] != '"' {
			k := bytes.IndexByte(line, s.separator)
			field := line
			if k >= 0 {
				field = line[:k]
			}
			if bytes.IndexByte(field, '"') >= 0 {
				return s.here().errorf(corpus.KindFormat, "", "Quote the whole value and double the quotes inside it",
					"a quote inside a value that isn't quoted")
			}
			s.quoted = append(s.quoted, field...)
			s.ends = append(s.ends, len(s.quoted))
			if k < 0 {
				break
			}
			line = line[k+1:]
			continue
		}
		rest, err := s.quotedField(line[1:])
		if err != nil {
			return err
		}
		s.ends = append(s.ends, len(s.quoted))
		if len(rest) == 0 {
			break
		}
		line = rest[1:]
	}
	from := 0
	for _, to := range s.ends {
		s.fields = append(s.fields, s.quoted[from:to:to])
		from = to
	}
	return nil
}

// quotedField appends a quoted field's text to quoted, reading further lines until
// the closing quote, and returns what follows it: nothing or a separator and more.
func (s *csvSource) quotedField(line []byte) ([]byte, error) {
	for {
		k := bytes.IndexByte(line, '"')
		switch {
		case k < 0:
			s.quoted = append(s.quoted, line...)
			if !s.unended {
				s.quoted = append(s.quoted, '\n')
			}
			if len(s.quoted) > maxLine {
				return nil, s.here().errorf(corpus.KindLimit, "", "Look for a quote that is never closed",
					"a record of more than %d bytes", maxLine)
			}
			next, err := s.readLine()
			if errors.Is(err, io.EOF) {
				return nil, s.here().errorf(corpus.KindTruncated, "", "Copy or download the file again, or close the quote",
					"the file ends inside a quoted value that starts here")
			}
			if err != nil {
				return nil, err
			}
			line = next
		case k+1 < len(line) && line[k+1] == '"':
			s.quoted = append(s.quoted, line[:k+1]...)
			line = line[k+2:]
		case k+1 == len(line) || line[k+1] == s.separator:
			s.quoted = append(s.quoted, line[:k]...)
			return line[k+1:], nil
		default:
			return nil, s.here().errorf(corpus.KindFormat, "", "Double the quotes inside a quoted value",
				"text after the closing quote of a value")
		}
	}
}

// readLine returns the next line without its end, valid until the next call.
func (s *csvSource) readLine() ([]byte, error) {
	line, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		s.buf = s.buf[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			s.buf = append(s.buf, line...)
			if len(s.buf) > maxLine {
				return nil, location{file: s.file, line: s.line + 1}.errorf(corpus.KindLimit, "",
					"Look at the file: it may not be a table", "a line of more than %d bytes", maxLine)
			}
			line, err = s.r.ReadSlice('\n')
		}
		s.buf = append(s.buf, line...)
		line = s.buf
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, corpus.UnpackError(s.file, err)
	}
	s.line++
	s.unended = line[len(line)-1] != '\n'
	if !s.unended {
		line = line[:len(line)-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

func (s *csvSource) finish() (int64, string, error) { return s.digest.finish() }
func (s *csvSource) close() error                   { return s.closer.Close() }
