package hubtest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

func sortFiles(files []*File) []*File {
	slices.SortFunc(files, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// requestFiles lists the requests repository (§6.2), one file a model.
func (c *Corpus) requestFiles() []*File {
	var out []*File
	for _, e := range c.entries {
		info := c.Info(e)
		path := fmt.Sprintf("%s_eval_request_False_%s_Original.json", e.Model, info.Precision)
		if info.Oldest {
			path = e.Model + "_eval_request_False_False_False.json"
		}
		out = append(out, &File{Path: path, kind: requestFile, entry: e, text: string(c.requestJSON(e))})
	}
	return sortFiles(out)
}

func (c *Corpus) requestJSON(e *Entry) []byte {
	info := c.Info(e)
	tags := []string{}
	if info.Merged {
		tags = append(tags, "merge")
	}
	if info.MoE {
		tags = append(tags, "moe")
	}
	if info.Flagged {
		tags = append(tags, "flagged:contaminated")
	}
	r := map[string]any{
		"model": e.Model, "base_model": info.Base, "revision": "main", "private": false, "precision": info.Precision,
		"params": info.RequestParameters(), "architectures": info.Architecture, "weight_type": "Original", "status": "FINISHED",
		"submitted_time": e.created.Add(-48 * time.Hour).Format(time.RFC3339), "model_type": info.Kind, "job_id": "0",
		"job_start_time": "", "likes": info.Likes, "license": info.License, "still_on_hub": info.Available, "tags": tags,
		"downloads": 0, "created_at": "",
	}
	if info.Oldest {
		for _, k := range []string{"params", "architectures", "license", "still_on_hub", "tags", "downloads", "created_at", "likes"} {
			delete(r, k)
		}
	}
	return append(must(json.MarshalIndent(r, "", "    ")), '\n')
}

// ModelInfo is what the Hub and the request for evaluation say of the model itself.
type ModelInfo struct {
	Parameters                          float64 // billions
	Architecture, Precision, Base       string
	License, Kind, ModelType            string
	Likes                               int
	Merged, MoE, Flagged                bool
	Available, Renamed, Disabled, Gated bool
	Oldest                              bool // request file of the first generation
	NoSafetensors, NoConfig, Quantised  bool
}

// Info makes up a model's description.
func (c *Corpus) Info(e *Entry) ModelInfo {
	r := stream(key(c.options.Seed, "model", e.Model))
	arch := []struct{ class, model string }{{"LlamaForCausalLM", "llama"}, {"MistralForCausalLM", "mistral"}, {"GPTNeoXForCausalLM", "gpt_neox"},
		{"FalconForCausalLM", "falcon"}, {"MixtralForCausalLM", "mixtral"}, {"PhiForCausalLM", "phi"}}[r.IntN(6)]
	m := ModelInfo{
		Parameters:   []float64{0.5, 1.1, 2.7, 6.74, 7.24, 13.02, 34.39, 46.7, 68.98}[r.IntN(9)],
		Architecture: arch.class, ModelType: arch.model,
		Precision:     []string{"float16", "bfloat16", "8bit", "4bit", "GPTQ"}[r.IntN(5)],
		License:       []string{"apache-2.0", "mit", "llama2", "other", "cc-by-nc-4.0"}[r.IntN(5)],
		Kind:          []string{"pretrained", "fine-tuned", "🔶 : fine-tuned", "RL-tuned", "instruction-tuned"}[r.IntN(5)],
		Likes:         r.IntN(500),
		Merged:        r.IntN(8) == 0,
		Flagged:       r.IntN(25) == 0,
		Available:     r.IntN(8) != 0,
		Renamed:       r.IntN(15) == 0,
		Disabled:      r.IntN(40) == 0,
		Gated:         r.IntN(12) == 0,
		Oldest:        r.IntN(10) == 0,
		NoSafetensors: r.IntN(3) == 0,
		NoConfig:      r.IntN(10) == 0,
		Quantised:     r.IntN(12) == 0,
	}
	m.MoE = arch.model == "mixtral"
	if r.IntN(2) == 0 {
		m.Base = "base/" + arch.model
	}
	return m
}

// RequestParameters is the number of parameters that a request for evaluation gives, in billions.
func (m ModelInfo) RequestParameters() float64 { return math.Round(m.Parameters*1000) / 1000 }
