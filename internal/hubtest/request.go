package hubtest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"metabench/corpus"
)

func sortFiles(files []*file) []*file {
	slices.SortFunc(files, func(a, b *file) int { return strings.Compare(a.path, b.path) })
	return files
}

// requestFiles lists the requests repository (§6.2), one file a model.
func (c *Corpus) requestFiles() []*file {
	var out []*file
	for _, e := range c.entries {
		info := c.info(e)
		path := fmt.Sprintf("%s_eval_request_False_%s_Original.json", e.model, info.precision)
		if info.oldest {
			path = e.model + "_eval_request_False_False_False.json"
		}
		out = append(out, &file{path: path, kind: requestFile, entry: e, text: string(c.requestJSON(e))})
	}
	return sortFiles(out)
}

func (c *Corpus) requestJSON(e *entry) []byte {
	info := c.info(e)
	tags := []string{}
	if info.merged {
		tags = append(tags, "merge")
	}
	if info.moe {
		tags = append(tags, "moe")
	}
	if info.flagged {
		tags = append(tags, "flagged:contaminated")
	}
	r := map[string]any{
		"model": e.model, "base_model": info.base, "revision": "main", "private": false, "precision": info.precision,
		"params": round3(info.parameters), "architectures": info.architecture, "weight_type": "Original", "status": "FINISHED",
		"submitted_time": e.created.Add(-48 * time.Hour).Format(time.RFC3339), "model_type": info.kind, "job_id": "0",
		"job_start_time": "", "likes": info.likes, "license": info.license, "still_on_hub": info.available, "tags": tags,
		"downloads": 0, "created_at": "",
	}
	if info.oldest {
		for _, k := range []string{"params", "architectures", "license", "still_on_hub", "tags", "downloads", "created_at", "likes"} {
			delete(r, k)
		}
	}
	return append(must(json.MarshalIndent(r, "", "    ")), '\n')
}

// modelInfo is what the Hub knows of the model itself.
type modelInfo struct {
	parameters                          float64 // billions
	architecture, precision, base       string
	license, kind, modelType            string
	likes                               int
	merged, moe, flagged                bool
	available, renamed, disabled, gated bool
	oldest                              bool // request file of the first generation
	noSafetensors, noConfig, quantised  bool
}

func (c *Corpus) info(e *entry) modelInfo {
	r := stream(key(c.options.Seed, "model", e.model))
	arch := []struct{ class, model string }{{"LlamaForCausalLM", "llama"}, {"MistralForCausalLM", "mistral"}, {"GPTNeoXForCausalLM", "gpt_neox"},
		{"FalconForCausalLM", "falcon"}, {"MixtralForCausalLM", "mixtral"}, {"PhiForCausalLM", "phi"}}[r.IntN(6)]
	m := modelInfo{
		parameters:   []float64{0.5, 1.1, 2.7, 6.74, 7.24, 13.02, 34.39, 46.7, 68.98}[r.IntN(9)],
		architecture: arch.class, modelType: arch.model,
		precision:     []string{"float16", "bfloat16", "8bit", "4bit", "GPTQ"}[r.IntN(5)],
		license:       []string{"apache-2.0", "mit", "llama2", "other", "cc-by-nc-4.0"}[r.IntN(5)],
		kind:          []string{"pretrained", "fine-tuned", "🔶 : fine-tuned", "RL-tuned", "instruction-tuned"}[r.IntN(5)],
		likes:         r.IntN(500),
		merged:        r.IntN(8) == 0,
		flagged:       r.IntN(25) == 0,
		available:     r.IntN(8) != 0,
		renamed:       r.IntN(15) == 0,
		disabled:      r.IntN(40) == 0,
		gated:         r.IntN(12) == 0,
		oldest:        r.IntN(10) == 0,
		noSafetensors: r.IntN(3) == 0,
		noConfig:      r.IntN(10) == 0,
		quantised:     r.IntN(12) == 0,
	}
	m.moe = arch.model == "mixtral"
	if r.IntN(2) == 0 {
		m.base = "base/" + arch.model
	}
	return m
}

// round3 rounds to three digits after the point.
func round3(v float64) float64 { return math.Round(v*1000) / 1000 }

// modelTruth is what a correct crawl finds out about a model: from the Hub as long as
// it is there, and from its request file, which says little in its oldest form. The parameters come from
// the model's own files where the Hub still shows them, in billions rounded to three significant
// digits, else from the request file, else from the name (§6.2, §7).
func (c *Corpus) modelTruth(e *entry) corpus.Model {
	m := c.info(e)
	out := corpus.Model{Name: e.model, Precision: m.precision, Available: &m.available, BaseModel: m.base}
	if m.available || !m.oldest {
		out.License, out.Merged, out.MoE = m.license, &m.merged, &m.moe
	}
	if m.available && !m.noConfig || !m.oldest {
		out.Architecture = m.architecture
	}
	if !m.oldest {
		out.Flagged = &m.flagged
	}
	var params float64
	switch {
	case m.available && !m.noSafetensors:
		params, out.ParamsSource = significant3(m.parameters), "safetensors"
	case !m.oldest:
		params, out.ParamsSource = round3(m.parameters), "request"
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
