package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"metabench/corpus"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sets() []QuestionSet {
	return []QuestionSet{
		{Benchmark: "arc", Title: "ARC-Challenge", Metric: "acc_norm", Style: corpus.Continuation, Questions: []Question{
			{Key: "263", Hash: "aa", Prompt: "Question: What floats? {{not a template}}\nAnswer:", Choices: []string{"lead", "wood", "gold"}, Gold: 1}}},
		{Benchmark: "mmlu", Metric: "acc", Style: corpus.Lettered, Questions: []Question{
			{Key: "anatomy.3", Prompt: "Which bone?", Choices: []string{"femur", "nose"}, Gold: 0}}},
		{Benchmark: "winogrande", Metric: "acc", Style: corpus.Context, Questions: []Question{
			{Key: "14", Choices: []string{"Sarah", "Maria"}, Gold: 1, Target: "got the easier cases."}}},
		{Benchmark: "gsm8k", Metric: "acc", Style: corpus.Generated, Questions: []Question{
			{Key: "7", Prompt: "Question: 1+1?\nAnswer:", Target: "It is 2.\n#### 2"}}},
	}
}

func export(t *testing.T, g *Group) map[string]string {
	t.Helper()
	files, err := g.Files()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		out[filepath.ToSlash(f.Path)] = string(f.Content)
	}
	return out
}

func TestGroupWritesQuestionsThatCarryTheirIdentity(t *testing.T) {
	files := export(t, &Group{Form: FormA, Run: "r1", Dir: "/x", Sets: sets()})
	want := map[string]string{
		"data/metabench_form_a_arc.jsonl":        `{"item":"263","benchmark":"arc","form":"A","permuted":false,"original_hash":"aa","prompt":"Question: What floats? {{not a template}}\nAnswer:","choices":["lead","wood","gold"],"gold":1,"target":""}`,
		"data/metabench_form_a_mmlu.jsonl":       `{"item":"anatomy.3","benchmark":"mmlu","form":"A","permuted":false,"original_hash":"","prompt":"Which bone?\nA. femur\nB. nose\nAnswer:","choices":["A","B"],"gold":0,"target":""}`,
		"data/metabench_form_a_winogrande.jsonl": `{"item":"14","benchmark":"winogrande","form":"A","permuted":false,"original_hash":"","prompt":"","choices":["Sarah","Maria"],"gold":1,"target":"got the easier cases."}`,
		"data/metabench_form_a_gsm8k.jsonl":      `{"item":"7","benchmark":"gsm8k","form":"A","permuted":false,"original_hash":"","prompt":"Question: 1+1?\nAnswer:","choices":[],"gold":0,"target":"It is 2.\n#### 2"}`,
	}
	for name, content := range want {
		if diff := cmp.Diff(content+"\n", files[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// taskFields are those of lm-evaluation-harness's task configuration, from its
// documentation; a key outside of them makes it refuse the file.
var taskFields = strings.Fields(`task task_alias tag dataset_path dataset_name dataset_kwargs training_split validation_split
	test_split fewshot_split process_docs doc_to_text doc_to_target doc_to_choice process_results use_prompt description
	target_delimiter fewshot_delimiter fewshot_config num_fewshot metric_list output_type generation_kwargs repeats filter_list
	should_decontaminate doc_to_decontamination_query gen_prefix metadata`)

func TestGroupKeepsToThePublishedSchema(t *testing.T) {
	for _, permuted := range []bool{false, true} {
		files := export(t, &Group{Form: FormB, Permuted: permuted, Dir: "/x y", Sets: sets()})
		name := (&Group{Form: FormB, Permuted: permuted}).Name()
		var group struct {
			Group string   `yaml:"group"`
			Task  []string `yaml:"task"`
		}
		if err := yaml.Unmarshal([]byte(files[name+".yaml"]), &group); err != nil {
			t.Fatal(err)
		}
		if group.Group != name || len(group.Task) != map[bool]int{false: 4, true: 3}[permuted] {
			t.Errorf("group %+v", group)
		}
		for _, task := range group.Task {
			var config map[string]any
			if err := yaml.Unmarshal([]byte(files[task+".yaml"]), &config); err != nil {
				t.Fatal(err)
			}
			for key := range config {
				if !slices.Contains(taskFields, key) {
					t.Errorf("%s has the unknown key %q", task, key)
				}
			}
			if config["task"] != task || config["num_fewshot"] != 0 || config["test_split"] != "test" {
				t.Errorf("%s: %v", task, config)
			}
			data := config["dataset_kwargs"].(map[string]any)["data_files"].(map[string]any)["test"].(string)
			relative, err := filepath.Rel("/x y", data)
			if err != nil || files[filepath.ToSlash(relative)] == "" {
				t.Errorf("%s reads %s, which isn't written", task, data)
			}
			var document map[string]any
			if err := json.Unmarshal([]byte(files[filepath.ToSlash(relative)]), &document); err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"doc_to_text", "doc_to_target"} {
				if _, ok := document[config[key].(string)]; !ok {
					t.Errorf("%s: %s names %v, which the documents lack", task, key, config[key])
				}
			}
		}
	}
}

// The golden file is what a reviewer compares with the harness's task guide.
func TestGroupTaskFiles(t *testing.T) {
	files := export(t, &Group{Form: FormA, Run: "r1", Dir: "/x", Sets: sets()})
	var got bytes.Buffer
	for _, name := range []string{"metabench_form_a.yaml", "metabench_form_a_arc.yaml", "metabench_form_a_gsm8k.yaml",
		"metabench_form_a_winogrande.yaml", "README.md"} {
		got.WriteString("-- " + name + " --\n" + files[name])
	}
	golden := filepath.Join("testdata", "group.txt")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

func TestPermutedOptionsMoveWithTheirKey(t *testing.T) {
	var questions []Question
	for k := range 200 {
		questions = append(questions, Question{Key: string(rune('!' + k)), Prompt: "?", Choices: []string{"a", "b", "right", "d"}, Gold: 2})
	}
	read := func(questions []Question) map[string]row {
		files := export(t, &Group{Form: FormA, Permuted: true, Seed: 1, Dir: "/x",
			Sets: []QuestionSet{{Benchmark: "arc", Metric: "acc", Style: corpus.Continuation, Questions: questions}}})
		rows := map[string]row{}
		dec := json.NewDecoder(strings.NewReader(files["data/metabench_form_a_permute_arc.jsonl"]))
		for dec.More() {
			var r row
			if err := dec.Decode(&r); err != nil {
				t.Fatal(err)
			}
			rows[r.Item] = r
		}
		return rows
	}
	all := read(questions)
	places := map[int]int{}
	for _, r := range all {
		if r.Choices[r.Gold] != "right" {
			t.Fatalf("gold points to %q in %v", r.Choices[r.Gold], r.Choices)
		}
		if slices.Equal(r.Choices, questions[0].Choices) {
			t.Fatal("an order was left as it was")
		}
		places[r.Gold]++
	}
	for place := range 4 {
		if places[place] < 20 {
			t.Errorf("the right choice stands at %d in %d of 200", place, places[place])
		}
	}
	few := read(questions[5:9])
	for key, r := range few {
		if diff := cmp.Diff(all[key], r); diff != "" {
			t.Errorf("the order depends on the other items (-all +few):\n%s", diff)
		}
	}
}

func TestGroupRefusesWhatCannotBeAsked(t *testing.T) {
	cases := map[string]struct {
		style corpus.Style
		q     Question
		say   string
	}{
		"no_text":        {corpus.Continuation, Question{Key: "1", Choices: []string{"a", "b"}}, "without prompts"},
		"no_options":     {corpus.Continuation, Question{Key: "1", Prompt: "?"}, "0 choices"},
		"one_option":     {corpus.Lettered, Question{Key: "1", Prompt: "?", Choices: []string{"a"}}, "1 choices"},
		"empty_option":   {corpus.Continuation, Question{Key: "1", Prompt: "?", Choices: []string{"a", ""}}, "empty choice"},
		"gold_beyond":    {corpus.Continuation, Question{Key: "1", Prompt: "?", Choices: []string{"a", "b"}, Gold: 2}, "right choice 2 of 2"},
		"no_key":         {corpus.Continuation, Question{Prompt: "?", Choices: []string{"a", "b"}}, "no key"},
		"no_number":      {corpus.Generated, Question{Key: "1", Prompt: "?", Target: "two"}, "####"},
		"no_target":      {corpus.Context, Question{Key: "1", Choices: []string{"a", "b"}}, "no continuation"},
		"unknown_styles": {"essay", Question{Key: "1", Prompt: "?", Choices: []string{"a", "b"}}, "unknown style"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := Group{Form: FormA, Dir: "/x", Sets: []QuestionSet{{Benchmark: "arc", Style: c.style, Questions: []Question{c.q}}}}
			if _, err := g.Files(); err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
	for name, g := range map[string]Group{
		"relative_directory": {Form: FormA, Dir: "x", Sets: sets()},
		"nothing":            {Form: FormA, Dir: "/x"},
		"same_name_twice":    {Form: FormA, Dir: "/x", Sets: []QuestionSet{sets()[0], sets()[0]}},
		"key_twice": {Form: FormA, Dir: "/x", Sets: []QuestionSet{{Benchmark: "arc", Style: corpus.Generated,
			Questions: []Question{sets()[3].Questions[0], sets()[3].Questions[0]}}}},
	} {
		if _, err := g.Files(); err == nil {
			t.Errorf("%s was exported", name)
		}
	}
}

// Answers logged in the harness's shape come back as they were.
func TestLogIsReadBack(t *testing.T) {
	tasks := []Task{
		{Benchmark: "arc", Form: FormB, Items: []string{"7", "3", "5"}, Answers: map[Metric][]uint8{
			{"acc", ""}: {1, 0, corpus.Missing}, {"acc_norm", ""}: {0, 1, corpus.Missing}}},
		{Benchmark: "gsm8k", Form: FormB, Items: []string{"1", "2"}, Answers: map[Metric][]uint8{
			{"exact_match", "strict-match"}: {1, 0}, {"exact_match", "flexible-extract"}: {1, 1}}},
	}
	at := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	files, err := Log("org/model", at, tasks)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for _, f := range files {
		content[f.Path] = string(f.Content)
	}
	out, err := Read(context.Background(), write(t, content))
	if err != nil {
		t.Fatal(err)
	}
	if out.Model != "org/model" || len(out.Tasks) != 2 || len(out.Warnings) > 0 {
		t.Fatalf("%+v", out)
	}
	tasks[0].Items = tasks[0].Items[:2] // the third has no answer
	tasks[0].Answers = map[Metric][]uint8{{"acc", ""}: {1, 0}, {"acc_norm", ""}: {0, 1}}
	for k, task := range out.Tasks {
		if diff := cmp.Diff(flat(tasks[k]), flat(task)); diff != "" {
			t.Errorf("%s (-logged +read):\n%s", task.Benchmark, diff)
		}
		if len(task.Warnings) > 0 {
			t.Errorf("warnings %q", task.Warnings)
		}
		if task.Settings.Shots == nil || task.Settings.ChatTemplate {
			t.Errorf("settings %+v", task.Settings)
		}
	}
}
