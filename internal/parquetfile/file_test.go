package parquetfile

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

var small = Limits{Footer: 1 << 20, List: 100, Structures: 1000, Rows: 1000, Column: 1 << 20, Page: 1 << 20, PageValues: 1000}

type row struct {
	Text  string `parquet:"text,plain"`
	Whole *int64 `parquet:"whole,optional,dict"`
}

func written(tb testing.TB, options ...parquet.WriterOption) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, options...)
	for k := range int64(300) {
		r := row{Text: strings.Repeat("a text that packs well, ", 3)}
		if k%3 > 0 {
			r.Whole = new(k % 7)
		}
		if _, err := w.Write([]row{r}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// readAll reads every column after checking its pages and returns the number of values.
func readAll(data []byte, l Limits) (values int, err error) {
	f, err := Open(bytes.NewReader(data), int64(len(data)), l)
	if err != nil {
		return 0, err
	}
	for g := range f.Metadata().RowGroups {
		for c := range f.Schema().Columns() {
			m, err := f.Chunk(g, c)
			if err == nil {
				err = f.CheckPages(m)
			}
			if err == nil {
				err = f.Guard(func() error {
					pages := f.RowGroups()[g].ColumnChunks()[c].Pages()
					defer pages.Close()
					for left := m.NumValues; left > 0; {
						p, err := pages.ReadPage()
						if err != nil {
							return err
						}
						left -= p.NumValues()
						values += int(p.NumValues())
						parquet.Release(p)
					}
					return nil
				})
			}
			if err != nil {
				return values, err
			}
		}
	}
	return values, nil
}

var codecs = map[string]compress.Codec{"plain": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip,
	"brotli": &parquet.Brotli, "zstd": &parquet.Zstd, "lz4": &parquet.Lz4Raw}

// Damage anywhere costs an error at most: no panic, no endless loop, no memory.
func TestDamagedPagesOfEveryCompressionAreErrors(t *testing.T) {
	for name, codec := range codecs {
		for version := 1; version <= 2; version++ {
			data := written(t, parquet.Compression(codec), parquet.DataPageVersion(version), parquet.MaxRowsPerRowGroup(200), parquet.PageBufferSize(2000))
			if n, err := readAll(data, small); n != 600 || err != nil {
				t.Errorf("%s, version %d: %d values, %v", name, version, n, err)
			}
			for at := 0; at < len(data); at += 31 {
				bad := slices.Clone(data)
				bad[at] ^= 0xff
				var known *Error
				if _, err := readAll(bad, small); err != nil && !errors.As(err, &known) {
					t.Fatalf("%s, version %d, byte %d: %v", name, version, at, err)
				}
			}
		}
	}
}

func TestEveryLimitIsHeld(t *testing.T) {
	for name, limit := range map[string]func(*Limits){
		"footer":      func(l *Limits) { l.Footer = 50 },
		"rows":        func(l *Limits) { l.Rows = 299 },
		"column":      func(l *Limits) { l.Column = 1000 },
		"page":        func(l *Limits) { l.Page = 500 },
		"page_values": func(l *Limits) { l.PageValues = 5 },
		"list":        func(l *Limits) { l.List = 1 },
		"structures":  func(l *Limits) { l.Structures = 4 },
	} {
		for codec, c := range codecs {
			l := small
			limit(&l)
			var known *Error
			if _, err := readAll(written(t, parquet.Compression(c)), l); !errors.As(err, &known) {
				t.Errorf("%s of %s: %v", name, codec, err)
			}
		}
	}
}

type failing struct {
	*bytes.Reader
	after int // reads that succeed
}

var errLine = errors.New("connection reset")

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.after--; f.after < 0 {
		return 0, errLine
	}
	return f.Reader.ReadAt(p, off)
}

// Who is told that a file is damaged would copy it again; a broken line is another matter.
func TestErrorsOfReadingAreNotTheFiles(t *testing.T) {
	for name, codec := range codecs {
		data := written(t, parquet.Compression(codec))
		for after := range 100 {
			r := &failing{bytes.NewReader(data), after}
			err := func() error {
				f, err := Open(r, int64(len(data)), small)
				if err != nil {
					return err
				}
				m, err := f.Chunk(0, 0)
				if err != nil {
					return err
				}
				return f.CheckPages(m)
			}()
			if err == nil {
				break
			}
			if !errors.Is(err, errLine) {
				t.Errorf("%s, after %d reads: %v", name, after, err)
			}
		}
	}
}

func TestFooterOfCutFiles(t *testing.T) {
	data := written(t)
	for name, c := range map[string]struct {
		data []byte
		want Kind
	}{
		"empty":          {nil, Truncated},
		"cut":            {data[:len(data)/2], Truncated},
		"no_footer_left": {slices.Concat([]byte(Magic), data[len(data)-8:]), Damaged},
		"beyond_limit":   {slices.Concat(data[:len(data)-8], []byte("\xff\xff\xff\x7f"+Magic)), TooLarge},
		"noise":          {[]byte(Magic + strings.Repeat("\x9c", 40) + "\x28\x00\x00\x00" + Magic), Damaged},
	} {
		var e *Error
		if _, err := Open(bytes.NewReader(c.data), int64(len(c.data)), small); !errors.As(err, &e) || e.Kind != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
