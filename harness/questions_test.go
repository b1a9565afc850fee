package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/refdata"
)

// What is taken out of real logs and exported again puts before the model, request
// for request, what the published tasks did.
func TestQuestionsAskWhatThePublishedTasksAsked(t *testing.T) {
	styles := map[string]corpus.Style{"arc": corpus.Continuation, "gsm8k": corpus.Generated, "hellaswag": corpus.Continuation,
		"mmlu": corpus.Lettered, "truthfulqa": corpus.Continuation, "winogrande": corpus.Context}
	dir := refdata.Path(t, "harness", "structure", "EleutherAI__pythia-14m")
	for benchmark, style := range styles {
		t.Run(benchmark, func(t *testing.T) {
			logs, err := filepath.Glob(filepath.Join(dir, "samples_metabench_"+benchmark+"_secondary_2*.jsonl"))
			if err != nil || len(logs) != 1 {
				t.Fatalf("logs %v, %v", logs, err)
			}
			sets, err := Questions(context.Background(), logs...)
			if err != nil {
				t.Fatal(err)
			}
			if len(sets) != 1 || sets[0].Style != style || len(sets[0].Questions) != 25 {
				t.Fatalf("%d sets, style %s, %d questions", len(sets), sets[0].Style, len(sets[0].Questions))
			}
			sets[0].Metric = "acc"
			files := export(t, &Group{Form: FormB, Dir: "/x", Sets: sets})
			rows := map[string]row{}
			dec := json.NewDecoder(strings.NewReader(files["data/metabench_form_b_"+benchmark+".jsonl"]))
			for dec.More() {
				var r row
				if err := dec.Decode(&r); err != nil {
					t.Fatal(err)
				}
				rows[r.Item] = r
			}
			compareRequests(t, logs[0], style, rows)
		})
	}
}

// compareRequests asks the exported rows as the harness would, and compares with the
// requests of the log.
func compareRequests(t *testing.T, log string, style corpus.Style, rows map[string]row) {
	t.Helper()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		s, err := parseSample(log, 1, lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var a asked
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		contexts, continuations, err := requests(a.Arguments)
		if err != nil {
			t.Fatal(err)
		}
		r, ok := rows[s.doc.key()]
		if !ok {
			t.Fatalf("item %s wasn't exported", s.doc.key())
		}
		for k := range contexts {
			context, continuation := r.Prompt, ""
			switch style {
			case corpus.Context:
				context, continuation = r.Choices[k], " "+r.Target
			case corpus.Continuation, corpus.Lettered:
				continuation = " " + r.Choices[k]
			case corpus.Generated:
			}
			if context != contexts[k] || continuation != continuations[k] {
				t.Fatalf("item %s, request %d:\n%q %q\nthe log has\n%q %q", r.Item, k, context, continuation, contexts[k], continuations[k])
			}
		}
		var target string
		if err := json.Unmarshal(a.Target, &target); err != nil {
			t.Fatal(err)
		}
		if style == corpus.Context || style == corpus.Generated {
			if r.Target != target {
				t.Errorf("item %s: target %q, the log has %q", r.Item, r.Target, target)
			}
		} else if got := string(rune('0' + r.Gold)); got != target {
			t.Errorf("item %s: gold %s, the log has %s", r.Item, got, target)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestQuestionsRefusesWhatIsNotPlain(t *testing.T) {
	doc := `"doc": {"metabench_idx": 1}, "acc": 1`
	cases := map[string]struct{ name, content, say string }{
		"permuted":            {"samples_metabench_arc_permute.jsonl", "{" + doc + "}", "permuted"},
		"without_arguments":   {"samples_metabench_arc.jsonl", "{" + doc + "}", "no arguments"},
		"empty_arguments":     {"samples_metabench_arc.jsonl", "{" + doc + `, "arguments": {}}`, "no arguments"},
		"no_space_before":     {"samples_metabench_arc.jsonl", "{" + doc + `, "target": "0", "arguments": [["q", "a"], ["q", "b"]]}`, "start with a space"},
		"target_not_a_choice": {"samples_metabench_arc.jsonl", "{" + doc + `, "target": "x", "arguments": [["q", " a"], ["q", " b"]]}`, "not the number of a choice"},
		"gold_unknown":        {"samples_metabench_winogrande.jsonl", "{" + doc + `, "target": "x", "arguments": [["q", " a"], ["r", " a"]]}`, "which option is right"},
		"no_identity":         {"samples_metabench_arc.jsonl", `{"doc": {}, "acc": 1}`, "which item"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{c.name: c.content})
			_, err := Questions(context.Background(), filepath.Join(dir, c.name))
			if err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
}
