package harness

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
	"metabench/internal/refdata"
)

func TestAskPutsAQuestionAsItWasPut(t *testing.T) {
	const list = "\nA. femur\nB. nose\nC.  chin, or\nwhat is left of it\nD. B. and C.\nAnswer:"
	cases := map[string]struct {
		asked corpus.Style
		q     corpus.Question
		want  Question
	}{
		"continuations_lose_the_harness's_space": {corpus.Continuation,
			corpus.Question{Prompt: "What floats?\nAnswer:", Choices: []string{" lead", "  wood"}, Gold: 1},
			Question{Prompt: "What floats?\nAnswer:", Choices: []string{"lead", " wood"}, Gold: 1}},
		"space_at_the_end_of_the_prompt": {corpus.Continuation,
			corpus.Question{Prompt: "What floats? ", Choices: []string{"lead", "wood"}},
			Question{Prompt: "What floats?", Choices: []string{"lead", "wood"}}},
		"options_cut_out_below_examples": {corpus.Lettered,
			corpus.Question{Prompt: "Which?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer: C\n\nWhich bone?" + list, Choices: []string{" A", " B", " C", " D"}, Gold: 2},
			Question{Prompt: "Which?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer: C\n\nWhich bone?",
				Choices: []string{"femur", "nose", " chin, or\nwhat is left of it", "B. and C."}, Gold: 2}},
		"options_beside_an_unlisted_question": {corpus.Lettered,
			corpus.Question{Prompt: "Which bone?\nAnswer:", Choices: []string{" femur", " nose"}},
			Question{Prompt: "Which bone?", Choices: []string{"femur", "nose"}}},
		"other_white_space_before_the_answer": {corpus.Lettered,
			corpus.Question{Prompt: "Which bone?\nA. femur\nB. nose\n\nAnswer: ", Choices: []string{"A", "B"}},
			Question{Prompt: "Which bone?", Choices: []string{"femur", "nose"}}},
		"ends_of_a_sentence": {corpus.Context,
			corpus.Question{Prompt: "An example.\n\nAnn beat Eve because ", Choices: []string{" the old hand was faster.", " the novice was faster."}, Gold: 1},
			Question{Choices: []string{"An example.\n\nAnn beat Eve because the old hand", "An example.\n\nAnn beat Eve because the novice"},
				Target: "was faster.", Gold: 1}},
		"common_end_leaves_a_word": {corpus.Context,
			corpus.Question{Prompt: "They saw", Choices: []string{"cat sat", "big cat sat"}},
			Question{Choices: []string{"They saw cat", "They saw big cat"}, Target: "sat"}},
		"bare_options_and_a_blank": {corpus.Context,
			corpus.Question{Prompt: "a_b is an example.\n\nThe red car beat the blue car because _ was faster.", Choices: []string{"red car", "blue car"}},
			Question{Choices: []string{"a_b is an example.\n\nThe red car beat the blue car because red car", "a_b is an example.\n\nThe red car beat the blue car because blue car"},
				Target: "was faster."}},
		"ends_and_a_blank": {corpus.Context,
			corpus.Question{Prompt: "Ann won because _ was faster.", Choices: []string{"Ann was faster.", "Eve was faster."}},
			Question{Choices: []string{"Ann won because Ann", "Ann won because Eve"}, Target: "was faster."}},
		"worked_answer": {corpus.Generated,
			corpus.Question{Prompt: "1+1?", Target: " It is 2.\n#### 2"}, Question{Prompt: "1+1?", Target: "It is 2.\n#### 2"}},
		"bare_number": {corpus.Generated,
			corpus.Question{Prompt: "1+1?", Target: "-1,002.5"}, Question{Prompt: "1+1?", Target: "#### -1,002.5"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Ask(corpus.Benchmark{Name: "b", Asked: c.asked}, c.q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The files list the choices of mc1 and mc2 one after the other; under mc1 a wrong
// answer of mc2 must not be one more to fall for.
func TestAskKeepsTheChoicesOfTheMetric(t *testing.T) {
	q := corpus.Question{Prompt: "Q: Is it so?\nA:", Choices: []string{" No", " Yes", " Perhaps", " No", " Never", " Yes"}}
	for metric, want := range map[string][]string{"mc1": {"No", "Yes", "Perhaps"}, "acc": {"No", "Yes", "Perhaps", "No", "Never", "Yes"}} {
		got, err := Ask(corpus.Benchmark{Name: "truthfulqa", Metric: metric, Asked: corpus.Continuation}, q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Choices); diff != "" {
			t.Errorf("%s (-want +got):\n%s", metric, diff)
		}
	}
}

func TestAskSaysWhatAQuestionLacks(t *testing.T) {
	letters := []string{" A", " B"}
	cases := map[string]struct {
		asked corpus.Style
		q     corpus.Question
		say   string
	}{
		"no_list_of_options": {corpus.Lettered, corpus.Question{Prompt: "Which?\nAnswer:", Choices: letters}, "doesn't list the options A. to B."},
		"no_answer_line":     {corpus.Lettered, corpus.Question{Prompt: "Which?\nA. x\nB. y", Choices: letters}, "doesn't end with"},
		"no_common_end":      {corpus.Context, corpus.Question{Prompt: "Ann won because", Choices: []string{"Ann", "Eve"}}, "no end in common"},
		"nothing_after_it":   {corpus.Context, corpus.Question{Prompt: "The winner is _", Choices: []string{"Ann", "Eve"}}, "no rest of a sentence"},
		"blank_in_a_question": {corpus.Context, corpus.Question{Prompt: "Ann won because _ ran.\nAnswer:", Choices: []string{"Ann", "Eve"}},
			"no rest of a sentence"},
		"no_number":     {corpus.Generated, corpus.Question{Prompt: "1+1?", Target: "two"}, `"two"`},
		"unknown_style": {"essay", corpus.Question{Prompt: "?"}, `unknown style "essay"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.q.Key = "7"
			_, err := Ask(corpus.Benchmark{Name: "quiz", Asked: c.asked}, c.q)
			if err == nil || !strings.Contains(err.Error(), c.say) || !strings.Contains(err.Error(), `quiz, item "7"`) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
}

// Real prompts and choices, in the form that the leaderboard's files have them, lead
// to the requests that the published tasks make of a model.
func TestAskMakesTheRequestsOfThePublishedTasks(t *testing.T) {
	benchmarks := map[string]corpus.Style{"mmlu": corpus.Lettered, "winogrande": corpus.Context, "gsm8k": corpus.Generated}
	dir := refdata.Path(t, "harness", "structure", "EleutherAI__pythia-14m")
	for name, style := range benchmarks {
		t.Run(name, func(t *testing.T) {
			logs, err := filepath.Glob(filepath.Join(dir, "samples_metabench_"+name+"_secondary_2*.jsonl"))
			if err != nil || len(logs) != 1 {
				t.Fatalf("logs %v, %v", logs, err)
			}
			f, err := os.Open(logs[0])
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			lines := bufio.NewScanner(f)
			lines.Buffer(nil, 1<<22)
			seen := 0
			for ; lines.Scan(); seen++ {
				compareAsked(t, corpus.Benchmark{Name: name, Asked: style}, lines.Bytes())
			}
			if err := lines.Err(); err != nil || seen == 0 {
				t.Fatalf("%d samples, %v", seen, err)
			}
		})
	}
}

func compareAsked(t *testing.T, b corpus.Benchmark, sample []byte) {
	t.Helper()
	var s struct {
		asked
		Doc struct {
			Choices                    []string
			Answer                     any
			Sentence, Option1, Option2 string
		} `json:"doc"`
	}
	if err := json.Unmarshal(sample, &s); err != nil {
		t.Fatal(err)
	}
	contexts, continuations, err := requests(s.Arguments)
	if err != nil {
		t.Fatal(err)
	}
	var forms []corpus.Question
	switch b.Asked {
	case corpus.Lettered:
		gold, err := strconv.Atoi(text(s.Target))
		if err != nil {
			t.Fatal(err)
		}
		forms = append(forms, corpus.Question{Prompt: contexts[0], Choices: continuations, Gold: gold})
	case corpus.Context:
		before, rest, _ := strings.Cut(s.Doc.Sentence[strings.LastIndex(s.Doc.Sentence, "\n\n")+1:], "_")
		before = s.Doc.Sentence[:strings.LastIndex(s.Doc.Sentence, "\n\n")+1] + before
		rest = strings.TrimSpace(rest)
		forms = append(forms,
			corpus.Question{Prompt: s.Doc.Sentence, Choices: []string{s.Doc.Option1, s.Doc.Option2}},
			corpus.Question{Prompt: before, Choices: []string{s.Doc.Option1 + " " + rest, s.Doc.Option2 + " " + rest}})
	case corpus.Generated:
		forms = append(forms, corpus.Question{Prompt: contexts[0], Target: s.Doc.Answer.(string)})
	case corpus.Continuation:
	}
	for _, form := range forms {
		q, err := Ask(b, form)
		if err != nil {
			t.Error(err)
			continue
		}
		switch b.Asked {
		case corpus.Lettered:
			prompt, letters := letter(q.Prompt, q.Choices)
			if diff := cmp.Diff([]any{contexts[0], continuations[q.Gold], s.Doc.Choices}, []any{prompt, " " + letters[q.Gold], q.Choices}); diff != "" {
				t.Errorf("(-log +asked):\n%s", diff)
			}
		case corpus.Context:
			if diff := cmp.Diff([]any{contexts, continuations[0]}, []any{q.Choices, " " + q.Target}); diff != "" {
				t.Errorf("(-log +asked):\n%s", diff)
			}
		default:
			if q.Prompt != contexts[0] || q.Target != scalar(s.Target) {
				t.Errorf("asked %q for %q", q.Prompt, q.Target)
			}
		}
	}
}
