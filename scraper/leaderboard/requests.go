package leaderboard

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Request is a request for evaluation: a model's description by its submitter and the
// leaderboard's staff. Every member is optional.
type Request struct {
	Model         string
	Revision      string
	BaseModel     string
	Precision     string
	WeightType    string // Original, Adapter or Delta
	Architectures string
	License       string
	Status        string // FINISHED, FAILED, …
	Parameters    float64
	OnHub         *bool
	Tags          []string // nil when the file has no tags
}

// MaxRequest bounds a request file; those known are below 2 kB.
const MaxRequest = 1 << 20

// ParseRequest reads a request file of any generation.
func ParseRequest(body []byte) (*Request, error) {
	var raw struct {
		Model      loose           `json:"model"`
		Revision   loose           `json:"revision"`
		Base       loose           `json:"base_model"`
		Precision  loose           `json:"precision"`
		WeightType loose           `json:"weight_type"`
		Arch       loose           `json:"architectures"`
		License    loose           `json:"license"`
		Status     loose           `json:"status"`
		Params     json.RawMessage `json:"params"`
		OnHub      json.RawMessage `json:"still_on_hub"`
		Tags       json.RawMessage `json:"tags"`
	}
	if err := json.Unmarshal(quoteNaN(body), &raw); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if raw.Model == "" {
		return nil, fmt.Errorf("request: no model in the file")
	}
	r := &Request{
		Model: string(raw.Model), Revision: string(raw.Revision), BaseModel: string(raw.Base), Precision: string(raw.Precision),
		WeightType: string(raw.WeightType), Architectures: string(raw.Arch), License: string(raw.License), Status: string(raw.Status),
	}
	if json.Unmarshal(raw.Params, &r.Parameters) != nil || r.Parameters < 0 {
		r.Parameters = 0
	}
	if json.Unmarshal(raw.OnHub, &r.OnHub) != nil {
		r.OnHub = nil
	}
	if json.Unmarshal(raw.Tags, &r.Tags) != nil {
		r.Tags = nil
	}
	return r, nil
}

// ParseRequestPath reads the model from the path of a request file:
// "01-ai/Yi-34B_eval_request_False_bfloat16_Original.json".
func ParseRequestPath(p string) (model string, ok bool) {
	if !strings.HasSuffix(p, ".json") {
		return "", false
	}
	at := strings.LastIndex(p, "_eval_request_")
	if at <= 0 || strings.Count(p[:at], "/") > 1 || strings.Contains(p[at:], "/") {
		return "", false
	}
	return p[:at], true
}
