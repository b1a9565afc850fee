package hubtest

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// TaskScore is one task's line in a results file.
type TaskScore struct {
	Task    *Task
	Metrics []MetricScore
}

// MetricScore is the mean of a metric over the rows that a run evaluated, with its standard error.
type MetricScore struct {
	Name         string
	Mean, Stderr float64
}

// scoreCache keeps the scores of runs: they need every answer and are asked for by
// the details repository, the results repository and the truth.
type scoreCache struct {
	mu sync.Mutex
	m  map[[2]int][]TaskScore // by model and run
}

// Scores are the means over the rows that a run evaluated.
func (c *Corpus) Scores(e *Entry, run int, p Run) []TaskScore {
	k := [2]int{e.index, run}
	c.score.mu.Lock()
	s, ok := c.score.m[k]
	c.score.mu.Unlock()
	if ok {
		return s
	}
	for _, t := range c.tasks {
		if !p.covers(t) {
			continue
		}
		salt := c.Salt(e, run, t)
		ev := c.evaluate(t, c.Answers(e, t, salt), key(salt, e.Model, t.Name))
		n := t.Items
		if p.limit > 0 {
			n = max(min(p.limit, t.Items-1), 1)
		}
		ts := TaskScore{Task: t}
		for _, m := range ev.metrics(t) {
			sm := MetricScore{Name: m.name}
			sm.Mean, sm.Stderr = mean(m, n)
			ts.Metrics = append(ts.Metrics, sm)
		}
		s = append(s, ts)
	}
	c.score.mu.Lock()
	defer c.score.mu.Unlock()
	if c.score.m == nil {
		c.score.m = map[[2]int][]TaskScore{}
	}
	c.score.m[k] = s
	return s
}

// OldMMLU reports whether a run used the first, wrong version of MMLU, which its
// results file says by version 0 (§6.1).
func (c *Corpus) OldMMLU(e *Entry, p Run) bool {
	return p.generation == GenerationAEarly && key(c.options.Seed, "mmlu version", e.Model)%2 == 0
}

// NaNScore reports whether a run's TruthfulQA mc2 came out as NaN.
func (c *Corpus) NaNScore(e *Entry) bool {
	return key(c.options.Seed, "nan", e.Model)%10 == 0
}

// resultsJSON is the aggregate file of a run, as a Python writer formats it: bare
// NaN included (§6.1).
func (c *Corpus) resultsJSON(e *Entry, run int, p Run) []byte {
	var b strings.Builder
	config := "config_general"
	if p.generation == GenerationAEarly {
		config = "config"
	}
	quote := func(s string) string { return string(must(json.Marshal(s))) }
	dtype := c.Info(e).Precision
	switch {
	case strings.HasSuffix(dtype, "float16"):
		dtype = "torch." + dtype
	case dtype == "GPTQ" && run == 0:
		dtype = "None" // as the writer put it at times
	}
	fmt.Fprintf(&b, "{\n    %q: {\n        \"lighteval_sha\": %q,\n        \"num_few_shot_default\": 0,\n        \"num_fewshot_seeds\": 1,\n"+
		"        \"override_batch_size\": 1,\n        \"max_samples\": %s,\n        \"job_id\": \"\",\n        \"start_time\": 1.0,\n        \"end_time\": 2.0,\n"+
		"        \"total_evaluation_time_secondes\": \"6821.3\",\n        \"model_name\": %s,\n        \"model_sha\": %q,\n        \"model_dtype\": %q,\n"+
		"        \"model_size\": \"11.27 GB\"\n    },\n    \"results\": {\n",
		config, hexOf(key(1, "lighteval"), 40), maxSamples(p), quote(e.Model), hexOf(key(2, e.Model), 40), dtype)
	all := map[string][]float64{}
	var names []string
	var lines, versions, summaries []string
	for _, ts := range c.Scores(e, run, p) {
		name := fmt.Sprintf("harness|%s|%d", ts.Task.Harness, ts.Task.Bench.Shots)
		var fields []string
		for _, m := range ts.Metrics {
			value := m.Mean
			if m.Name == "mc2" && c.NaNScore(e) {
				value = math.NaN()
			}
			if all[m.Name] == nil {
				names = append(names, m.Name)
			}
			all[m.Name] = append(all[m.Name], value)
			fields = append(fields, fmt.Sprintf("            %q: %s,\n            %q: %s",
				m.Name, jsonNumber(value), m.Name+"_stderr", jsonNumber(m.Stderr)))
		}
		lines = append(lines, fmt.Sprintf("        %q: {\n%s\n        }", name, strings.Join(fields, ",\n")))
		version := 0
		if ts.Task.Bench.Name == "mmlu" && !c.OldMMLU(e, p) {
			version = 1
		}
		versions = append(versions, fmt.Sprintf("        %q: %d", name, version))
		summaries = append(summaries, fmt.Sprintf("        %q: {\n            \"hashes\": {\n                \"hash_examples\": %q\n            },\n"+
			"            \"truncated\": 0,\n            \"non_truncated\": %d\n        }", name, hexOf(key(3, name), 16), ts.Task.Items))
	}
	var fields []string
	for _, name := range names {
		sum := 0.0
		for _, v := range all[name] {
			sum += v
		}
		fields = append(fields, fmt.Sprintf("            %q: %s", name, jsonNumber(sum/float64(len(all[name])))))
	}
	fmt.Fprintf(&b, "        \"all\": {\n%s\n        },\n%s\n    },\n", strings.Join(fields, ",\n"), strings.Join(lines, ",\n"))
	fmt.Fprintf(&b, "    \"versions\": {\n        \"all\": 0,\n%s\n    },\n    \"config_tasks\": {},\n    \"summary_tasks\": {\n%s\n    },\n"+
		"    \"summary_general\": {\n        \"hashes\": {},\n        \"truncated\": 0\n    }\n}", strings.Join(versions, ",\n"), strings.Join(summaries, ",\n"))
	text := b.String()
	if c.CutResults(e, run) {
		text = text[:len(text)/2]
	}
	return []byte(text)
}

// CutResults reports whether a run's results file is cut short.
func (c *Corpus) CutResults(e *Entry, run int) bool {
	return e.Case == CaseBadResults && run == len(c.schedule(e))-1
}

func maxSamples(p Run) string {
	if p.limit == 0 {
		return "null"
	}
	return strconv.Itoa(p.limit)
}

// jsonNumber writes a number as Python's json module does, which knows NaN.
func jsonNumber(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return "Infinity"
	}
	return pythonFloat(v)
}

// resultsFiles lists the results repository, one file for each run of each model.
func (c *Corpus) resultsFiles() []*File {
	var out []*File
	for _, e := range c.entries {
		for k, p := range c.Runs(e) {
			out = append(out, &File{Path: e.Model + "/results_" + p.Stamp() + ".json", kind: resultsJSON, entry: e, Run: k, plan: p})
		}
	}
	return sortFiles(out)
}
