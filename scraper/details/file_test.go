package details

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

// memory is a file in memory that counts reads.
type memory struct {
	data     []byte
	requests int
	bytes    int64
	fail     error
}

func (m *memory) Size() int64 { return int64(len(m.data)) }

func (m *memory) Prefetch(spans ...Span) error {
	for _, s := range spans {
		m.requests++
		m.bytes += s.Len
	}
	return m.fail
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	if m.fail != nil {
		return 0, m.fail
	}
	return bytes.NewReader(m.data).ReadAt(p, off)
}

// write makes a Parquet file of rows.
func write[T any](t testing.TB, rows []T, options ...parquet.WriterOption) *memory {
	t.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[T](&out, append([]parquet.WriterOption{parquet.Compression(&parquet.Snappy)}, options...)...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &memory{data: out.Bytes()}
}

func open(t testing.TB, m *memory) *File {
	t.Helper()
	f, err := Open(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAnswersOfEveryGeneration(t *testing.T) {
	type flat struct {
		Example string  `parquet:"example"`
		Acc     float64 `parquet:"acc"`
		AccNorm float64 `parquet:"acc_norm"`
	}
	type optional struct {
		Acc *float64 `parquet:"acc,optional"`
	}
	type single struct {
		Acc float32 `parquet:"acc"`
	}
	type integer struct {
		Acc int64 `parquet:"acc,dict"`
	}
	type small struct {
		Acc int32 `parquet:"acc"`
	}
	type truth struct {
		MC1 bool `parquet:"mc1"`
	}
	type text struct {
		Acc string `parquet:"acc"`
	}
	type metrics struct {
		Acc     float64 `parquet:"acc"`
		AccNorm float64 `parquet:"acc_norm"`
	}
	type nested struct {
		Metrics metrics `parquet:"metrics"`
	}
	type nestedOptional struct {
		Metrics *metrics `parquet:"metrics,optional"`
	}
	type dotted struct {
		Acc float64 `parquet:"metrics.acc"`
	}
	type dict struct {
		Metrics string `parquet:"metrics"`
	}
	one := 1.0
	zero := 0.0
	cases := map[string]struct {
		file   *memory
		metric string
	}{
		"top_level_double":     {write(t, []flat{{"a", 1, 0}, {"b", 0, 1}, {"c", 1, 0}}), "acc"},
		"optional_double":      {write(t, []optional{{&one}, {&zero}, {&one}}), "acc"},
		"float":                {write(t, []single{{1}, {0}, {1}}), "acc"},
		"int64_in_dictionary":  {write(t, []integer{{1}, {0}, {1}}), "acc"},
		"int32":                {write(t, []small{{1}, {0}, {1}}), "acc"},
		"bool":                 {write(t, []truth{{true}, {false}, {true}}), "mc1"},
		"text":                 {write(t, []text{{"1.0"}, {"False"}, {"True"}}), "acc"},
		"struct":               {write(t, []nested{{metrics{1, 0}}, {metrics{0, 1}}, {metrics{1, 0}}}), "acc"},
		"optional_struct":      {write(t, []nestedOptional{{&metrics{1, 0}}, {&metrics{0, 1}}, {&metrics{1, 0}}}), "acc"},
		"dotted_name":          {write(t, []dotted{{1}, {0}, {1}}), "acc"},
		"python_dictionary":    {write(t, []dict{{"{'acc': 1.0, 'acc_norm': 0.0}"}, {"{'acc_norm': 1.0, 'acc': 0.0}"}, {`{"acc": np.float64(1.0)}`}}), "acc"},
		"row_groups":           {write(t, []flat{{"a", 1, 0}, {"b", 0, 1}, {"c", 1, 0}}, parquet.MaxRowsPerRowGroup(1)), "acc"},
		"gzip":                 {write(t, []flat{{"a", 1, 0}, {"b", 0, 1}, {"c", 1, 0}}, parquet.Compression(&parquet.Gzip)), "acc"},
		"zstd":                 {write(t, []flat{{"a", 1, 0}, {"b", 0, 1}, {"c", 1, 0}}, parquet.Compression(&parquet.Zstd)), "acc"},
		"not_compressed":       {write(t, []flat{{"a", 1, 0}, {"b", 0, 1}, {"c", 1, 0}}, parquet.Compression(&parquet.Uncompressed)), "acc"},
		"data_pages_version_1": {write(t, []flat{{"a", 1, 0}, {"b", 0, 1}, {"c", 1, 0}}, parquet.DataPageVersion(1)), "acc"},
		"data_pages_version_2": {write(t, []flat{{"a", 1, 0}, {"b", 0, 1}, {"c", 1, 0}}, parquet.DataPageVersion(2)), "acc"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := open(t, c.file)
			if err := f.CheckRows(3); err != nil {
				t.Fatal(err)
			}
			got, err := f.Answers(c.metric)
			if err != nil || !slices.Equal(got, []uint8{1, 0, 1}) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestBadFilesAreRefusedWithTheirFault(t *testing.T) {
	type row struct {
		Example string   `parquet:"example"`
		Acc     *float64 `parquet:"acc,optional"`
	}
	value := func(x float64) *float64 { return &x }
	nan := 0.0
	nan /= nan
	rows := func(third *float64) []row { return []row{{"a", value(1)}, {"b", value(0)}, {"c", third}} }
	good := write(t, rows(value(1))).data
	type dict struct {
		Metrics string `parquet:"metrics"`
	}
	cases := map[string]struct {
		file   []byte
		metric string
		want   Fault
	}{
		"empty":                 {nil, "acc", FaultCorrupt},
		"html":                  {[]byte("<html><body>503 Service Unavailable</body></html>"), "acc", FaultCorrupt},
		"cut":                   {good[:len(good)/2], "acc", FaultCorrupt},
		"footer_longer_than_it": {slices.Concat(good[:len(good)-8], []byte{0xff, 0xff, 0xff, 0x7f}, []byte("PAR1")), "acc", FaultBounds},
		"footer_of_noise":       {slices.Concat([]byte("PAR1"), bytes.Repeat([]byte{0x9c}, 40), []byte{40, 0, 0, 0}, []byte("PAR1")), "acc", FaultCorrupt},
		"other_columns":         {good, "acc_norm", FaultMetric},
		"missing_value":         {write(t, rows(nil)).data, "acc", FaultValue},
		"nan":                   {write(t, rows(&nan)).data, "acc", FaultValue},
		"two":                   {write(t, rows(value(2))).data, "acc", FaultValue},
		"almost_one":            {write(t, rows(value(0.9999999))).data, "acc", FaultValue},
		"dictionary_without_it": {write(t, []dict{{"{'acc_norm': 1.0}"}}).data, "acc", FaultValue},
		"dictionary_cut":        {write(t, []dict{{"{'acc': 1."}}).data, "acc", FaultValue},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f, err := Open(&memory{data: c.file}, 0)
			if err == nil {
				_, err = f.Answers(c.metric)
			}
			if FaultOf(err) != c.want {
				t.Errorf("%v: fault %q, want %q", err, FaultOf(err), c.want)
			}
		})
	}
	f := open(t, &memory{data: good})
	for items, ok := range map[int]bool{3: true, 0: true, 4: false, 2: false} {
		if err := f.CheckRows(items); (err == nil) != ok {
			t.Errorf("3 rows for %d items: %v", items, err)
		}
	}
}

// An error of the source is returned unchanged: a broken connection is not a broken
// file.
func TestErrorsOfTheSourceAreNotTheFiles(t *testing.T) {
	type row struct {
		Acc float64 `parquet:"acc"`
	}
	broken := errors.New("connection reset")
	m := write(t, []row{{1}})
	f := open(t, m)
	m.fail = broken
	if _, err := f.Answers("acc"); !errors.Is(err, broken) || FaultOf(err) != "" {
		t.Errorf("error %v", err)
	}
	if _, err := Open(m, 0); !errors.Is(err, broken) || FaultOf(err) != "" {
		t.Errorf("error %v", err)
	}
}

func TestRangedReadingTakesLittleOfTheFile(t *testing.T) {
	type row struct {
		Example string  `parquet:"example"`
		Prompt  string  `parquet:"full_prompt"`
		Acc     float64 `parquet:"acc,dict"`
	}
	var rows []row
	for k := range 1000 {
		noise := fmt.Sprintf("%x", sha(k))
		rows = append(rows, row{noise, strings.Repeat(noise, 20), float64(k % 2)})
	}
	m := write(t, rows)
	f := open(t, m)
	if _, err := f.Answers("acc"); err != nil {
		t.Fatal(err)
	}
	if m.requests != 2 || m.bytes > TailSize+4096 {
		t.Errorf("%d requests of %d bytes for a file of %d", m.requests, m.bytes, len(m.data))
	}
}

func TestFingerprintTellsAnotherOrder(t *testing.T) {
	type row struct {
		Example string  `parquet:"example"`
		Acc     float64 `parquet:"acc"`
	}
	words := strings.Fields("a model of the world that asks what is left right under over many small large questions about some other thing")
	var rows []row
	for k := range 400 {
		h := sha(k)
		var text []string
		for _, b := range h[:16] {
			text = append(text, words[int(b)%len(words)])
		}
		rows = append(rows, row{strings.Join(text, " "), 1})
	}
	same := slices.Clone(rows)
	for k := range same {
		same[k].Acc = float64(k % 2)
	}
	other := slices.Clone(rows)
	other[3], other[300] = other[300], other[3]
	print := open(t, write(t, rows)).Fingerprint()
	if print == "" {
		t.Fatal("no fingerprint")
	}
	if got := open(t, write(t, same)).Fingerprint(); got != print {
		t.Error("the same questions with other answers have another fingerprint")
	}
	if got := open(t, write(t, other)).Fingerprint(); got == print {
		t.Error("two questions changed places and the fingerprint is the same")
	}
	if got := open(t, write(t, rows[:20])).Fingerprint(); got != "" {
		t.Error("a fingerprint of few bytes is believed")
	}
	if got := open(t, write(t, rows, parquet.Compression(&parquet.Uncompressed))).Fingerprint(); got != "" {
		t.Error("a fingerprint of plain bytes is believed: their number doesn't depend on the order")
	}
}

func TestIdentityIsTheQuestionNotTheId(t *testing.T) {
	type early struct {
		Example string `parquet:"example"`
		Query   string `parquet:"query"`
	}
	type ids struct {
		Example string `parquet:"example"`
	}
	a, err := open(t, write(t, []early{{"Mercury_1", "Question:  Why?\nAnswer:"}})).Identity()
	if err != nil || a == nil {
		t.Fatal(a, err)
	}
	b, err := open(t, write(t, []ids{{"Question: Why?  Answer:"}})).Identity()
	if err != nil || b == nil || a.Hashes[0] != b.Hashes[0] {
		t.Errorf("white space changes the identity: %v %v %v", a, b, err)
	}
	c, err := open(t, write(t, []ids{{"Mercury_7221148"}, {"AKDE&ED_2008"}})).Identity()
	if err != nil || c != nil {
		t.Errorf("ids are taken for questions: %v %v", c, err)
	}
}

func FuzzFile(f *testing.F) {
	type metrics struct {
		Acc float64 `parquet:"acc"`
	}
	type row struct {
		Example string   `parquet:"example"`
		Acc     *float64 `parquet:"acc_norm,optional"`
		Metrics metrics  `parquet:"metrics"`
		Tokens  []int64  `parquet:"tokens,list"`
		Prompt  string   `parquet:"full_prompt"`
		Choices []string `parquet:"choices,list"`
		Gold    int64    `parquet:"gold"`
	}
	one := 1.0
	rows := []row{{"Why not ask?", &one, metrics{1}, []int64{1, 2}, "So: why not ask?", []string{"yes", "no"}, 1},
		{"How come?", nil, metrics{0}, nil, "So: how come?", nil, 0}}
	for _, options := range [][]parquet.WriterOption{nil, {parquet.DataPageVersion(1)}, {parquet.Compression(&parquet.Zstd)}, {parquet.Compression(&parquet.Gzip), parquet.MaxRowsPerRowGroup(1)}} {
		f.Add(write(f, rows, options...).data)
	}
	f.Add([]byte("PAR1\x15\x02\x00\x03\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(&memory{data: data}, 0)
		if err != nil {
			if FaultOf(err) == "" {
				t.Errorf("error without a fault: %v", err)
			}
			return
		}
		for _, bench := range []corpus.Benchmark{multipleChoice(), freeText()} {
			questions, err := file.Questions(bench, []int{0, 1})
			if err != nil && FaultOf(err) == "" || err == nil && len(questions) != 2 {
				t.Errorf("%d questions, %v", len(questions), err)
			}
		}
		for _, metric := range []string{"acc", "acc_norm", "example"} {
			answers, err := file.Answers(metric)
			if err != nil && FaultOf(err) == "" {
				t.Errorf("error without a fault: %v", err)
			}
			if err == nil && len(answers) != file.Rows() {
				t.Errorf("%d answers in %d rows", len(answers), file.Rows())
			}
		}
		if _, err := file.Identity(); err != nil && FaultOf(err) == "" {
			t.Errorf("error without a fault: %v", err)
		}
		_ = file.Fingerprint()
	})
}

var _ io.ReaderAt = (*memory)(nil)
