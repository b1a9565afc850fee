package harness

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/refdata"

	"github.com/google/go-cmp/cmp"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write puts files, whose names may contain directories, into a directory of the
// test's own.
func write(t testing.TB, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// flat writes a task's answers as a string per metric, "item=answer".
func flat(t Task) map[string]string {
	out := map[string]string{"is": t.Benchmark + " " + string(t.Form)}
	if t.Permuted {
		out["is"] += " permuted"
	}
	for m, answers := range t.Answers {
		var parts []string
		for k, item := range t.Items {
			parts = append(parts, item+"="+map[uint8]string{0: "0", 1: "1", corpus.Missing: "-"}[answers[k]])
		}
		out[m.String()] = strings.Join(parts, " ")
	}
	return out
}

const arc = `{"doc_id": 0, "doc": {"metabench_idx": 7, "answerKey": "B"}, "acc": 1.0, "acc_norm": 0.0}
{"doc_id": 1, "doc": {"metabench_idx": 3, "answerKey": "B"}, "acc": 0.0, "acc_norm": 0.0}
`

func TestReadTakesEveryShape(t *testing.T) {
	asArray := "[" + strings.Replace(strings.TrimSpace(arc), "\n", ",\n", 1) + "]"
	indented := strings.NewReplacer("{", "{\n  ", ", ", ",\n  ").Replace(asArray)
	wantArc := map[string]string{"is": "arc A", "acc": "7=1 3=0", "acc_norm": "7=0 3=0"}
	cases := map[string]struct {
		name, content string
		want          map[string]string
		warns         string
	}{
		"jsonl":                    {"samples_metabench_arc_2024-11-26T10-47-32.305387.jsonl", arc, wantArc, ""},
		"array":                    {"samples_metabench_arc_2024-11-26T10-47-32.305387.json", asArray, wantArc, ""},
		"array_named_jsonl":        {"samples_metabench_arc_2024-11-26T10-47-32.305387.jsonl", asArray, wantArc, ""},
		"array_indented":           {"samples_metabench_arc_2024-11-26T10-47-32.305387.json", indented, wantArc, ""},
		"gzip":                     {"samples_metabench_arc_2024-11-26T10-47-32.305387.jsonl.gz", gzipped(t, arc), wantArc, ""},
		"gzip_named_jsonl":         {"samples_metabench_arc_2024-11-26T10-47-32.305387.jsonl", gzipped(t, arc), wantArc, ""},
		"array_gzipped":            {"samples_metabench_arc.json.gz", gzipped(t, asArray), wantArc, ""},
		"no_newline_at_the_end":    {"samples_metabench_arc.jsonl", strings.TrimSpace(arc), wantArc, ""},
		"windows_line_ends_bom":    {"samples_metabench_arc.jsonl", "\ufeff" + strings.ReplaceAll(arc, "\n", "\r\n"), wantArc, ""},
		"lines_in_order_of_finish": {"samples_metabench_arc.jsonl", strings.Join([]string{strings.Split(arc, "\n")[1], strings.Split(arc, "\n")[0]}, "\n"), wantArc, ""},
		"secondary": {"samples_metabench_arc_secondary_2024-11-26T10:47:32.305387.jsonl", arc,
			map[string]string{"is": "arc B", "acc": "7=1 3=0", "acc_norm": "7=0 3=0"}, ""},
		"permuted": {"samples_metabench_arc_secondary_permute.jsonl", arc,
			map[string]string{"is": "arc B permuted", "acc": "7=1 3=0", "acc_norm": "7=0 3=0"}, ""},
		"name_of_ones_own": {"mine.jsonl", arc,
			map[string]string{"is": "arc ", "acc": "7=1 3=0", "acc_norm": "7=0 3=0"}, "by its documents it is arc"},
		"subject_and_index": {"samples_metabench_mmlu.jsonl",
			`{"doc": {"metabench_idx": 7, "subject": "anatomy"}, "acc": 1}` + "\n" + `{"doc": {"metabench_idx": 7, "subject": "virology"}, "acc": 0}`,
			map[string]string{"is": "mmlu A", "acc": "anatomy.7=1 virology.7=0"}, ""},
		"subject_dot_index": {"samples_metabench_mmlu.jsonl", `{"doc": {"mb_sub_idx": "anatomy.7"}, "acc": true}`,
			map[string]string{"is": "mmlu A", "acc": "anatomy.7=1"}, ""},
		"index_as_text_or_fraction": {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": "7"}, "acc": 1}{"doc": {"metabench_idx": 8.0}, "acc": 0}`,
			map[string]string{"is": "arc A", "acc": "7=1 8=0"}, ""},
		"documents_of_our_export": {"samples_metabench_form_b_permute_mmlu.jsonl",
			`{"doc": {"item": "anatomy.3", "benchmark": "mmlu", "form": "B", "permuted": true}, "acc": 1.0}`,
			map[string]string{"is": "mmlu B permuted", "acc": "anatomy.3=1"}, ""},
		"filters_named": {"samples_metabench_gsm8k.jsonl",
			`{"doc_id": 0, "doc": {"metabench_idx": 1}, "filter": "strict-match", "exact_match": 0.0}
{"doc_id": 0, "doc": {"metabench_idx": 1}, "filter": "flexible-extract", "exact_match": 1.0}`,
			map[string]string{"is": "gsm8k A", "exact_match,strict-match": "1=0", "exact_match,flexible-extract": "1=1"}, ""},
		"filters_in_metric_names": {"samples_metabench_gsm8k.jsonl",
			`{"doc": {"metabench_idx": 1}, "filter": "none", "exact_match,strict-match": 0.0, "exact_match,flexible-extract": 1.0}`,
			map[string]string{"is": "gsm8k A", "exact_match,strict-match": "1=0", "exact_match,flexible-extract": "1=1"}, ""},
		"filters_not_named": {"samples_metabench_gsm8k.jsonl",
			`{"doc_id": 0, "doc": {"metabench_idx": 1}, "exact_match": 0.0}
{"doc_id": 1, "doc": {"metabench_idx": 2}, "exact_match": 1.0}
{"doc_id": 0, "doc": {"metabench_idx": 1}, "exact_match": 1.0}
{"doc_id": 1, "doc": {"metabench_idx": 2}, "exact_match": 1.0}`,
			map[string]string{"is": "gsm8k A", "exact_match,strict-match": "1=0 2=1", "exact_match,flexible-extract": "1=1 2=1"},
			"the first is taken as strict-match"},
		"filter_none": {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": 1}, "filter": "none", "acc,none": 1.0}`,
			map[string]string{"is": "arc A", "acc": "1=1"}, ""},
		"nan_and_null_are_missing": {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": 1, "x": NaN}, "acc": NaN}{"doc": {"metabench_idx": 2}, "acc": null, "acc_norm": 1}`,
			map[string]string{"is": "arc A", "acc": "1=- 2=-", "acc_norm": "1=- 2=1"}, ""},
		"same_answer_twice": {"samples_metabench_arc.jsonl", strings.Repeat(`{"doc": {"metabench_idx": 1}, "acc": 1}`+"\n", 2),
			map[string]string{"is": "arc A", "acc": "1=1"}, "1 items occur more than once"},
		"escaped_keys_and_braces_in_text": {"samples_metabench_arc.jsonl", `{"\u0064oc": {"question": "}{\"[\\", "metabench_idx": 1}, "acc": 1}`,
			map[string]string{"is": "arc A", "acc": "1=1"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"org__model/" + c.name: c.content})
			for _, path := range []string{dir, filepath.Join(dir, "org__model", c.name)} {
				out, err := Read(context.Background(), path)
				if err != nil {
					t.Fatal(err)
				}
				if len(out.Tasks) != 1 || out.Model != "org/model" {
					t.Fatalf("%d tasks of %q", len(out.Tasks), out.Model)
				}
				if diff := cmp.Diff(c.want, flat(out.Tasks[0])); diff != "" {
					t.Errorf("answers (-want +got):\n%s", diff)
				}
				warnings := strings.Join(out.Tasks[0].Warnings, "\n")
				if (c.warns == "") != (warnings == "") || !strings.Contains(warnings, c.warns) {
					t.Errorf("warnings %q, want %q", warnings, c.warns)
				}
			}
		})
	}
}

// Every malformed input has its own message.
func TestReadRefusesWithPlaceAndRemedy(t *testing.T) {
	zipped := gzipped(t, arc)
	cases := map[string]struct {
		name, content string
		kind          corpus.Kind
		say           []string
	}{
		"empty":           {"samples_metabench_arc.jsonl", "", corpus.KindEmpty, []string{"empty"}},
		"blank":           {"samples_metabench_arc.jsonl", "\n \n", corpus.KindEmpty, []string{"empty"}},
		"empty_array":     {"samples_metabench_arc.json", "[]", corpus.KindEmpty, []string{"no samples"}},
		"cut_in_a_sample": {"samples_metabench_arc.jsonl", arc[:len(arc)-20], corpus.KindTruncated, []string{"line 2", "ends inside this sample", "interrupted"}},
		"line_in_the_middle_is_cut": {"samples_metabench_arc.jsonl", arc + `{"doc_id": 2, "doc": {"metabench_idx": 4, "answer` + "\n" + arc,
			corpus.KindFormat, []string{"line 3"}},
		"line_in_the_middle_lacks_a_brace": {"samples_metabench_arc.jsonl", arc + `{"doc_id": 2, "doc": {"metabench_idx": 4}` + "\n" + arc,
			corpus.KindFormat, []string{"line 3", "the sample on this line isn't closed"}},
		"array_not_closed":    {"samples_metabench_arc.json", "[" + strings.Split(arc, "\n")[0], corpus.KindTruncated, []string{"isn't closed"}},
		"gzip_cut":            {"samples_metabench_arc.jsonl.gz", zipped[:len(zipped)-6], corpus.KindTruncated, []string{"gzip"}},
		"gzip_header_cut":     {"samples_metabench_arc.jsonl.gz", zipped[:4], corpus.KindTruncated, []string{"gzip"}},
		"gzip_damaged":        {"samples_metabench_arc.jsonl.gz", zipped[:20] + "zzzz" + zipped[24:], corpus.KindFormat, []string{"gzip data are damaged"}},
		"web_page":            {"samples_metabench_arc.jsonl", "<!DOCTYPE html><html>", corpus.KindFormat, []string{"web page"}},
		"csv":                 {"samples_metabench_arc.jsonl", "model,item,correct\n", corpus.KindFormat, []string{"line 1", "--log_samples"}},
		"number":              {"samples_metabench_arc.jsonl", "1\n", corpus.KindFormat, []string{"object was expected"}},
		"garbage_between":     {"samples_metabench_arc.jsonl", arc + "Traceback (most recent call last):\n", corpus.KindFormat, []string{"line 3"}},
		"brackets_crossed":    {"samples_metabench_arc.jsonl", `{"doc": {"a": [1}]}, "acc": 1}`, corpus.KindFormat, []string{"line 1", "decoded"}},
		"nested_for_ever":     {"samples_metabench_arc.jsonl", `{"doc": ` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}", corpus.KindFormat, []string{"200 deep"}},
		"sample_without_doc":  {"samples_metabench_arc.jsonl", `{"doc_id": 1, "acc": 1}`, corpus.KindFormat, []string{"no doc"}},
		"no_item_identity":    {"samples_metabench_arc.jsonl", `{"doc": {"question": "?"}, "acc": 1}`, corpus.KindItem, []string{"line 1", "metabench_idx"}},
		"full_harness_task":   {"samples_hellaswag_2024-11-26T10-47-32.305387.jsonl", `{"doc": {"ind": 3}, "acc": 1}`, corpus.KindItem, []string{"metabench export harness"}},
		"unknown_benchmark":   {"samples_other.jsonl", `{"doc": {"metabench_idx": 3}, "acc": 1}`, corpus.KindTask, []string{"which benchmark"}},
		"renamed_to_other":    {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": 3, "mc1_targets": {}}, "acc": 1}`, corpus.KindTask, []string{"name says arc", "those of truthfulqa"}},
		"no_metric":           {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": 3}, "bleu": 0.3}`, corpus.KindValue, []string{"right or wrong"}},
		"metric_between":      {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": 3}, "acc": 0.5}`, corpus.KindValue, []string{"line 1", `item "3"`, "0.5, which is neither 0 nor 1"}},
		"metric_a_list":       {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": 3}, "acc": [true]}`, corpus.KindValue, []string{"not a number"}},
		"contradicting_twice": {"samples_metabench_arc.jsonl", `{"doc": {"metabench_idx": 3}, "acc": 1}` + "\n" + `{"doc": {"metabench_idx": 3}, "acc": 0}`, corpus.KindDuplicate, []string{"line 2", `item "3"`, "1 in line 1", "Two runs"}},
		"two_tasks_in_one_file": {"all.jsonl", `{"doc": {"item": "1", "benchmark": "arc", "form": "A"}, "acc": 1}{"doc": {"item": "1", "benchmark": "mmlu", "form": "A"}, "acc": 1}`,
			corpus.KindItem, []string{"one file per task"}},
		"only_results": {"results_2024-11-26T10-47-32.305387.json", `{"results": {}, "versions": {}}`, corpus.KindEmpty, []string{"no samples"}},
		"results_damaged": {"results_2024-11-26T10-47-32.305387.json", `{"results": [], "versions": {}}`,
			corpus.KindFormat, []string{"results can't be decoded"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(write(t, map[string]string{c.name: c.content}), c.name)
			out, err := Read(context.Background(), path)
			var e *corpus.DataError
			if !errors.As(err, &e) {
				t.Fatalf("error %v (%T), output %v; want *corpus.DataError", err, err, out)
			}
			if e.Kind != c.kind {
				t.Errorf("kind %q, want %q: %v", e.Kind, c.kind, err)
			}
			for _, part := range append(c.say, path) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message lacks %q:\n%v", part, err)
				}
			}
		})
	}
}

func TestReadChoosesTheRunOrRefuses(t *testing.T) {
	const old, recent = "samples_metabench_arc_2024-11-26T10-47-32.305387.jsonl", "samples_metabench_arc_2025-01-02T10-47-32.305387.jsonl"
	sample := func(acc string) string { return `{"doc": {"metabench_idx": 1}, "acc": ` + acc + "}" }
	t.Run("newest_of_two_runs", func(t *testing.T) {
		out, err := Read(context.Background(), write(t, map[string]string{"m/" + old: sample("0"), "m/" + recent: sample("1")}))
		if err != nil {
			t.Fatal(err)
		}
		if got := flat(out.Tasks[0])["acc"]; len(out.Tasks) != 1 || got != "1=1" {
			t.Errorf("%d tasks, acc %s", len(out.Tasks), got)
		}
		if len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0], "run 2 times") {
			t.Errorf("warnings %q", out.Warnings)
		}
	})
	refused := map[string]map[string]string{
		"same_time_twice":       {"x/m/" + old: sample("0"), "y/m/" + old: sample("1")},
		"one_run_without_time":  {"m/" + old: sample("0"), "m/samples_metabench_arc.jsonl": sample("1")},
		"two_runs_without_time": {"x/m/samples_metabench_arc.jsonl": sample("0"), "y/m/samples_metabench_arc.jsonl": sample("1")},
	}
	for name, files := range refused {
		t.Run(name, func(t *testing.T) {
			_, err := Read(context.Background(), write(t, files))
			var e *corpus.DataError
			if !errors.As(err, &e) || e.Kind != corpus.KindAmbiguous {
				t.Errorf("error %v, want an ambiguity", err)
			}
		})
	}
	t.Run("what_is_not_ours_is_passed_over", func(t *testing.T) {
		out, err := Read(context.Background(), write(t, map[string]string{
			"m/" + old: sample("0"), "m/samples_hellaswag_2024-11-26T10-47-32.305387.jsonl": `{"doc": {"ind": 1}, "acc": 1}`,
			"m/notes.json": "{}", "m/readme.txt": "no", "m/list.json": "[1]"}))
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Tasks) != 1 || len(out.Warnings) != 3 {
			t.Errorf("%d tasks, warnings %q", len(out.Tasks), out.Warnings)
		}
	})
	t.Run("what_is_ours_but_broken_costs_its_own_task", func(t *testing.T) {
		const empty = "m/samples_metabench_form_a_my_task_2024-11-26T10-47-32.305387.jsonl"
		out, err := Read(context.Background(), write(t, map[string]string{
			"m/" + old: sample("0"), "m/samples_metabench_mmlu.jsonl": "<html>", empty: ""}))
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Tasks) != 1 || len(out.Failed) != 2 || len(out.Warnings) > 0 {
			t.Fatalf("%d tasks, failed %+v, warnings %q", len(out.Tasks), out.Failed, out.Warnings)
		}
		for k, want := range []struct {
			benchmark string
			form      Form
			say       string
		}{{"my_task", FormA, "the file is empty"}, {"mmlu", FormA, "is a web page"}} {
			if f := out.Failed[k]; f.Benchmark != want.benchmark || f.Form != want.form || !strings.Contains(f.Failed.Error(), want.say) {
				t.Errorf("failed %+v, want %+v", f, want)
			}
		}
	})
}

// The harness names the directory by the model alone: revisions, precisions and adapters
// of it lie side by side, and their answers are never put together.
func TestReadKeepsRunsOfOtherArgumentsApart(t *testing.T) {
	const first, second = "2024-11-26T10-47-32.305387", "2025-01-02T10-47-32.305387"
	said := func(args, more string) string {
		return `{"results": {}, "configs": {}, "n-shot": {"metabench_arc": 0, "metabench_gsm8k": 0}, "model_name": "org/m", "config": {"model": "hf", "model_args": ` + args + `}` + more + `}`
	}
	const plain = `"pretrained=org/m,revision=step1000,dtype=float16"`
	others := map[string]string{
		"revision":           said(`"pretrained=org/m,revision=step2000,dtype=float16"`, ""),
		"dtype":              said(`"pretrained=org/m,revision=step1000,dtype=float32"`, ""),
		"peft":               said(`"pretrained=org/m,revision=step1000,dtype=float16,peft=org/lora"`, ""),
		"object":             said(`{"pretrained": "org/m", "revision": "step3"}`, ""),
		"chat_template":      said(plain, `, "chat_template": "{{x}}"`),
		"system_instruction": said(plain, `, "system_instruction": "Be brief."`),
		"multiturn":          said(plain, `, "fewshot_as_multiturn": true`),
		"generation":         strings.Replace(said(plain, ""), `"model": "hf"`, `"model": "hf", "gen_kwargs": {"temperature": 1}`, 1),
		"commit":             strings.Replace(said(plain, ""), `"model": "hf"`, `"model": "hf", "model_sha": "abc"`, 1),
		"backend":            strings.Replace(said(plain, ""), `"model": "hf"`, `"model": "vllm"`, 1),
		"shots":              strings.ReplaceAll(said(plain, ""), `: 0`, `: 5`),
		"no_results_file":    "",
	}
	sample := `{"doc": {"metabench_idx": 1}, "acc": 1}`
	files := func(results string) map[string]string {
		f := map[string]string{
			"org__m/results_" + first + ".json":                   said(plain, ""),
			"org__m/samples_metabench_arc_" + first + ".jsonl":    sample,
			"org__m/samples_metabench_gsm8k_" + second + ".jsonl": sample,
		}
		if results != "" {
			f["org__m/results_"+second+".json"] = results
		}
		return f
	}
	for name, results := range others {
		t.Run(name, func(t *testing.T) {
			dir := write(t, files(results))
			_, err := Read(context.Background(), dir)
			var several *RunsError
			if !errors.As(err, &several) || len(several.Runs) != 2 || !strings.Contains(err.Error(), "--run ID") {
				t.Fatalf("error %v, want one of two runs", err)
			}
			for _, r := range several.Runs {
				out, err := ReadRun(context.Background(), r.ID, dir)
				if err != nil {
					t.Fatal(err)
				}
				if len(out.Tasks) != 1 || out.Run.ID != r.ID || out.Tasks[0].File != r.File {
					t.Errorf("of run %s: %+v", r, out)
				}
			}
		})
	}
	for name, same := range map[string]string{
		"same_arguments":   said(plain, ""),
		"other_order":      said(`"dtype=float16,pretrained=org/m,revision=step1000"`, ""),
		"as_an_object":     said(`{"pretrained": "org/m", "revision": "step1000", "dtype": "float16"}`, ""),
		"another_device":   said(`"pretrained=org/m,revision=step1000,dtype=float16,device=cuda:1"`, ""),
		"other_tasks_only": said(plain, `, "versions": {"other": 1}`),
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Read(context.Background(), write(t, files(same)))
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Tasks) != 2 || !out.Run.Known || !slices.Contains(out.Run.Arguments, "revision=step1000") {
				t.Errorf("%d tasks of %s", len(out.Tasks), out.Run)
			}
		})
	}
	t.Run("chosen_by_an_argument", func(t *testing.T) {
		dir := write(t, files(others["revision"]))
		out, err := ReadRun(context.Background(), "revision=step2000", dir)
		if err != nil || out.Tasks[0].Benchmark != "gsm8k" {
			t.Errorf("%+v, %v", out, err)
		}
		for _, asked := range []string{"revision=step", "revision=step7"} {
			if _, err := ReadRun(context.Background(), asked, dir); err == nil || !strings.Contains(err.Error(), asked) {
				t.Errorf("--run %s: %v", asked, err)
			}
		}
	})
	t.Run("two_models", func(t *testing.T) {
		_, err := Read(context.Background(), write(t, map[string]string{
			"a__m/samples_metabench_arc_" + first + ".jsonl": sample, "b__m/samples_metabench_gsm8k_" + second + ".jsonl": sample}))
		var several *RunsError
		if !errors.As(err, &several) || !strings.Contains(err.Error(), "a/m") || !strings.Contains(err.Error(), "b/m") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("secrets_are_not_shown", func(t *testing.T) {
		for _, args := range []string{`"pretrained=org/m,token=hf_abc"`, `{"pretrained": "org/m", "token": "hf_abc"}`} {
			out, err := Read(context.Background(), write(t, map[string]string{
				"org__m/results_" + first + ".json": said(args, ""), "org__m/samples_metabench_arc_" + first + ".jsonl": sample}))
			if err != nil {
				t.Fatal(err)
			}
			if shown := out.Run.String() + out.Tasks[0].Settings.ModelArgs; strings.Contains(shown, "hf_abc") || !strings.Contains(shown, "org/m") {
				t.Errorf("shown: %s", shown)
			}
		}
	})
}

// Warnings are the same, in the same order, however often the logs are read.
func TestWarningsHaveAnOrder(t *testing.T) {
	dir := write(t, map[string]string{
		"x/samples_metabench_gsm8k_2024-11-26T10-47-32.305387.jsonl": `{"doc": {"metabench_idx": 1}, "acc": 1, "acc_norm": 1, "mc1": 1, "exact_match": 1}`,
		"x/results_2024-11-26T10-47-32.305387.json":                  `{"versions": {}, "results": {"metabench_gsm8k": {"mc1,none": 0.5, "acc,none": 0.5, "exact_match,none": 0.5, "acc_norm,none": 0.5}}}`,
	})
	for range 20 {
		out, err := Read(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if w := out.Tasks[0].Warnings; len(w) != 4 || !slices.IsSorted(w) {
			t.Fatalf("warnings %q", w)
		}
	}
}

const results = `{
 "results": {"metabench_arc": {"alias": "metabench_arc", "acc,none": 0.75, "acc_stderr,none": NaN, "acc_norm,none": 0.0}},
 "versions": {"metabench_arc": 0.1}, "n-shot": {"metabench_arc": 0}, "n-samples": {"metabench_arc": {"original": 145, "effective": 3}},
 "config": {"model": "hf", "model_args": "pretrained=org/model,dtype=bfloat16", "limit": 3.0, "batch_size": "auto"},
 "git_hash": "abc1234", "date": 1732617000.5, "lm_eval_version": "0.4.5", "model_name": "org/model",
 "chat_template": "{% for m in messages %}", "chat_template_sha": "ff", "system_instruction": null, "fewshot_as_multiturn": false}`

func TestReadComparesSamplesWithResults(t *testing.T) {
	out, err := Read(context.Background(), write(t, map[string]string{
		"x/samples_metabench_arc_2024-11-26T10-47-32.305387.jsonl": arc,
		"x/results_2024-11-26T10-47-32.305387.json":                results,
		"x/results_2024-11-27T10-47-32.305387.json":                strings.Replace(results, "0.4.5", "9", 1),
	}))
	if err != nil {
		t.Fatal(err)
	}
	got := out.Tasks[0].Settings
	shots, asked := 0, 3
	want := Settings{File: got.File, Model: "org/model", ModelArgs: "pretrained=org/model,dtype=bfloat16", Harness: "0.4.5",
		GitHash: "abc1234", TaskVersion: "0.1", Shots: &shots, ChatTemplate: true, ChatTemplateSHA: "ff", Limit: "3.0",
		Date: "1732617000.5", Samples: &asked, Means: got.Means}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if out.Model != "org/model" {
		t.Errorf("model %q", out.Model)
	}
	warnings := strings.Join(out.Tasks[0].Warnings, "\n")
	for _, part := range []string{"count 3 questions, the samples hold 2", "acc = 0.750000, the samples 0.500000"} {
		if !strings.Contains(warnings, part) {
			t.Errorf("warnings lack %q:\n%s", part, warnings)
		}
	}
	if line := got.Describe(); line != "lm-evaluation-harness 0.4.5, task version 0.1, 0 shots, chat template, limit 3.0" {
		t.Errorf("described as %q", line)
	}
}

func TestByNeverTakesAnotherMetric(t *testing.T) {
	answers := []uint8{1}
	cases := map[string]struct {
		benchmark, metric string
		have              []Metric
		want              string
	}{
		"acc_is_not_acc_norm":       {"arc", "acc_norm", []Metric{{"acc", ""}}, ""},
		"acc_norm_beside_acc":       {"arc", "acc_norm", []Metric{{"acc", ""}, {"acc_norm", ""}}, "acc_norm"},
		"mc1_is_acc_of_truthfulqa":  {"truthfulqa", "mc1", []Metric{{"acc", ""}}, "acc"},
		"mc1_is_nothing_elsewhere":  {"arc", "mc1", []Metric{{"acc", ""}}, ""},
		"strict_match_of_gsm8k":     {"gsm8k", "acc", []Metric{{"exact_match", "flexible-extract"}, {"exact_match", "strict-match"}}, "exact_match,strict-match"},
		"flexible_is_no_substitute": {"gsm8k", "acc", []Metric{{"exact_match", "flexible-extract"}}, ""},
		"only_filter_of_gsm8k":      {"gsm8k", "exact_match", []Metric{{"exact_match", ""}}, "exact_match"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			task := Task{Benchmark: c.benchmark, Answers: map[Metric][]uint8{}}
			for _, m := range c.have {
				task.Answers[m] = answers
			}
			_, got, err := task.By(c.metric)
			if (err == nil) != (c.want != "") || err == nil && got.String() != c.want {
				t.Errorf("By(%s) = %s, %v, want %q", c.metric, got, err, c.want)
			}
		})
	}
}

// formItems reads the published lists of items: benchmark and form → keys.
func formItems(t *testing.T) map[string][]string {
	t.Helper()
	items := map[string][]string{}
	for _, r := range refdata.ReadCSV(t, refdata.Path(t, "items", "items.csv.gz"))[1:] {
		items[r[0]+" "+r[1]] = append(items[r[0]+" "+r[1]], r[3])
	}
	return items
}

// Every real log is read as it is, and holds exactly the items of its form.
func TestReadRealLogs(t *testing.T) {
	items := formItems(t)
	for _, dir := range []string{"slim", "structure"} {
		t.Run(dir, func(t *testing.T) {
			out, err := Read(context.Background(), refdata.Path(t, "harness", dir))
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Tasks) != 16 || out.Model != "EleutherAI/pythia-14m" || len(out.Warnings) > 0 {
				t.Fatalf("%d tasks of %q, warnings %q", len(out.Tasks), out.Model, out.Warnings)
			}
			for _, task := range out.Tasks {
				want := items[task.Benchmark+" "+string(task.Form)]
				extra := slices.DeleteFunc(slices.Clone(task.Items), func(key string) bool { return slices.Contains(want, key) })
				if len(extra) > 0 {
					t.Errorf("%s: items that are not in form %s: %v", task.Name, task.Form, extra)
				}
				t.Logf("%s: %d of %d items, %v", task.Name, len(task.Items), len(want), task.Metrics())
				if dir == "slim" && len(task.Items) != len(want) {
					t.Errorf("%s: %d of %d items", task.Name, len(task.Items), len(want))
				}
				if task.Benchmark == "gsm8k" && dir == "slim" && (len(task.Warnings) != 1 || len(task.Answers) != 2) {
					t.Errorf("gsm8k: warnings %q, metrics %v", task.Warnings, task.Metrics())
				}
				if _, _, err := task.By(map[string]string{"arc": "acc_norm", "hellaswag": "acc_norm", "truthfulqa": "mc1"}[task.Benchmark]); err != nil && (task.Benchmark == "arc" || task.Benchmark == "hellaswag" || task.Benchmark == "truthfulqa") {
					t.Error(err)
				}
			}
		})
	}
}
