package table

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

func readText(t *testing.T, content string) *Frame {
	t.Helper()
	f, err := ReadFrame(context.Background(), write(t, map[string]string{"a.dat": content})[0])
	if err != nil {
		t.Fatal(err)
	}
	return f
}

type everyType struct {
	Text   *string `parquet:"text,optional"`
	Whole  int64   `parquet:"whole"`
	Big    uint64  `parquet:"big"`
	Real   float64 `parquet:"real"`
	Single float32 `parquet:"single,optional"`
	Flag   bool    `parquet:"flag"`
	Money  int32   `parquet:"money,decimal(2:9)"`
	Nested []int32 `parquet:"nested,list"`
}

func TestFrameGivesColumnsOfEveryType(t *testing.T) {
	some := "a,b"
	f := readText(t, parquetBytes(t, []everyType{
		{&some, -7, math.MaxUint64, 0.5, 2.5, true, 1999, []int32{1}},
		{nil, 12, 1, math.NaN(), 0, false, -1, nil},
	}))
	numbers := map[string][]float64{
		"whole": {-7, 12}, "big": {math.MaxUint64, 1}, "real": {0.5, math.NaN()},
		"single": {2.5, math.NaN()}, "flag": {1, 0}, "money": {19.99, -0.01},
	}
	for name, want := range numbers {
		got, err := f.Floats(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	texts := map[string][]string{"text": {"a,b", ""}, "big": {"18446744073709551615", "1"}, "real": {"0.5", ""}}
	for name, want := range texts {
		got, err := f.Strings(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := f.Floats("nested"); err == nil || !strings.Contains(err.Error(), "nested column") {
		t.Errorf("a nested column gave the error %v", err)
	}
}

func TestFrameTellsTextFromNumbers(t *testing.T) {
	f := readText(t, "model,set,x\na,train,1e3\nb,test,\nc,train,NA\nd,train,-.5\n")
	x, err := f.Floats("x")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{1000, math.NaN(), math.NaN(), -0.5}, x, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("x (-want +got):\n%s", diff)
	}
	train, err := f.Filter("set", "train")
	if err != nil {
		t.Fatal(err)
	}
	models, err := train.Strings("model")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "c", "d"}, models); diff != "" {
		t.Errorf("models of the rows chosen (-want +got):\n%s", diff)
	}
	cases := map[string]struct {
		read func() error
		kind corpus.Kind
		say  []string
	}{
		"unknown_column":              {func() error { _, err := f.Floats("modell"); return err }, corpus.KindColumn, []string{`Did you mean "model"?`, "model, set, x"}},
		"text_as_number":              {func() error { _, err := f.Floats("set"); return err }, corpus.KindValue, []string{"line 2", `column "set"`, `"train" is not a number`}},
		"text_as_number_after_filter": {func() error { _, err := train.Floats("model"); return err }, corpus.KindValue, []string{"line 2"}},
		"unknown_value":               {func() error { _, err := f.Filter("set", "tst"); return err }, corpus.KindValue, []string{`Did you mean "test"?`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var e *corpus.DataError
			err := c.read()
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Fatalf("error %v, want kind %q", err, c.kind)
			}
			for _, part := range c.say {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message lacks %q: %v", part, err)
				}
			}
		})
	}
}

// Row groups and pages have dictionaries of their own; a value keeps its meaning
// across them.
func TestFrameJoinsRowGroups(t *testing.T) {
	type row struct {
		Text  *string  `parquet:"text,optional,dict"`
		Plain *string  `parquet:"plain,optional"`
		Real  *float64 `parquet:"real,optional,dict"`
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var rows []row
	var texts []string
	var reals []float64
	for range 20000 {
		text, real := "v"+strconv.Itoa(rng.IntN(300)), float64(rng.IntN(50))
		r := row{&text, &text, &real}
		if rng.IntN(5) == 0 {
			r, text, real = row{}, "", math.NaN()
		}
		rows, texts, reals = append(rows, r), append(texts, text), append(reals, real)
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.MaxRowsPerRowGroup(7000), parquet.PageBufferSize(1000))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f := readText(t, b.String())
	for _, name := range []string{"text", "plain"} {
		got, err := f.Strings(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(texts, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got, err := f.Floats("real")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(reals, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("real (-want +got):\n%s", diff)
	}
}

// An infinite number is no missing one: rows that have it must not be left out as if
// nothing were there.
func TestFrameRefusesInfiniteNumbers(t *testing.T) {
	type row struct {
		X float64 `parquet:"x"`
	}
	whole := parquetBytes(t, []row{{1}, {2}, {math.Inf(1)}})
	for name, content := range map[string]string{
		"text": "x\n1\n2\nInf\n", "negative": "x\n1\n2\n-inf\n", "spelt_out": "x\n1\n2\nInfinity\n", "parquet": whole,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readText(t, content).Floats("x")
			var e *corpus.DataError
			if !errors.As(err, &e) || e.Kind != corpus.KindValue || e.Line+e.Row < 3 || !strings.Contains(err.Error(), "infinite") {
				t.Errorf("error %v, want the place of an infinite value", err)
			}
		})
	}
}

func TestHeaderSeparatesByWhatNamesDoNotHold(t *testing.T) {
	cases := map[string]struct {
		content string
		want    []string
	}{
		"comma_in_a_header_of_tabs":        {"model\tq1, part a\tq2\nx\t1\t0\n", []string{"model", "q1, part a", "q2"}},
		"more_commas_than_tabs":            {"model\ta, b, c, d\nx\t1\n", []string{"model", "a, b, c, d"}},
		"semicolon_in_a_header_of_tabs":    {"model\tq1; q2\nx\t1\n", []string{"model", "q1; q2"}},
		"comma_in_a_header_of_semicolons":  {"model;q1, part a;q2\nx;1;0\n", []string{"model", "q1, part a", "q2"}},
		"semicolon_in_a_header_of_commas":  {"model,q1;a,q2\nx,1,0\n", []string{"model", "q1;a", "q2"}},
		"quoted_tab_in_a_header_of_commas": {"model,\"q\t1\"\nx,1\n", []string{"model", "q\t1"}},
		"quoted_commas_before_semicolons":  {"\"a,b,c\";d\nx;1\n", []string{"a,b,c", "d"}},
		"one_column":                       {"model\nx\n", []string{"model"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, readText(t, c.content).names); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}
