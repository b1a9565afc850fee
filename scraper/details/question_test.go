package details

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

// The rows of a file as each generation writes them.
type (
	rowOf2023 struct {
		FullPrompt string   `parquet:"full_prompt"`
		Choices    []string `parquet:"choices,list"`
		Gold       int64    `parquet:"gold"`
	}
	freeOf2023 struct {
		FullPrompt string   `parquet:"full_prompt"`
		Choices    []string `parquet:"choices,list"`
		Gold       string   `parquet:"gold"`
	}
	rowOf2024 struct {
		Choices    []string `parquet:"choices,list"`
		FullPrompt string   `parquet:"full_prompt"`
		Gold       []string `parquet:"gold,list"`
		GoldIndex  []int64  `parquet:"gold_index,list"`
	}
	textRow struct {
		Choices    string `parquet:"choices"`
		FullPrompt string `parquet:"full_prompt"`
		Gold       string `parquet:"gold"`
		GoldIndex  string `parquet:"gold_index"`
	}
)

func multipleChoice() corpus.Benchmark {
	return corpus.Benchmark{Name: "arc", Metric: "acc_norm", Asked: corpus.Continuation}
}

func freeText() corpus.Benchmark {
	return corpus.Benchmark{Name: "gsm8k", Metric: "acc", Asked: corpus.Generated}
}

func TestQuestionsOfEveryGeneration(t *testing.T) {
	mc1 := multipleChoice()
	mc1.Metric = "mc1"
	choices := []string{" lead", " wood", " [1, 2]"}
	want := func(gold int) corpus.Question {
		return corpus.Question{Prompt: "What floats?", Choices: choices, Gold: gold}
	}
	cases := map[string]struct {
		bench corpus.Benchmark
		file  *memory
		want  corpus.Question
	}{
		"index":                         {multipleChoice(), write(t, []rowOf2023{{"What floats?", choices, 1}}), want(1)},
		"first_choice_of_mc1":           {mc1, write(t, []rowOf2023{{"What floats?", choices, 2}}), want(0)},
		"text_and_index":                {multipleChoice(), write(t, []rowOf2024{{choices, "What floats?", []string{"wood"}, []int64{1}}}), want(1)},
		"text_alone":                    {multipleChoice(), write(t, []rowOf2024{{choices, "What floats?", []string{"[1, 2]"}, nil}}), want(2)},
		"index_alone":                   {multipleChoice(), write(t, []rowOf2024{{choices, "What floats?", nil, []int64{2}}}), want(2)},
		"every_cell_a_text":             {multipleChoice(), write(t, []textRow{{`[' lead', " wood", ' [1, 2]']`, "What floats?", "[' wood']", "[1]"}}), want(1)},
		"every_cell_a_text_bare_number": {multipleChoice(), write(t, []textRow{{`[' lead', " wood", ' [1, 2]']`, "What floats?", "2", "[]"}}), want(2)},
		"free_text": {freeText(), write(t, []freeOf2023{{"1+1?", nil, "It is 2.\n#### 2"}}),
			corpus.Question{Prompt: "1+1?", Target: "It is 2.\n#### 2"}},
		"free_text_in_a_list": {freeText(), write(t, []rowOf2024{{nil, "1+1?", []string{"2"}, nil}}), corpus.Question{Prompt: "1+1?", Target: "2"}},
		"free_text_in_a_text": {freeText(), write(t, []textRow{{"[]", "1+1?", `['It isn\'t 3.\n#### 2']`, "[]"}}),
			corpus.Question{Prompt: "1+1?", Target: "It isn't 3.\n#### 2"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := open(t, c.file)
			if err := f.HasQuestions(c.bench); err != nil {
				t.Fatal(err)
			}
			got, err := f.Questions(c.bench, []int{0})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]corpus.Question{c.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A number among the choices must not be taken for the index of one.
func TestTextOfTheRightChoiceIsNoIndex(t *testing.T) {
	f := open(t, write(t, []rowOf2024{{[]string{" 3", " 0", " 2"}, "1+1?", []string{" 2"}, nil}}))
	got, err := f.Questions(multipleChoice(), []int{0})
	if err != nil || got[0].Gold != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestQuestionErrorsNameWhatAFileLacks(t *testing.T) {
	type noPrompts struct {
		Choices []string `parquet:"choices,list"`
		Gold    int64    `parquet:"gold"`
	}
	type noGold struct {
		FullPrompt string   `parquet:"full_prompt"`
		Choices    []string `parquet:"choices,list"`
	}
	two := []string{"a", "b"}
	cases := map[string]struct {
		bench corpus.Benchmark
		file  *memory
		say   string
	}{
		"no_prompts":          {multipleChoice(), write(t, []noPrompts{{two, 0}}), "no prompts"},
		"no_gold":             {multipleChoice(), write(t, []noGold{{"?", two}}), "no right answers"},
		"empty_prompt":        {multipleChoice(), write(t, []rowOf2023{{"", two, 0}}), "no prompt"},
		"empty_lists":         {multipleChoice(), write(t, []rowOf2024{{nil, "?", nil, nil}}), "0 choices"},
		"empty_gold":          {multipleChoice(), write(t, []rowOf2024{{two, "?", nil, nil}}), "marked as right"},
		"gold_beyond":         {multipleChoice(), write(t, []rowOf2023{{"?", two, 2}}), "marked as right"},
		"gold_of_free_text":   {freeText(), write(t, []rowOf2024{{two, "?", nil, []int64{1}}}), "no reference answer"},
		"texts_of_empty":      {multipleChoice(), write(t, []textRow{{"[]", "?", "[]", "[]"}}), "0 choices"},
		"text_of_broken_list": {multipleChoice(), write(t, []textRow{{"['a', 'b", "?", "0", "[]"}}), "1 choices"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, c.file).Questions(c.bench, []int{0})
			if FaultOf(err) != FaultQuestions || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
	f := open(t, write(t, []rowOf2023{{"?", two, 0}}))
	if _, err := f.Questions(multipleChoice(), []int{1}); FaultOf(err) != FaultRows {
		t.Errorf("a row beyond the end: %v", err)
	}
}

// Prompts with their examples are most of a file: only row groups with a wanted row
// are read, and rows come in the order asked for.
func TestQuestionsReadOnlyTheRowGroupsOfTheRows(t *testing.T) {
	var rows []rowOf2023
	for k := range 40 {
		rows = append(rows, rowOf2023{strings.Repeat("An example. ", 2000) + string(rune('a'+k)), []string{"x", "y", "z"}[:2+k%2], int64(k % 2)})
	}
	m := write(t, rows, parquet.MaxRowsPerRowGroup(10), parquet.Compression(&parquet.Uncompressed))
	f := open(t, m)
	m.bytes = 0
	got, err := f.Questions(multipleChoice(), []int{37, 3, 36})
	if err != nil {
		t.Fatal(err)
	}
	for k, row := range []int{37, 3, 36} {
		want := corpus.Question{Prompt: rows[row].FullPrompt, Choices: rows[row].Choices, Gold: int(rows[row].Gold)}
		if diff := cmp.Diff(want, got[k]); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", row, diff)
		}
	}
	if m.bytes > int64(len(m.data))*6/10 {
		t.Errorf("%d bytes of %d were read for two row groups of four", m.bytes, len(m.data))
	}
	m.fail = errors.New("the cable is cut")
	if _, err := f.Questions(multipleChoice(), []int{15}); !errors.Is(err, m.fail) {
		t.Errorf("error %v, want the source's", err)
	}
}

func TestPythonElements(t *testing.T) {
	cases := map[string]struct {
		text string
		want []element
		ok   bool
	}{
		"empty":         {"[]", nil, true},
		"numbers":       {"[1, -2.5, True]", []element{{"1", true}, {"-2.5", true}, {"True", true}}, true},
		"both_quotes":   {`["it's", '"so"', 'a\'"b']`, []element{{"it's", false}, {`"so"`, false}, {`a'"b`, false}}, true},
		"escapes":       {`['a\nb\\c', '\xe9\u00e9é', '\U0001f600']`, []element{{"a\nb\\c", false}, {"ééé", false}, {"😀", false}}, true},
		"comma_inside":  {"['a, b]']", []element{{"a, b]", false}}, true},
		"no_list":       {"yes", nil, false},
		"cut_off":       {"['a', ", nil, false},
		"cut_in_text":   {"['a", nil, false},
		"cut_in_number": {"[1", nil, false},
		"words":         {"[yes, no]", nil, false},
		"something_on":  {"['a'] and more", nil, false},
		"no_comma":      {"['a' 'b']", nil, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := pythonElements(c.text)
			if ok != c.ok {
				t.Fatalf("ok %v: %+v", ok, got)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(element{})); ok && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Any text is read without panic, and a quoted text is read back.
func FuzzPythonElements(f *testing.F) {
	f.Add(`['a', "b's", 3, '\xe9\n']`)
	f.Add("[")
	f.Add(`['\`)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = pythonElements(text)
		if !utf8.ValidString(text) {
			return
		}
		list, ok := pythonElements("[1, " + strconv.QuoteToASCII(text) + "]")
		if !ok || len(list) != 2 || list[1].text != text {
			t.Errorf("%q came back as %+v", text, list)
		}
	})
}
