package leaderboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"strings"
	"time"

	"metabench/corpus"
	"metabench/scraper/details"
)

// Results is the part of a results file that is used.
type Results struct {
	Model     string // as given to the evaluation
	Revision  string // commit of the model
	Precision string // float16, bfloat16, 8bit, 4bit, GPTQ or ?
	values    map[string]map[string]float64
	oldMMLU   bool
}

// MaxResults bounds a results file; those known are below 200 kB.
const MaxResults = 8 << 20

// ParseResults reads a results file of any generation. Bare NaN and Infinity, which
// Python writes and JSON doesn't have, are read as NaN.
func ParseResults(body []byte) (*Results, error) {
	var raw struct {
		Config        settings                   `json:"config"` // the oldest files
		ConfigGeneral settings                   `json:"config_general"`
		Results       map[string]json.RawMessage `json:"results"`
		Versions      map[string]json.RawMessage `json:"versions"`
	}
	if err := json.Unmarshal(quoteNaN(body), &raw); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	if len(raw.Results) == 0 {
		return nil, fmt.Errorf("results: no results in the file")
	}
	config := raw.ConfigGeneral
	if config.Model == "" {
		config = raw.Config
	}
	r := &Results{Model: string(config.Model), Revision: string(config.SHA), Precision: precision(string(config.DType)),
		values: map[string]map[string]float64{}}
	for key, rawMetrics := range raw.Results {
		var metrics map[string]json.RawMessage
		if json.Unmarshal(rawMetrics, &metrics) != nil {
			continue
		}
		values := map[string]float64{}
		for name, number := range metrics {
			var x *float64
			if json.Unmarshal(number, &x) != nil {
				continue // "N/A"
			}
			if x == nil {
				values[name] = math.NaN()
			} else {
				values[name] = *x
			}
		}
		r.values[taskOf(key)] = values
	}
	for key, version := range raw.Versions {
		if taskOf(key) == "hendrycksTest-abstract_algebra" && strings.Trim(string(version), `" `) == "0" {
			r.oldMMLU = true // an evaluation with wrong prompts, later redone
		}
	}
	return r, nil
}

type settings struct {
	Model loose `json:"model_name"`
	SHA   loose `json:"model_sha"`
	DType loose `json:"model_dtype"`
}

// loose is a text that is of another type in some generations.
type loose string

// UnmarshalJSON implements json.Unmarshaler.
func (l *loose) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*l = loose(s)
	}
	return nil
}

// taskOf removes "harness|" and "|25" from a result's key.
func taskOf(key string) string {
	key = strings.TrimPrefix(key, "harness|")
	name, _, _ := strings.Cut(key, "|")
	return name
}

func precision(dtype string) string {
	switch strings.TrimPrefix(dtype, "torch.") {
	case "float16":
		return "float16"
	case "bfloat16":
		return "bfloat16"
	case "8bit":
		return "8bit"
	case "4bit":
		return "4bit"
	case "GPTQ", "None":
		return "GPTQ"
	}
	return "?"
}

// quoteNaN replaces the bare words NaN, Infinity and -Infinity outside strings by
// null.
func quoteNaN(body []byte) []byte {
	if !bytes.Contains(body, []byte("NaN")) && !bytes.Contains(body, []byte("Infinity")) {
		return body
	}
	out := make([]byte, 0, len(body))
	quoted := false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case quoted:
			if c == '\\' && i+1 < len(body) {
				out = append(out, c)
				i++
				c = body[i]
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == 'N' || c == 'I' || c == '-':
			if word := bareWord(body[i:]); word > 0 {
				out = append(out, "null"...)
				i += word - 1
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

func bareWord(b []byte) int {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(b, []byte(word)) {
			return len(word)
		}
	}
	return 0
}

// Metric is the metric that the leaderboard scores a benchmark by. It is the one
// that says whether an answer is correct, except for TruthfulQA: its score is the
// probability given to true answers (mc2), its answers are mc1.
func Metric(b corpus.Benchmark) string {
	if b.Name == "truthfulqa" {
		return "mc2"
	}
	return b.Metric
}

// Score is a benchmark's score: the mean over those of its tasks that the file
// has, in points from 0 to 100. ok is false when there is none, when one lacks the
// metric, and for MMLU of the version that the leaderboard withdrew. A TruthfulQA mc2
// of NaN counts as 0. The leaderboard read its files in the same way.
func (r *Results) Score(b corpus.Benchmark, metric string) (points float64, ok bool) {
	if b.Name == "mmlu" && r.oldMMLU {
		return 0, false
	}
	sum, n := 0.0, 0
	for _, t := range b.Tasks {
		values, there := r.values[t.Harness]
		if !there {
			continue
		}
		x, ok := values[metric]
		if ok && math.IsNaN(x) && metric == "mc2" {
			x = 0
		}
		if !ok || math.IsNaN(x) || x < 0 || x > 1 {
			return 0, false
		}
		sum += x
		n++
	}
	return 100 * sum / float64(max(n, 1)), n > 0
}

// Scores gives every score of the benchmarks: by the leaderboard's metric, and by
// the metric of the answers where that is another one.
func (r *Results) Scores(model string, benchmarks []corpus.Benchmark, file corpus.File) []corpus.Score {
	var all []corpus.Score
	for _, b := range benchmarks {
		metrics := []string{Metric(b)}
		if b.Metric != metrics[0] {
			metrics = append(metrics, b.Metric)
		}
		for _, m := range metrics {
			if points, ok := r.Score(b, m); ok {
				all = append(all, corpus.Score{Model: model, Benchmark: b.Name, Metric: m, Value: points, File: file})
			}
		}
	}
	return all
}

// ParseResultsPath reads the path of a results file: the folder is the model,
// "org/model/results_2024-05-16T21-03-53.282408.json".
func ParseResultsPath(p string) (model string, run time.Time, ok bool) {
	base, isResults := strings.CutPrefix(path.Base(p), "results_")
	base, isJSON := strings.CutSuffix(base, ".json")
	model = path.Dir(p)
	if !isResults || !isJSON || model == "." || strings.Count(model, "/") > 1 {
		return "", time.Time{}, false
	}
	run, ok = details.ParseRun(base)
	return model, run, ok
}
