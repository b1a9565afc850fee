package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

// Every reader finds the columns by the names that writers of response tables use.
func TestBothReadersRecogniseTheSameColumns(t *testing.T) {
	for _, header := range []string{
		"model,item,acc", "Model,Item,Correct", "id,item,resp", "MODEL,ITEM,CORRECT", "model_name,question_id,is_correct",
		"model_id,doc_id,exact_match", "Person ID,Item ID,Response", "llm,item,acc_norm", "source,item,correct",
	} {
		t.Run(header, func(t *testing.T) {
			paths := write(t, map[string]string{"a.csv": header + "\nm,1,1\nm,2,0\nn,1,0\nn,2,1\n"})
			r, err := ReadResponses(context.Background(), paths[0], ResponseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"m: 10", "n: 01"}, spell(r)); diff != "" {
				t.Error(diff)
			}
			columns := strings.Split(header, ",")
			if diff := cmp.Diff(Columns{columns[0], columns[1], columns[2]}, r.Columns); diff != "" {
				t.Error(diff)
			}
			if usual := header == "source,item,correct"; (len(r.Notes()) == 0) != usual {
				t.Errorf("notes %q", r.Notes())
			}
			im, err := ReadLong(context.Background(), paths, LongOptions{Benchmark: "mine"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"mine/mine:m": "10", "mine/mine:n": "01"}, flat(im)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where names leave a doubt, the reader asks, and names the flags; it never takes a
// long table for a wide one.
func TestReaderAsksWhereColumnsAreInDoubt(t *testing.T) {
	type lists struct {
		Model   string `parquet:"model"`
		Item    int32  `parquet:"item"`
		Correct []bool `parquet:"correct,list"`
	}
	type structs struct {
		Model string `parquet:"model"`
		Item  struct {
			Name []string `parquet:"name,list"`
		} `parquet:"item"`
		Correct int32 `parquet:"correct"`
	}
	cases := map[string]struct {
		content string
		say     []string
	}{
		"two_answers":          {"model,item,acc,acc_norm\nm,1,1,0\n", []string{"several columns can be the correct: acc, acc_norm", "--correct-column acc"}},
		"two_items":            {"model,item_id,item_name,correct\nm,1,a,0\n", []string{"several columns can be the item", "--item-column"}},
		"no_model":             {"who,item,correct\nm,1,0\n", []string{`column "model"`, "--model-column"}},
		"perhaps_a_model":      {"name,item,correct\nm,1,0\n", []string{`If "name" is the model, say --model-column name`}},
		"perhaps_an_answer":    {"model,item,score\nm,1,1\nm,2,0\nn,1,0\nn,2,0\n", []string{"seems to be a long table", "--correct-column score"}},
		"none_known":           {"who,what,right_or_not\nm,a,1\nm,b,0\nn,a,0\nn,b,1\n", []string{"seems to be a long table", "--model-column who --item-column what"}},
		"none_known_numbered":  {"row,who,what,mark\n1,m,a,1\n2,m,b,0\n3,n,a,0\n4,n,b,1\n", []string{"seems to be a long table", "--model-column who --item-column what"}},
		"shares_of_points":     {"model,item,points\nm,1,0.5\nm,2,0.25\nn,1,0.5\nn,2,0\n", []string{"seems to be a long table", "--correct-column points"}},
		"wide_without_models":  {"q1,q2,q3\n1,0,1\n0,0,1\n1,1,1\n", []string{`column "q1"`, "nothing names the models", "--model-column"}},
		"list_of_answers":      {parquetBytes(t, []lists{{"m", 1, []bool{true}}}), []string{`column "correct`, "nested"}},
		"structure_as_an_item": {parquetBytes(t, []structs{{Model: "m", Correct: 1}}), []string{`column "item`, "nested"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ReadResponses(context.Background(), write(t, map[string]string{"a": c.content})[0], ResponseOptions{})
			var e *corpus.DataError
			if !errors.As(err, &e) || e.Kind != corpus.KindColumn {
				t.Fatalf("error %v, want kind %q", err, corpus.KindColumn)
			}
			for _, part := range c.say {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message lacks %q: %v", part, err)
				}
			}
		})
	}
}

// A column called after a metric says by what its answers are right.
func TestColumnNamedAfterAMetricSaysIt(t *testing.T) {
	read := func(header string, o LongOptions) error {
		o.Catalogue = catalogue()
		im, err := ReadLong(context.Background(), write(t, map[string]string{"a.csv": header + "\nm,1,1\n"}), o)
		if err == nil && len(im.Notes) == 0 {
			t.Error("nothing says which columns were read")
		}
		return err
	}
	if err := read("model,item,acc", LongOptions{Benchmark: "arc"}); err == nil || !strings.Contains(err.Error(), "arc is kept by acc_norm") {
		t.Errorf("acc taken for acc_norm: error %v", err)
	}
	for header, o := range map[string]LongOptions{
		"model,item,acc_norm": {Benchmark: "arc"}, "model,item,acc": {Benchmark: "arc", Metric: "acc_norm"}, "model,item,resp": {Benchmark: "arc"},
	} {
		if err := read(header, o); err != nil {
			t.Error(err)
		}
	}
}

func TestImportFindsAllItsColumnsWhateverTheirCase(t *testing.T) {
	im, err := ReadLong(context.Background(), write(t, map[string]string{"a.csv": "Model,Benchmark,Subject,Subject_Item,Item,Correct\nm,mmlu,virology,2,9,1\n"}),
		LongOptions{Catalogue: catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"mmlu/virology:m": "-1"}, flat(im)); diff != "" {
		t.Error(diff)
	}
}

// coded writes a wide table of n models and two items, the second with an answer from
// the first `valid` models and a code from the others.
func coded(n, valid int, code string) string {
	var b strings.Builder
	b.WriteString("model,q1,q2\n")
	for i := range n {
		second := code
		if i < valid {
			second = fmt.Sprint(i % 2)
		}
		fmt.Fprintf(&b, "m%d,%d,%s\n", i, (i+1)%2, second)
	}
	return b.String()
}

// However many cells of an item hold a code, it is no reason to do without the item in
// silence.
func TestCodedItemsAreRefusedHoweverManyCells(t *testing.T) {
	for name, content := range map[string]string{
		"a_few": coded(100, 97, "-1"), "51_valid": coded(100, 51, "-1"), "50_valid": coded(100, 50, "-1"), "2_valid": coded(100, 2, "-1"),
		"nine": coded(100, 10, "9"), "point": coded(100, 10, "."),
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, map[string]string{"a.csv": content})[0]
			_, err := ReadResponses(context.Background(), path, ResponseOptions{})
			var e *corpus.DataError
			if !errors.As(err, &e) || e.Kind != corpus.KindValue || e.Item != "q2" || e.Line == 0 || e.Model == "" || !strings.Contains(err.Error(), "--missing ") {
				t.Fatalf("error %v, want the place of a code and --missing", err)
			}
			r, err := ReadResponses(context.Background(), path, ResponseOptions{Missing: []string{"-1", " 9", "."}})
			if err != nil || len(r.Items) != 2 || len(r.NotItems) != 0 {
				t.Errorf("with the codes: %v, error %v", r, err)
			}
			r, err = ReadResponses(context.Background(), path, ResponseOptions{Skip: []string{"q2"}})
			if err != nil || len(r.Items) != 1 || len(r.Extra["q2"]) != 100 {
				t.Errorf("without the item: %v, error %v", r, err)
			}
		})
	}
}

func TestMissingCodesAreReadByAllReaders(t *testing.T) {
	paths := write(t, map[string]string{"a.csv": "model,item,correct\nm,1,1\nm,2,-1\nm,3,9.0\nm,4,0\n"})
	r, err := ReadResponses(context.Background(), paths[0], ResponseOptions{Missing: []string{"-1", "9"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"m: 10"}, spell(r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]NotItem{{"2", "has no answers"}, {"3", "has no answers"}}, r.NotItems); diff != "" {
		t.Error(diff)
	}
	im, err := ReadLong(context.Background(), paths, LongOptions{Benchmark: "arc", Catalogue: catalogue(), Missing: []string{"-1", "9"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"arc/arc:m": "1--0"}, flat(im)); diff != "" {
		t.Error(diff)
	}
	type row struct {
		Model string  `parquet:"model"`
		Q1    float64 `parquet:"q1"`
		Q2    int32   `parquet:"q2"`
	}
	path := write(t, map[string]string{"a": parquetBytes(t, []row{{"m", 1, -1}, {"n", -1, 1}})})[0]
	if r, err = ReadResponses(context.Background(), path, ResponseOptions{Missing: []string{"-1"}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"m: 1-", "n: -1"}, spell(r)); diff != "" {
		t.Error(diff)
	}
	for _, code := range []string{"0", "1", "true", "1.0"} {
		var e *corpus.DataError
		if _, err := ReadResponses(context.Background(), path, ResponseOptions{Missing: []string{code}}); !errors.As(err, &e) || !strings.Contains(err.Error(), "is an answer") {
			t.Errorf("--missing %s: error %v", code, err)
		}
		if _, err := ReadLong(context.Background(), paths, LongOptions{Benchmark: "arc", Missing: []string{code}}); !errors.As(err, &e) {
			t.Errorf("--missing %s: error %v", code, err)
		}
	}
}

// An item in another coding of two values is refused with what to do; true and false
// can mean nothing else and are read.
func TestOtherCodingsOfTwoValues(t *testing.T) {
	for pair, recognised := range map[string]bool{
		"TRUE,FALSE": true, "True,false": true, "1.0,0.0": true,
		"1,2": false, "2,1": false, "yes,no": false, "Y,N": false, "A,B": false, "right,wrong": false, "pass,fail": false, "-1,1": false, "0,2": false, "T,F": false,
	} {
		for beside := range 2 { // alone, and beside an item of zeros and ones
			t.Run(fmt.Sprint(pair, beside), func(t *testing.T) {
				a, b, _ := strings.Cut(pair, ",")
				content := fmt.Sprintf("model,q1\nm,%s\nn,%s\no,%s\n", a, b, b)
				if beside == 1 {
					content = fmt.Sprintf("model,q0,q1\nm,1,%s\nn,0,%s\no,1,%s\n", a, b, b)
				}
				r, err := ReadResponses(context.Background(), write(t, map[string]string{"a.csv": content})[0], ResponseOptions{})
				if recognised {
					if err != nil || len(r.Items) != 1+beside {
						t.Errorf("%v, error %v", r, err)
					}
					return
				}
				var e *corpus.DataError
				if !errors.As(err, &e) || e.Kind != corpus.KindValue || e.Column != "q1" || !strings.Contains(err.Error(), "--skip q1") {
					t.Errorf("%v, error %v, want what to do about q1", r, err)
				}
			})
		}
	}
}

// What is plainly no item is said with its reason, and nothing that nobody answered is
// carried along.
func TestColumnsThatAreNoItemsAreNamed(t *testing.T) {
	content := "model,set,family,size,shots,q1,q2,q3,q4,score\n" +
		"a,train,llama,7.1,25,1,,-1,0,0.5\n" +
		"b,train,llama,13,5,0,,-1,1,0.25\n" +
		"c,test,qwen,70,10,1,,-1,1,0.75\n"
	r, err := ReadResponses(context.Background(), write(t, map[string]string{"a.csv": content})[0], ResponseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"q1", "q4"}, r.Items); diff != "" {
		t.Error(diff)
	}
	want := []NotItem{
		{"set", "is called set or split"}, {"family", "holds text"}, {"size", "holds numbers other than 0 and 1"},
		{"shots", "holds numbers other than 0 and 1"}, {"q2", "has no answers"}, {"q3", "holds -1 and no answers"}, {"score", "holds numbers other than 0 and 1"},
	}
	if diff := cmp.Diff(want, r.NotItems); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"q2", "q3"} {
		if _, ok := r.Extra[name]; ok {
			t.Errorf("%s is carried along", name)
		}
	}
	if got := strings.Join(r.Notes(), "\n"); !strings.Contains(got, "not items, because each holds numbers other than 0 and 1: size, shots, score") ||
		!strings.Contains(got, "not items, because it has no answers: q2") {
		t.Errorf("notes:\n%s", got)
	}
}

// Columns of numbers or names whose type can't be read are named too.
func TestUnreadableColumnsOfAWideTableAreNamed(t *testing.T) {
	type row struct {
		Model string   `parquet:"model"`
		Tags  []string `parquet:"tags,list"`
		Q1    int32    `parquet:"q1"`
		Q2    int32    `parquet:"q2"`
	}
	var b strings.Builder
	if err := parquet.Write(&b, []row{{"m", []string{"a"}, 1, 0}, {"n", nil, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	r, err := ReadResponses(context.Background(), write(t, map[string]string{"a": b.String()})[0], ResponseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.NotItems) != 1 || !strings.HasPrefix(r.NotItems[0].Column, "tags") || len(r.Items) != 2 {
		t.Errorf("items %q, not items %v", r.Items, r.NotItems)
	}
}

// The model's column need not be the first, the index of a data frame is no model, and
// what chooses rows is no item.
func TestWideTableFindsItsModels(t *testing.T) {
	cases := map[string]struct {
		content string
		o       ResponseOptions
		rows    []string
		items   []string
	}{
		"index_in_front":        {",model,q1,q2\n0,m,1,0\n1,n,0,1\n", ResponseOptions{}, []string{"m: 10", "n: 01"}, []string{"q1", "q2"}},
		"index_other_name":      {",model_name,q1,q2\n0,m,1,0\n1,n,0,1\n", ResponseOptions{}, []string{"m: 10", "n: 01"}, []string{"q1", "q2"}},
		"row_names":             {"\"\",q1,q2\nm,1,0\nn,0,1\n", ResponseOptions{}, []string{"m: 10", "n: 01"}, []string{"q1", "q2"}},
		"model_behind_a_family": {"family,Model,q1,q2\nf,m,1,0\nf,n,0,1\n", ResponseOptions{}, []string{"m: 10", "n: 01"}, []string{"q1", "q2"}},
		"fold_chosen":           {"model,fold,q1,q2\nm,0,1,0\nn,1,0,1\n", ResponseOptions{Rows: map[string]string{"fold": "1"}}, []string{"n: 01"}, []string{"q1", "q2"}},
		"models_called_0_and_1": {"id,q1,q2\n0,1,0\n1,0,1\n", ResponseOptions{}, []string{"0: 10", "1: 01"}, []string{"q1", "q2"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := ReadResponses(context.Background(), write(t, map[string]string{"a.csv": c.content})[0], c.o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.rows, spell(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.items, r.Items); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A prompt is one text for all files; another one for the same item is refused with
// both files.
func TestPromptsOfSeveralFilesAgree(t *testing.T) {
	answers := "source,item,correct\nm,1,1\n"
	same := write(t, map[string]string{"arc.csv": answers, "arc_prompts.csv": "item,prompt\n1,what\n"})
	again := write(t, map[string]string{"arc_prompts.csv": "item,prompt\n1,what\n"})
	im, err := ReadLong(context.Background(), append(same, again...), LongOptions{Catalogue: catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	if im.Items[0].Prompt != "what" || im.Items[0].Hash != corpus.QuestionHash("what") {
		t.Errorf("item %+v", im.Items[0])
	}
	other := write(t, map[string]string{"arc_prompts.csv": "item,prompt\n1,where\n"})
	_, err = ReadLong(context.Background(), append(same, other...), LongOptions{Catalogue: catalogue()})
	var e *corpus.DataError
	if !errors.As(err, &e) || e.Kind != corpus.KindDuplicate || !strings.Contains(err.Error(), same[1]) || !strings.Contains(err.Error(), other[0]) {
		t.Errorf("error %v, want both files named", err)
	}
}
