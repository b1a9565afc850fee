package table

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/response"
	"metabench/corpus"
)

type nothing struct{}

func (nothing) Close() error { return nil }

// readAll reads text with csvSource, as rows of text.
func readAll(text string) ([][]string, error) {
	digest := newDigestReader(strings.NewReader(text))
	s, err := newCSV(context.Background(), "fuzz", bufio.NewReaderSize(digest, 16), digest, nothing{})
	if err != nil {
		return nil, err
	}
	all := make([]int, len(s.header))
	for k := range all {
		all[k] = k
	}
	s.choose(all)
	var rows [][]string
	var b batch
	for {
		if err := s.next(&b); err != nil {
			if errors.Is(err, io.EOF) {
				return rows, nil
			}
			return nil, err
		}
		for i := range b.n {
			row := make([]string, len(all))
			for k := range row {
				row[k] = s.dictionary(k).text(b.cells[k].codes[i])
			}
			rows = append(rows, row)
		}
	}
}

// FuzzCSV compares the splitter with encoding/csv: what both accept, they read alike,
// and only a file cut in its last line may be refused by one alone.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a,b\r\n\"x\"\"y\",\"l1\nl2\"\r\n", "a;b\n1;2\n", "a\tb\n\"\t\"\t1\n", "a\n\n1\n", "a,b\n1,", "\"a\nb\",c\n1,2", "a\n\"\"\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "\ufeff") {
			t.Skip("encoding/csv keeps the byte order mark")
		}
		got, err := readAll(text)
		first, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
		r := csv.NewReader(strings.NewReader(text))
		r.Comma = rune(separatorOf([]byte(first)))
		want, wantErr := r.ReadAll()
		var e *corpus.DataError
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("untyped error %v", err)
			}
			if wantErr == nil && len(want) > 0 && e.Kind == corpus.KindFormat && !strings.Contains(e.Reason, "UTF-8") {
				t.Fatalf("refused with %v what encoding/csv reads as %q", err, want)
			}
			return
		}
		if wantErr != nil {
			t.Fatalf("read %q, encoding/csv says %v", got, wantErr)
		}
		for _, row := range want {
			for k, v := range row {
				if isMissing(v) {
					row[k] = ""
				}
			}
		}
		if !slices.EqualFunc(got, want[1:], slices.Equal) {
			t.Fatalf("read %q, encoding/csv %q", got, want[1:])
		}
	})
}

// FuzzReadLong gives arbitrary bytes to the whole reader: it may refuse, with a
// typed error, but never panic, and what it reads is consistent.
func FuzzReadLong(f *testing.F) {
	f.Add([]byte("model,item,correct\nx,1,1\n"))
	f.Add([]byte("source,item,correct\nx,1,1.0\nx,2,\n"))
	f.Add([]byte("item,prompt\n1,\"a\nb\"\n"))
	f.Add([]byte("model,item,correct,subject,subject_item,benchmark\nx,1,1,anatomy,1,mmlu\n"))
	f.Add([]byte(gzipped(f, "model,item,correct\nx,1,1\n")))
	f.Add([]byte(parquetBytes(f, longRows())))
	f.Fuzz(func(t *testing.T, content []byte) {
		paths := write(t, map[string]string{"a.dat": string(content)})
		im, err := ReadLong(context.Background(), paths, LongOptions{Catalogue: catalogue()})
		if err != nil {
			var e *corpus.DataError
			if !errors.As(err, &e) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		checkImport(t, im)
	})
}

// FuzzParquet damages a good Parquet file in one place and cuts it.
func FuzzParquet(f *testing.F) {
	var rows []longRow
	for k := range 200 {
		rows = append(rows, longRow{string(rune('a' + k%26)), int32(k), number(float64(k % 2))})
	}
	whole := []byte(parquetBytes(f, rows))
	f.Add(10, byte(1), 0)
	f.Add(len(whole)-9, byte(0xff), 0)
	f.Add(len(whole)/2, byte(0x80), 3)
	f.Fuzz(func(t *testing.T, at int, flip byte, cut int) {
		if at < 0 || at >= len(whole) || cut < 0 || cut > len(whole) {
			t.Skip("outside of the file")
		}
		content := bytes.Clone(whole)
		content[at] ^= flip
		content = content[:len(content)-cut]
		paths := write(t, map[string]string{"a.dat": string(content)})
		im, err := ReadLong(context.Background(), paths, LongOptions{Benchmark: "mine"})
		if err != nil {
			var e *corpus.DataError
			if !errors.As(err, &e) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		checkImport(t, im)
	})
}

// FuzzReadResponses gives arbitrary bytes to the reader of response tables, long and
// wide: it may refuse, with a typed error, but never panic, and each column of a wide
// table is the model's, an item, or named as none.
func FuzzReadResponses(f *testing.F) {
	f.Add([]byte("model,item,correct\nx,1,1\n"), "-1", "set")
	f.Add([]byte("id,item,resp\nx,1,1\nx,2,\n"), "9", "")
	f.Add([]byte("model,set,q1,q2\nx,train,1,-1\ny,test,0,2\n"), "-1", "q2")
	f.Add([]byte("who,what,mark\nx,a,1\nx,b,0\ny,a,yes\n"), ".", "what")
	f.Add([]byte(",model,q\n0,x,TRUE\n1,y,F\n"), "F", "")
	f.Add([]byte(parquetBytes(f, longRows())), "-1", "")
	f.Fuzz(func(t *testing.T, content []byte, code, skip string) {
		o := ResponseOptions{Missing: []string{code}}
		if skip != "" {
			o.Skip = []string{skip}
		}
		r, err := ReadResponses(context.Background(), write(t, map[string]string{"a.dat": string(content)})[0], o)
		if err != nil {
			var e *corpus.DataError
			if !errors.As(err, &e) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		models, items := r.Answers.Dims()
		if models == 0 || items == 0 {
			t.Fatalf("%d models, %d items", models, items)
		}
		for j := range items {
			observed := 0
			for i := range models {
				if r.Answers.At(i, j) != response.Missing {
					observed++
				}
			}
			if observed == 0 {
				t.Fatalf("nobody answered %q", r.Items[j])
			}
		}
		named := map[string]bool{}
		for _, n := range r.NotItems {
			named[n.Column] = true
		}
		for name, values := range r.Extra {
			if !named[name] || len(values) != models || slices.Contains(r.Items, name) {
				t.Fatalf("%q is carried along with %d values, named: %v", name, len(values), named)
			}
		}
	})
}
