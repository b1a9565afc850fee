package hub

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
)

// ModelInfo is the Hub's description of a model.
type ModelInfo struct {
	ID            string
	SHA           string
	Disabled      bool
	Tags          []string
	Architectures []string
	License       string
	BaseModel     string
	Parameters    map[string]int64 // by data type, from safetensors
	Total         int64            // sum; 0 when unknown
}

// Model reads a model's description. The error for one that was deleted or made private is KindNotFound.
func (c *Client) Model(ctx context.Context, id string) (ModelInfo, error) {
	const op = "read model"
	if len(id) > 512 || strings.Count(id, "/") > 1 || checkSegments(id) != nil {
		return ModelInfo{}, &Error{Op: op, Object: shorten(id), Kind: KindRefused, Message: "not the name of a model"}
	}
	query := url.Values{"expand": {"safetensors", "config", "tags", "gated", "disabled", "sha", "cardData"}}
	land, err := c.get(ctx, op, id, c.url("/api/models/"+escapePath(id), query), listingBody)
	if err != nil {
		return ModelInfo{}, err
	}
	info, err := parseModel(land.body)
	if err != nil {
		return ModelInfo{}, &Error{Op: op, Object: id, Kind: KindMalformed, HTTP: land.status, Err: err}
	}
	return info, nil
}

// parseModel reads a model's description. Members of an unexpected type count as missing,
// because cards are written by hand.
func parseModel(body []byte) (ModelInfo, error) {
	var m struct {
		ID       string `json:"id"`
		SHA      string `json:"sha"`
		Disabled bool   `json:"disabled"`
		Tags     json.RawMessage
		Config   json.RawMessage `json:"config"`
		Card     json.RawMessage `json:"cardData"`
		Safe     json.RawMessage `json:"safetensors"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return ModelInfo{}, err
	}
	info := ModelInfo{ID: m.ID, SHA: m.SHA, Disabled: m.Disabled, Tags: texts(m.Tags)}
	members := func(raw json.RawMessage) map[string]json.RawMessage {
		var all map[string]json.RawMessage
		if json.Unmarshal(raw, &all) != nil {
			return nil
		}
		return all
	}
	info.Architectures = texts(members(m.Config)["architectures"])
	card := members(m.Card)
	info.License = first(texts(card["license"]))
	info.BaseModel = first(texts(card["base_model"]))
	for _, tag := range info.Tags {
		if license, ok := strings.CutPrefix(tag, "license:"); ok && info.License == "" {
			info.License = license
		}
	}
	safe := members(m.Safe)
	if json.Unmarshal(safe["total"], &info.Total) != nil || info.Total < 0 {
		info.Total = 0
	}
	if json.Unmarshal(safe["parameters"], &info.Parameters) != nil {
		info.Parameters = nil
	}
	return info, nil
}

// texts reads a string or a list of strings.
func texts(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	return nil
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
