package leaderboard

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"metabench/corpus"
	"metabench/scraper/hub"
)

func benchmarks() []corpus.Benchmark {
	return []corpus.Benchmark{
		{Name: "arc", Metric: "acc_norm", Tasks: []corpus.Task{{Name: "arc", Harness: "arc:challenge"}}},
		{Name: "mmlu", Metric: "acc", Tasks: []corpus.Task{{Name: "abstract_algebra", Harness: "hendrycksTest-abstract_algebra"}, {Name: "anatomy", Harness: "hendrycksTest-anatomy"}}},
		{Name: "truthfulqa", Metric: "mc1", Tasks: []corpus.Task{{Name: "truthfulqa", Harness: "truthfulqa:mc"}}},
		{Name: "gsm8k", Metric: "acc", Tasks: []corpus.Task{{Name: "gsm8k", Harness: "gsm8k"}}},
	}
}

func TestScoresOfEveryGeneration(t *testing.T) {
	type score map[string]float64 // benchmark and metric
	cases := map[string]struct {
		text string
		want score
	}{
		"general": {`{"config_general":{"model_name":"a/b","model_sha":"s","model_dtype":"torch.float16"},
			"results":{"all":{"acc":0.9},"harness|arc:challenge|25":{"acc":0.5,"acc_norm":0.55,"acc_stderr":"N/A"},
			"harness|hendrycksTest-abstract_algebra|5":{"acc":0.25},"harness|hendrycksTest-anatomy|5":{"acc":0.75},
			"harness|truthfulqa:mc|0":{"mc1":0.25,"mc2":0.5}},"versions":{"harness|hendrycksTest-abstract_algebra|5":1}}`,
			score{"arc acc_norm": 55, "mmlu acc": 50, "truthfulqa mc2": 50, "truthfulqa mc1": 25}},
		"oldest_keys": {`{"config":{"model_name":"a/b"},"results":{"arc:challenge":{"acc_norm":0.5},"hendrycksTest-anatomy":{"acc":1}},
			"versions":{"hendrycksTest-abstract_algebra":1}}`, score{"arc acc_norm": 50, "mmlu acc": 100}},
		"withdrawn_mmlu": {`{"config":{"model_name":"a"},"results":{"harness|hendrycksTest-anatomy|5":{"acc":1},"harness|gsm8k|5":{"acc":0.1}},
			"versions":{"harness|hendrycksTest-abstract_algebra|5":0}}`, score{"gsm8k acc": 10}},
		"bare_nan":           {`{"config_general":{"model_name":"NaN \"NaN"},"results":{"harness|truthfulqa:mc|0":{"mc1":0.5,"mc2":NaN},"harness|gsm8k|5":{"acc":-Infinity}}}`, score{"truthfulqa mc2": 0, "truthfulqa mc1": 50}},
		"task_lacks_metric":  {`{"config_general":{"model_name":"a"},"results":{"harness|hendrycksTest-anatomy|5":{"acc_norm":1},"harness|hendrycksTest-abstract_algebra|5":{"acc":1}}}`, score{}},
		"impossible_values":  {`{"config_general":{"model_name":"a"},"results":{"harness|gsm8k|5":{"acc":17}}}`, score{}},
		"second_leaderboard": {`{"results":{"leaderboard_bbh":{"acc_norm,none":0.5,"acc_stderr,none":"N/A"}}}`, score{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := ParseResults([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			got := score{}
			for _, s := range r.Scores("a/b", benchmarks(), corpus.File{}) {
				got[s.Benchmark+" "+s.Metric] = s.Value
			}
			if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, bad := range []string{"", "{}", `{"results":{}}`, "<html>", `{"results":{"a":`} {
		if _, err := ParseResults([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestPaths(t *testing.T) {
	for p, want := range map[string]string{
		"01-ai/Yi-1.5-6B/results_2024-05-16T21-03-53.282408.json": "01-ai/Yi-1.5-6B", "gpt2/results_2023-07-19T15:58:12.174583.json": "gpt2",
		"results_2023-07-19T15:58:12.174583.json": "", "a/b/c/results_2023-07-19T15:58:12.json": "", "a/b/results_x.json": "", "a/b/other.json": "",
	} {
		if got, _, ok := ParseResultsPath(p); got != want && ok || ok != (want != "") {
			t.Errorf("%s: %q, %v", p, got, ok)
		}
	}
	for p, want := range map[string]string{
		"01-ai/Yi-34B_eval_request_False_bfloat16_Original.json": "01-ai/Yi-34B", "gpt2_eval_request_False_False_False.json": "gpt2",
		"a/b.json": "", "_eval_request_x.json": "", "a/b/c_eval_request_x.json": "", "a/b_eval_request_x/y.json": "",
	} {
		if got, ok := ParseRequestPath(p); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", p, got, ok)
		}
	}
}

func TestSizeFromName(t *testing.T) {
	for name, want := range map[string]float64{
		"meta-llama/Llama-2-7b-hf": 7, "mistralai/Mixtral-8x7B-v0.1": 56, "EleutherAI/pythia-160m": 0.16, "microsoft/phi-1_5": 0,
		"org/Model-2x7B": 14, "org/Model-7Bx2-MoE": 14, "org/Model-1.8B": 1.8, "7b-org/gpt2": 0, "TheBloke/Model-4bit": 0, "org/Yi-34B-200K": 34,
		"org/llama-13b-4bit-128g": 13, "": 0,
	} {
		got, ok := SizeFromName(name)
		if math.Abs(got-want) > 1e-12 || ok != (want > 0) {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	total := func(n int64, types map[string]int64) *hub.ModelInfo {
		return &hub.ModelInfo{Total: n, Parameters: types, Architectures: []string{"MistralForCausalLM"}, Tags: []string{"merge"}, License: "mit"}
	}
	cases := map[string]struct {
		name string
		s    Sources
		want corpus.Model
	}{
		"hub_counts_the_weights": {"o/m-3b", Sources{Info: total(7241748480, map[string]int64{"BF16": 7241748480})}, corpus.Model{Parameters: ptr(7.24),
			ParamsSource: "safetensors", Architecture: "MistralForCausalLM", License: "mit", Merged: ptr(true), MoE: ptr(false), Available: ptr(true)}},
		"packed_weights_say_nothing": {"o/m-7b-GPTQ", Sources{Info: total(1129000000, map[string]int64{"I32": 860000000, "F16": 269000000})}, corpus.Model{Parameters: ptr(7.0),
			ParamsSource: "name", Architecture: "MistralForCausalLM", License: "mit", Merged: ptr(true), MoE: ptr(false), Available: ptr(true)}},
		"gone_but_requested": {"o/m", Sources{Gone: true, Request: &Request{Parameters: 34.389, Precision: "bfloat16", License: "other", Architectures: "?", Tags: []string{"moe", "flagged:reason"}}},
			corpus.Model{Parameters: ptr(34.389), ParamsSource: "request", Precision: "bfloat16", License: "other", Flagged: ptr(true), Merged: ptr(false), MoE: ptr(true), Available: ptr(false)}},
		"gone_without_a_trace": {"o/m-13b", Sources{Gone: true}, corpus.Model{Parameters: ptr(13.0), ParamsSource: "name", Available: ptr(false)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.want.Name = c.name
			if diff := cmp.Diff(c.want, Describe(c.name, c.s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRequestToleratesEveryGeneration(t *testing.T) {
	r, err := ParseRequest([]byte(`{"model":"a/b","params":"unknown","architectures":null,"tags":null,"still_on_hub":true,"license":["x"],"precision":"float16","status":"FINISHED"}`))
	if err != nil || r.Model != "a/b" || r.Precision != "float16" || r.Parameters != 0 || r.OnHub == nil || !*r.OnHub || r.Tags != nil {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"", "{}", `[]`, `{"model":""}`} {
		if _, err := ParseRequest([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func FuzzResults(f *testing.F) {
	f.Add([]byte(`{"config_general":{"model_name":"NaN"},"results":{"harness|gsm8k|5":{"acc":NaN,"x":-Infinity}},"versions":{"a":0}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if json.Valid(body) && !json.Valid(quoteNaN(body)) {
			t.Errorf("valid JSON became invalid: %q", body)
		}
		r, err := ParseResults(body)
		if err != nil {
			return
		}
		for _, s := range r.Scores("m", benchmarks(), corpus.File{}) {
			if !(s.Value >= 0 && s.Value <= 100) {
				t.Errorf("score %v", s)
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"model":"a/b","params":34.389,"tags":["merge"]}`), "01-ai/Yi-34B_eval_request_False_bfloat16_Original.json")
	f.Fuzz(func(_ *testing.T, body []byte, path string) {
		_, _ = ParseRequest(body)
		_, _ = ParseRequestPath(path)
		_, _, _ = ParseResultsPath(path)
		_, _ = SizeFromName(path)
	})
}
