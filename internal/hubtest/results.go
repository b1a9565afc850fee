package hubtest

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"metabench/corpus"
)

// taskScore is one task's line in a results file.
type taskScore struct {
	task    *task
	metrics []scoredMetric
}

type scoredMetric struct {
	name         string
	mean, stderr float64
}

// scoreCache keeps the scores of runs: they need every answer and are asked for by
// the details repository, the results repository and the truth.
type scoreCache struct {
	mu sync.Mutex
	m  map[[2]int][]taskScore // by model and run
}

// scores are the means over the rows that a run evaluated.
func (c *Corpus) scores(e *entry, run int, p plan) []taskScore {
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
		salt := c.salt(e, run, t)
		ev := c.evaluate(t, c.answers(e, t, salt), key(salt, e.model, t.Name))
		n := t.Items
		if p.limit > 0 {
			n = max(min(p.limit, t.Items-1), 1)
		}
		ts := taskScore{task: t}
		for _, m := range ev.metrics(t) {
			sm := scoredMetric{name: m.name}
			sm.mean, sm.stderr = mean(m, n)
			ts.metrics = append(ts.metrics, sm)
		}
		s = append(s, ts)
	}
	c.score.mu.Lock()
	defer c.score.mu.Unlock()
	if c.score.m == nil {
		c.score.m = map[[2]int][]taskScore{}
	}
	c.score.m[k] = s
	return s
}

// oldMMLU reports whether a run used the first, wrong version of MMLU, which its
// results file says by version 0 (§6.1).
func (c *Corpus) oldMMLU(e *entry, p plan) bool {
	return p.generation == GenerationAEarly && key(c.options.Seed, "mmlu version", e.model)%2 == 0
}

// nanScore reports whether a run's TruthfulQA mc2 came out as NaN.
func (c *Corpus) nanScore(e *entry) bool {
	return key(c.options.Seed, "nan", e.model)%10 == 0
}

// resultsJSON is the aggregate file of a run, as a Python writer formats it: bare
// NaN included (§6.1).
func (c *Corpus) resultsJSON(e *entry, run int, p plan) []byte {
	var b strings.Builder
	config := "config_general"
	if p.generation == GenerationAEarly {
		config = "config"
	}
	quote := func(s string) string { return string(must(json.Marshal(s))) }
	dtype := c.info(e).precision
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
		config, hexOf(key(1, "lighteval"), 40), maxSamples(p), quote(e.model), hexOf(key(2, e.model), 40), dtype)
	all := map[string][]float64{}
	var names []string
	var lines, versions, summaries []string
	for _, ts := range c.scores(e, run, p) {
		name := fmt.Sprintf("harness|%s|%d", ts.task.Harness, ts.task.bench.Shots)
		var fields []string
		for _, m := range ts.metrics {
			value := m.mean
			if m.name == "mc2" && c.nanScore(e) {
				value = math.NaN()
			}
			if all[m.name] == nil {
				names = append(names, m.name)
			}
			all[m.name] = append(all[m.name], value)
			fields = append(fields, fmt.Sprintf("            %q: %s,\n            %q: %s",
				m.name, jsonNumber(value), m.name+"_stderr", jsonNumber(m.stderr)))
		}
		lines = append(lines, fmt.Sprintf("        %q: {\n%s\n        }", name, strings.Join(fields, ",\n")))
		version := 0
		if ts.task.bench.Name == "mmlu" && !c.oldMMLU(e, p) {
			version = 1
		}
		versions = append(versions, fmt.Sprintf("        %q: %d", name, version))
		summaries = append(summaries, fmt.Sprintf("        %q: {\n            \"hashes\": {\n                \"hash_examples\": %q\n            },\n"+
			"            \"truncated\": 0,\n            \"non_truncated\": %d\n        }", name, hexOf(key(3, name), 16), ts.task.Items))
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
	if e.kase == CaseBadResults && run == len(c.schedule(e))-1 {
		text = text[:len(text)/2]
	}
	return []byte(text)
}

func maxSamples(p plan) string {
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

// published are the scores by the rules of §6.1, from a model's newest results file that parses:
// the mean over the benchmark's tasks of the leaderboard's metric, times 100.
func (c *Corpus) published(e *entry) []corpus.Score {
	runs := c.runs(e)
	newest := -1
	for k, p := range runs {
		bad := e.kase == CaseBadResults && k == len(c.schedule(e))-1
		if !bad && (newest < 0 || p.at.After(runs[newest].at)) {
			newest = k
		}
	}
	if newest < 0 {
		return nil
	}
	p := runs[newest]
	sums, counts := map[string]float64{}, map[string]int{}
	for _, ts := range c.scores(e, newest, p) {
		for _, m := range ts.metrics {
			if m.name == leaderboardMetric(ts.task.bench) {
				sums[ts.task.bench.Name] += m.mean
				counts[ts.task.bench.Name]++
			}
		}
	}
	var out []corpus.Score
	for _, b := range c.options.Benchmarks {
		n := counts[b.Name]
		if n == 0 || b.Name == "mmlu" && c.oldMMLU(e, p) {
			continue
		}
		value := 100 * sums[b.Name] / float64(n)
		if b.Name == "truthfulqa" && c.nanScore(e) {
			value = 0
		}
		path := e.model + "/results_" + p.stamp() + ".json"
		out = append(out, corpus.Score{Model: e.model, Benchmark: b.Name, Metric: leaderboardMetric(b), Value: value,
			File: corpus.File{Repo: ResultsRepo, Commit: c.resultsCommit(), Path: path, Run: p.at}})
	}
	return out
}

// leaderboardMetric is the metric of the published score; only TruthfulQA's differs
// from the one of the single questions (§5.2).
func leaderboardMetric(b corpus.Benchmark) string {
	if b.Metric == "mc1" {
		return "mc2"
	}
	return b.Metric
}

// resultsCommit is the head of the results repository; it moves with every push.
func (c *Corpus) resultsCommit() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := 0
	for _, k := range c.pushed {
		n += k
	}
	return c.commit(ResultsRepo, n)
}

// resultsFiles lists the results repository, one file for each run of each model.
func (c *Corpus) resultsFiles() []*file {
	var out []*file
	for _, e := range c.entries {
		for k, p := range c.runs(e) {
			out = append(out, &file{path: e.model + "/results_" + p.stamp() + ".json", kind: resultsJSON, entry: e, run: k, plan: p})
		}
	}
	return sortFiles(out)
}
