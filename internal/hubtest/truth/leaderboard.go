package truth

import (
	"math"

	"metabench/corpus"
	"metabench/internal/hubtest"
)

// published are the scores by the rules of §6.1, from a model's newest results file that parses:
// the mean over the benchmark's tasks of the leaderboard's metric, times 100.
func (t Truth) published(e *hubtest.Entry) []corpus.Score {
	c := t.c
	runs := c.Runs(e)
	newest := -1
	for k, p := range runs {
		if !c.CutResults(e, k) && (newest < 0 || p.At.After(runs[newest].At)) {
			newest = k
		}
	}
	if newest < 0 {
		return nil
	}
	p := runs[newest]
	sums, counts := map[string]float64{}, map[string]int{}
	for _, ts := range c.Scores(e, newest, p) {
		for _, m := range ts.Metrics {
			if m.Name == leaderboardMetric(ts.Task.Bench) {
				sums[ts.Task.Bench.Name] += m.Mean
				counts[ts.Task.Bench.Name]++
			}
		}
	}
	var out []corpus.Score
	for _, b := range t.Benchmarks() {
		n := counts[b.Name]
		if n == 0 || b.Name == "mmlu" && c.OldMMLU(e, p) {
			continue
		}
		value := 100 * sums[b.Name] / float64(n)
		if b.Name == "truthfulqa" && c.NaNScore(e) {
			value = 0
		}
		path := e.Model + "/results_" + p.Stamp() + ".json"
		out = append(out, corpus.Score{Model: e.Model, Benchmark: b.Name, Metric: leaderboardMetric(b), Value: value,
			File: corpus.File{Repo: hubtest.ResultsRepo, Commit: c.Commit(hubtest.ResultsRepo, c.Pushes()), Path: path, Run: p.At}})
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

// describe is what a correct crawl finds out about a model: from the Hub as long as
// it is there, and from its request file, which says little in its oldest form. The parameters come from
// the model's own files where the Hub still shows them, in billions rounded to three significant
// digits, else from the request file, else from the name (§6.2, §7).
func describe(name string, m hubtest.ModelInfo) corpus.Model {
	out := corpus.Model{Name: name, Precision: m.Precision, Available: &m.Available, BaseModel: m.Base}
	if m.Available || !m.Oldest {
		out.License, out.Merged, out.MoE = m.License, &m.Merged, &m.MoE
	}
	if m.Available && !m.NoConfig || !m.Oldest {
		out.Architecture = m.Architecture
	}
	if !m.Oldest {
		out.Flagged = &m.Flagged
	}
	var params float64
	switch {
	case m.Available && !m.NoSafetensors:
		params, out.ParamsSource = significant3(m.Parameters), "safetensors"
	case !m.Oldest:
		params, out.ParamsSource = m.RequestParameters(), "request"
	default:
		out.ParamsSource = "name"
		return out
	}
	out.Parameters = &params
	return out
}

// significant3 rounds to three significant digits.
func significant3(v float64) float64 {
	scale := math.Pow(10, 2-math.Floor(math.Log10(v)))
	return math.Round(v*scale) / scale
}
