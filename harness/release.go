package harness

import "encoding/json"

// releaseOf is the release that a task's configuration says its items are of, as
// export harness writes it into the metadata; empty where it says nothing.
func releaseOf(config json.RawMessage) (version, identity string) {
	var c struct {
		Metadata struct {
			Release  json.RawMessage `json:"release"`
			Identity json.RawMessage `json:"identity"`
		} `json:"metadata"`
	}
	if config == nil || json.Unmarshal(config, &c) != nil {
		return "", ""
	}
	return text(c.Metadata.Release), text(c.Metadata.Identity)
}
