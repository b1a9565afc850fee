package adaptive

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"metabench/analysis/irt"
)

func TestRequestsAreReadInAllTheirForms(t *testing.T) {
	want := []NamedAnswer{{"17", Right}, {"anatomy.3", Wrong}}
	for name, text := range map[string]string{
		"request":       `{"answers": [{"item": "17", "correct": true}, {"item": "anatomy.3", "correct": false}]}`,
		"array":         `[{"item": "17", "correct": 1}, {"item": "anatomy.3", "correct": 0}]`,
		"lines":         `{"item": "17", "correct": 1}` + "\n" + `{"item": "anatomy.3", "correct": 0.0}` + "\n",
		"csv":           "item,correct\n17,1\nanatomy.3,0\n",
		"csv_reordered": "\ufeffn,correct,item\r\n1,TRUE,17\r\n2,false,anatomy.3\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadRequest(strings.NewReader(text))
			if err != nil || !reflect.DeepEqual(got.Answers, want) {
				t.Fatalf("%+v, %v", got, err)
			}
		})
	}
	if got, err := ReadRequest(strings.NewReader(" \n")); err != nil || len(got.Answers) != 0 {
		t.Errorf("nothing at all: %+v, %v", got, err)
	}
}

func TestMalformedRequestsSayWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ text, part string }{
		"misspelt_field":     {`{"answer": []}`, `"answer"`},
		"misspelt_in_answer": {`[{"item": "1", "corect": 1}]`, `"corect"`},
		"mark_is_text":       {`[{"item": "1", "correct": "yes"}]`, `want true, false, 1 or 0`},
		"mark_is_null":       {`[{"item": "1", "correct": null}]`, `want true, false, 1 or 0`},
		"mark_is_half":       {"item,correct\n1,1\n7,0.5\n", `answer 2, item "7"`},
		"two_requests":       {`{"answers": []} {"answers": []}`, "more text"},
		"cut_off":            {`{"answers": [{"item": "1"`, "JSON"},
		"no_name":            {`[{"correct": 1}]`, "has no name"},
		"no_mark":            {`{"answers": [{"item": "1", "correct": 1}, {"item": "2"}]}`, `answer 2, item "2"`},
		"other_columns":      {"question,result\n1,1\n", "columns item and correct"},
		"short_row":          {"item,correct\n1\n", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadRequest(strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), c.part) {
				t.Fatalf("%+v, %v; want an error with %s", got, err, c.part)
			}
		})
	}
}

func TestReplyNamesTheAnswerItCannotUse(t *testing.T) {
	test := newTest(t, testBank(t, 5, irt.TwoPL), Options{})
	for name, c := range map[string]struct {
		answers []NamedAnswer
		number  int
	}{
		"unknown_item": {[]NamedAnswer{{"1", Right}, {"nope", Right}}, 2},
		"twice":        {[]NamedAnswer{{"1", Right}, {"2", Right}, {"1", Wrong}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.Reply(Request{Answers: c.answers})
			var bad *AnswerError
			if !errors.As(err, &bad) || bad.Number != c.number {
				t.Fatalf("err = %v", err)
			}
		})
	}
}

func TestReplyIsNullWhenDone(t *testing.T) {
	test := newTest(t, testBank(t, 5, irt.TwoPL), Options{Stop: Any{Answers(1)}})
	r, err := test.Reply(Request{Answers: []NamedAnswer{{"1", Right}}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"item":null,"done":true,"stopped":"items=1"`) {
		t.Fatalf("%s, %v", text, err)
	}
}

func FuzzReadRequest(f *testing.F) {
	for _, s := range []string{
		`{"session":"s","answers":[{"item":"17","correct":true}]}`, `[{"item":"1","correct":0}]`,
		"{\"item\":\"1\",\"correct\":1}\n{\"item\":\"2\",\"correct\":0}", "item,correct\n1,1\n", "", "[", "{}", "\ufeff", `"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ReadRequest(strings.NewReader(s))
		if err != nil {
			return
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadRequest(strings.NewReader(string(text)))
		if err != nil || len(again.Answers) != len(r.Answers) {
			t.Fatalf("%q read as %+v, written as %s, read as %+v, %v", s, r, text, again, err)
		}
	})
}
