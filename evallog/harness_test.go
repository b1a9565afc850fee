package evallog

import (
	"path/filepath"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/refdata"
)

const at = "2026-01-21T03-44-18.458309"

const arcSamples = `{"doc_id": 0, "doc": {"q": "caf\u00e9?"}, "filter": "none", "metrics": ["acc", "acc_norm"], "doc_hash": "x", "acc": 1.0, "acc_norm": 0.0}
{"doc_id": 10, "doc": {"q": "B"}, "filter": "none", "metrics": ["acc", "acc_norm"], "acc": 0.0, "acc_norm": 1.0}
{"doc_id": 2, "doc": {"q": "C"}, "filter": "none", "metrics": ["acc", "acc_norm"], "acc": NaN, "acc_norm": 1.0}
`

const arcResults = `{"results": {"arc_challenge": {"acc,none": 0.5}}, "versions": {"arc_challenge": 1.0}, "n-shot": {"arc_challenge": 25},
 "higher_is_better": {"arc_challenge": {"acc": true}}, "config": {"model": "hf", "model_args": "pretrained=org/m,revision=step10,token=hf_x", "limit": null},
 "model_name": "org/m", "lm_eval_version": "0.4.9", "x": NaN}`

func arcLog(t *testing.T) string {
	return tree(t, map[string]string{"org__m/samples_arc_challenge_" + at + ".jsonl": arcSamples, "org__m/results_" + at + ".json": arcResults})
}

func TestHarnessMetricIsAQuestion(t *testing.T) {
	refused(t, arcLog(t), Options{}, corpus.KindAmbiguous, "acc, acc_norm", "--metric")
	wantSheet(t, arcLog(t), Options{Metric: []string{"acc"}}, "arc_challenge acc arc_challenge org/m@step10 0:1 2:- 10:0")
	wantSheet(t, arcLog(t), Options{Metric: []string{"acc", "arc_challenge=acc_norm"}}, "arc_challenge acc_norm arc_challenge org/m@step10 0:0 2:1 10:1")
	refused(t, arcLog(t), Options{Metric: []string{"f1"}}, corpus.KindAmbiguous, "no metric f1")
}

func TestHarnessSettingsAndProvenanceAreKept(t *testing.T) {
	in := mustRead(t, arcLog(t), Options{Metric: []string{"acc"}})
	f := in.Blocks[0].File
	if f.Size != int64(len(arcSamples)) || len(f.SHA256) != 64 || f.Run.Year() != 2026 || in.Benchmarks[0].Shots != 25 {
		t.Errorf("provenance %+v, benchmark %+v", f, in.Benchmarks[0])
	}
	notes := strings.Join(in.Notes, "\n")
	for _, want := range []string{"lm-evaluation-harness 0.4.9", "shots 25", "revision=step10", "not by acc_norm"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q lack %q", notes, want)
		}
	}
	if strings.Contains(notes, "hf_x") {
		t.Errorf("notes show a token: %q", notes)
	}
}

// An item's hash does not depend on how a version of the harness spells JSON.
func TestHarnessItemHashIgnoresSpelling(t *testing.T) {
	o := Options{Metric: []string{"acc"}}
	lines := mustRead(t, arcLog(t), o)
	array := "[" + strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(arcSamples, `{"q": "caf\u00e9?"}`, "{\n \"q\" : \"café?\"}")), "\n{", ",\n {") + "]"
	indented := mustRead(t, tree(t, map[string]string{"org__m/samples_arc_challenge.json": array}), o)
	for k := range lines.Items {
		if a, b := lines.Items[k].Hash, indented.Items[k].Hash; a != b || len(a) != 64 {
			t.Errorf("item %s has the hashes %s and %s", lines.Items[k].Key, a, b)
		}
	}
}

func TestHarnessFilterIsAQuestion(t *testing.T) {
	dir := tree(t, map[string]string{"org__m/samples_gsm8k_" + at + ".jsonl": `
{"doc_id": 0, "doc": {"q": "A"}, "filter": "strict-match", "metrics": ["exact_match"], "exact_match": 0}
{"doc_id": 1, "doc": {"q": "B"}, "filter": "strict-match", "metrics": ["exact_match"], "exact_match": 0}
{"doc_id": 0, "doc": {"q": "A"}, "filter": "flexible-extract", "metrics": ["exact_match"], "exact_match": 1}
{"doc_id": 1, "doc": {"q": "B"}, "filter": "flexible-extract", "metrics": ["exact_match"], "exact_match": 0}`})
	refused(t, dir, Options{}, corpus.KindAmbiguous, "flexible-extract, strict-match", "--filter")
	catalogue := []corpus.Benchmark{{Name: "gsm8k"}}
	wantSheet(t, dir, Options{Filter: []string{"flexible-extract"}, Catalogue: catalogue}, "gsm8k_lm_eval exact_match,flexible-extract gsm8k_lm_eval org/m 0:1 1:0")
	refused(t, dir, Options{Filter: []string{"strict-match"}, Benchmark: "gsm8k", Catalogue: catalogue}, corpus.KindTask, "--benchmark gsm8k_lm_eval")
}

func TestHarnessScoresBetweenNeedAThreshold(t *testing.T) {
	dir := tree(t, map[string]string{"org__m/samples_qa.jsonl": `{"doc_id": 0, "doc": {}, "f1": 0.5}
{"doc_id": 1, "doc": {}, "f1": 0.25}`})
	refused(t, dir, Options{}, corpus.KindValue, "f1", "--threshold")
	refused(t, dir, Options{Metric: []string{"f1"}}, corpus.KindValue, "0.5", "--threshold")
	wantSheet(t, dir, Options{Threshold: []string{"0.5"}}, "qa f1>=0.5 qa org/m 0:1 1:0")
	refused(t, dir, Options{Threshold: []string{"half"}}, corpus.KindAmbiguous, "--threshold")
}

func TestHarnessMetricsThatAreNoneAreRefused(t *testing.T) {
	dir := tree(t, map[string]string{"m/samples_t.jsonl": `{"doc_id": 0, "doc": {}, "acc": 1, "ppl": 1, "levels": [true]}`,
		"m/results.json": `{"results": {"t": {}}, "config": {"model_args": {"pretrained": "o/m", "peft": "o/a"}}, "higher_is_better": {"t": {"ppl": false}}}`})
	wantSheet(t, dir, Options{}, "t acc t o/m+o/a 0:1")
	refused(t, dir, Options{Metric: []string{"ppl"}}, corpus.KindValue, "less is better")
	refused(t, dir, Options{Metric: []string{"levels"}}, corpus.KindValue, "no score")
}

// Versions before 0.4 write another file, with values as text.
func TestHarnessWriteOut(t *testing.T) {
	dir := tree(t, map[string]string{"arc_easy_write_out_info.json": `[{"doc_id": 0, "prompt_0": "Q", "logit_0": -1.5, "truth": "2", "acc": "1.0"},
 {"doc_id": 1, "prompt_0": "R", "logit_0": -1.5, "truth": "2", "acc": "False"}]`,
		"out.json": `{"results": {"arc_easy": {"acc": 0.5}}, "versions": {"arc_easy": 0}, "config": {"model": "hf-causal", "model_args": "pretrained=gpt2", "num_fewshot": 5}}`})
	wantSheet(t, dir, Options{}, "arc_easy acc arc_easy gpt2 0:1 1:0")
}

func TestHarnessRunsThatDisagreeAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		kind  corpus.Kind
		words string
	}{
		"two_scores_for_an_answer": {map[string]string{"o__m/samples_t.jsonl": `{"doc_id": 0, "doc": {}, "acc": 1}{"doc_id": 0, "doc": {}, "acc": 0}`}, corpus.KindDuplicate, "earlier"},
		"two_questions_of_a_name":  {map[string]string{"o__m/samples_t.jsonl": `{"doc_id": 0, "doc": {"a": 1}, "acc": 1}{"doc_id": 0, "doc": {"a": 2}, "acc": 1}`}, corpus.KindItem, "something else"},
		"other_data_set": {map[string]string{"o__m/samples_t.jsonl": `{"doc_id": 0, "doc": {"a": 1}, "acc": 1}`,
			"o__n/samples_t.jsonl": `{"doc_id": 0, "doc": {"a": 2}, "acc": 1}`}, corpus.KindItem, "--benchmark"},
		"nobody_says_which_model": {map[string]string{"samples_t.jsonl": `{"doc_id": 0, "doc": {"a": 1}, "acc": 1}`}, corpus.KindName, "which model"},
		"no_item":                 {map[string]string{"o__m/samples_t.jsonl": `{"doc_id": "", "doc": {"a": 1}, "acc": 1}`}, corpus.KindItem, "which item"},
		"cut_short":               {map[string]string{"o__m/samples_t.jsonl": `{"doc_id": 0, "doc": {"a": 1}, "acc": 1}` + "\n" + `{"doc_id": 1, "doc": {"a"`}, corpus.KindTruncated, "ends inside"},
		"other_shots": {map[string]string{"a/samples_t.jsonl": `{"doc_id": 0, "doc": {}, "acc": 1}`, "b/samples_t.jsonl": `{"doc_id": 0, "doc": {}, "acc": 1}`,
			"a/results.json": `{"results": {"t": {}}, "config": {"model_args": "pretrained=o/m"}, "n-shot": {"t": 0}}`,
			"b/results.json": `{"results": {"t": {}}, "config": {"model_args": "pretrained=o/n"}, "n-shot": {"t": 5}}`}, corpus.KindUnfit, "examples"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, tree(t, c.files), Options{}, c.kind, c.words) })
	}
}

// A file that is given alone is described by its neighbours, whose samples are not read.
func TestHarnessFileAlone(t *testing.T) {
	dir := tree(t, map[string]string{"m/samples_a_" + at + ".jsonl": `{"doc_id": 0, "doc": {}, "acc": 1}`, "m/samples_b_" + at + ".jsonl": `{"doc_id": 0, "doc": {}, "acc": 1}`,
		"m/results_" + at + ".json": `{"results": {"a": {}, "b": {}}, "config": {}, "model_name": "o/m"}`})
	wantSheet(t, filepath.Join(dir, "m", "samples_b_"+at+".jsonl"), Options{}, "b acc b o/m 0:1")
	in, err := Read(t.Context(), []string{filepath.Join(dir, "m", "samples_b_"+at+".jsonl"), dir, dir}, Options{})
	if err != nil || len(in.Blocks) != 2 {
		t.Errorf("a file and its directory give %+v, %v, want two blocks", in, err)
	}
}

func TestHarnessFixture(t *testing.T) {
	dir := formats(t, "lm_eval")
	in := mustRead(t, dir, Options{})
	if len(in.Blocks) != 1 || len(in.Items) != 10 || in.Benchmarks[0].Metric != "exact_match" || in.Blocks[0].Model != "RylanSchaeffer/mem_Qwen3-93M_minerva_math_rep_0_sbst_1.0000_epch_1_ot_1" {
		t.Errorf("read %d blocks, %d items, benchmarks %+v", len(in.Blocks), len(in.Items), in.Benchmarks)
	}
	if notes := strings.Join(in.Notes, "\n"); !strings.Contains(notes, "10 of the 5000 items") {
		t.Errorf("the notes don't say that the log was cut: %s", notes)
	}
}

// formats is a directory of logs that the tools themselves wrote.
func formats(t *testing.T, name string) string {
	t.Helper()
	return refdata.Path(t, "formats", "every-eval-ever", name)
}

func FuzzHarness(f *testing.F) {
	f.Add([]byte(arcSamples), []byte(arcResults))
	f.Add([]byte(`[{"doc_id": 0, "prompt_0": "Q", "truth": "2", "acc": "1.0"}]`), []byte(`{"results": {"t": {"acc": 1}}, "config": {"model_args": "pretrained=x"}}`))
	f.Fuzz(func(t *testing.T, samples, results []byte) {
		dir := tree(t, map[string]string{"o__m/samples_t.jsonl": string(samples), "o__m/results.json": string(results)})
		sound(t, dir, Options{Metric: []string{"acc"}, Filter: []string{"none"}})
	})
}
