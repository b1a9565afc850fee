package harness

import (
	"context"
	"errors"
	"strings"
	"testing"

	"metabench/corpus"
)

// FuzzSamples gives arbitrary bytes to the reader: it may refuse, with a typed error,
// but never panics, and what it reads is consistent.
func FuzzSamples(f *testing.F) {
	f.Add([]byte(arc))
	f.Add([]byte("[" + strings.Replace(strings.TrimSpace(arc), "\n", ",", 1) + "]"))
	f.Add([]byte(gzipped(f, arc)))
	f.Add([]byte(`{"doc": {"item": "1", "benchmark": "arc", "form": "A", "permuted": true}, "filter": "none", "acc,none": NaN}`))
	f.Add([]byte(`{"doc_id":0,"doc":{"metabench_idx":1},"exact_match":0}{"doc_id":0,"doc":{"metabench_idx":1},"exact_match":1}`))
	f.Add([]byte(results))
	f.Fuzz(func(t *testing.T, content []byte) {
		r := &reader{ctx: context.Background()}
		const name = "samples_metabench_arc.jsonl"
		err := r.read(name, func(f recordFunc) error {
			return eachRecordOf(r.ctx, name, strings.NewReader(string(content)), f)
		})
		if err != nil {
			var e *corpus.DataError
			if !errors.As(err, &e) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		for _, task := range r.tasks {
			if len(task.Items) == 0 || len(task.Answers) == 0 || len(task.PromptHashes) != len(task.Items) {
				t.Fatalf("an empty task %+v", task)
			}
			seen := map[string]bool{}
			for _, item := range task.Items {
				if item == "" || seen[item] {
					t.Fatalf("item %q twice or empty", item)
				}
				seen[item] = true
			}
			for m, answers := range task.Answers {
				if len(answers) != len(task.Items) {
					t.Fatalf("%s: %d answers to %d items", m, len(answers), len(task.Items))
				}
				for _, a := range answers {
					if a > 1 && a != corpus.Missing {
						t.Fatalf("answer %d", a)
					}
				}
			}
		}
	})
}

// FuzzResults gives arbitrary bytes to the reader of settings.
func FuzzResults(f *testing.F) {
	f.Add([]byte(results))
	f.Add([]byte(`{"results": {"metabench_arc": {"acc,none": NaN}}, "versions": {}, "n-samples": {"metabench_arc": 1}}`))
	f.Fuzz(func(_ *testing.T, content []byte) {
		if !isResults(content) {
			return
		}
		r, err := parseResults("results.json", content)
		if err != nil {
			return
		}
		_ = r.settings("metabench_arc").Describe()
	})
}

// Whatever a file's prompt says, nothing breaks; and a list of options comes apart
// into what it was put together from.
func FuzzAsk(f *testing.F) {
	f.Add("Which bone?", "femur", "nose")
	f.Add("Ann beat Eve because _ ran.\n\nA. x\nB. y", "Ann ran.", "B. Eve ran.")
	f.Add("", "", "#### 2")
	f.Fuzz(func(t *testing.T, stem, a, b string) {
		for _, style := range corpus.Styles() {
			q, err := Ask(corpus.Benchmark{Metric: "mc1", Asked: style}, corpus.Question{Prompt: stem, Choices: []string{a, b}, Target: a})
			if err == nil && style != corpus.Generated && len(q.Choices) == 0 {
				t.Errorf("%s: no choices", style)
			}
		}
		if strings.Contains(a+b, "\n") || strings.TrimSpace(b) == "" || strings.TrimRight(b, " \t") != b {
			return
		}
		prompt, letters := letter(stem, []string{a, b})
		q, err := Ask(corpus.Benchmark{Asked: corpus.Lettered}, corpus.Question{Prompt: prompt, Choices: letters})
		if err != nil || q.Prompt != stem || q.Choices[0] != a || q.Choices[1] != b {
			t.Errorf("%q came apart as %q, %q: %v", prompt, q.Prompt, q.Choices, err)
		}
	})
}
