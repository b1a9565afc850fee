package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

// rowsOf writes a long table of n rows, one of them given.
func rowsOf(n, at int, row string) string {
	var b strings.Builder
	b.WriteString("model,item,correct,form\n")
	for k := range n {
		if k == at {
			b.WriteString(row + ",A\n")
			continue
		}
		fmt.Fprintf(&b, "m%d,q%d,1,B\n", k%500, k/500)
	}
	return b.String()
}

// A batch of rows is read before its names are looked at: the row that is named must
// be the one that brings the name nonetheless.
func TestErrorOfANameSaysItsLine(t *testing.T) {
	cases := map[string]struct {
		content string
		line    int64
		say     string
	}{
		"latin_1_in_the_first_batch":      {rowsOf(100, 20, "caf\xe9,q,1"), 22, "UTF-8"},
		"control_character_in_the_second": {rowsOf(20000, 15000, "m\x1b[31m,q,1"), 15002, "control character"},
		"item_in_the_second":              {rowsOf(20000, 15000, "m1,q\x01,1"), 15002, `column "item"`},
		"c1_control_character":            {rowsOf(50, 7, "m\u009b31m,q,1"), 9, "control character"},
		"zero_width_space":                {rowsOf(50, 7, "m1\u200b,q,1"), 9, "invisible character U+200B"},
		"right_to_left_override":          {rowsOf(50, 7, "m\u202e1,q,1"), 9, "invisible character U+202E"},
		"hangul_filler":                   {rowsOf(50, 7, "m\u3164,q,1"), 9, "invisible character U+3164"},
		"only_white_space":                {rowsOf(50, 7, "  ,q,1"), 9, "missing"},
	}
	for name, c := range cases {
		for reader, read := range map[string]func(string) error{
			"long": func(p string) error {
				_, err := ReadLong(context.Background(), []string{p}, LongOptions{Benchmark: "mine"})
				return err
			},
			"responses": func(p string) error { _, err := ReadResponses(context.Background(), p, ResponseOptions{}); return err },
		} {
			t.Run(name+"/"+reader, func(t *testing.T) {
				err := read(write(t, map[string]string{"a.csv": c.content})[0])
				var e *corpus.DataError
				if !errors.As(err, &e) || e.Kind != corpus.KindName || e.Line != c.line || !strings.Contains(err.Error(), c.say) {
					t.Errorf("error %v, want line %d saying %q", err, c.line, c.say)
				}
			})
		}
	}
}

func TestErrorOfANameSaysItsRowOfParquet(t *testing.T) {
	var rows []longRow
	for k := range 20000 {
		rows = append(rows, longRow{fmt.Sprint("m", k), 1, number(1)})
	}
	rows[15000].Model = "m\x07"
	_, err := ReadLong(context.Background(), write(t, map[string]string{"a": parquetBytes(t, rows)}), LongOptions{Benchmark: "mine"})
	var e *corpus.DataError
	if !errors.As(err, &e) || e.Row != 15001 {
		t.Errorf("error %v, want row 15001", err)
	}
}

// A bad name in a row that isn't asked for is nobody's business, and must not be
// found in one that is.
func TestNamesOfOtherRowsAreNotLookedAt(t *testing.T) {
	path := write(t, map[string]string{"a.csv": rowsOf(100, 20, "caf\xe9,q,1")})[0]
	r, err := ReadResponses(context.Background(), path, ResponseOptions{Rows: map[string]string{"form": "B"}})
	if err != nil || len(r.Models) != 99 {
		t.Errorf("%v, error %v", r, err)
	}
}

func TestWhiteSpaceAroundANameIsNoPartOfIt(t *testing.T) {
	content := "model,item,correct\nm, 1,1\n\"m \",2,0\n\" m\u00a0\",3,1\n"
	paths := write(t, map[string]string{"a.csv": content})
	im, err := ReadLong(context.Background(), paths, LongOptions{Benchmark: "arc", Catalogue: catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"arc/arc:m": "101-"}, flat(im)); diff != "" {
		t.Error(diff)
	}
	r, err := ReadResponses(context.Background(), paths[0], ResponseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"m: 101"}, spell(r)); diff != "" {
		t.Error(diff)
	}
	paths = write(t, map[string]string{"a.csv": "model,item,correct\nm,1,1\n\"m \",1,0\n"})
	_, err = ReadLong(context.Background(), paths, LongOptions{Benchmark: "arc", Catalogue: catalogue()})
	var e *corpus.DataError
	if !errors.As(err, &e) || e.Kind != corpus.KindDuplicate || e.Line != 3 || !strings.Contains(e.Reason, "line 2") {
		t.Errorf("error %v, want the duplicate of line 2 in line 3", err)
	}
	_, err = ReadResponses(context.Background(), write(t, map[string]string{"a.csv": "model,q\nm,1\nm ,0\n"})[0], ResponseOptions{})
	if !errors.As(err, &e) || e.Kind != corpus.KindDuplicate {
		t.Errorf("wide table: error %v, want a duplicate", err)
	}
}

// Names of any script are names: with joiners where the script needs them, written
// from right to left or not.
func TestNamesOfAllScriptsAreNames(t *testing.T) {
	for _, name := range []string{"می\u200cخواهم", "שלום-7b", "क्\u200dष", "模型", "Größe/α"} {
		if err := checkName(location{}, "model", name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := checkName(location{}, "model", "m\u200d"); err == nil {
		t.Error("a joiner behind a Latin letter was not refused")
	}
}
