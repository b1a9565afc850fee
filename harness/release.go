package harness

import "encoding/json"

// exportedBy is what a task's configuration says of the export that wrote it, in its
// metadata: the run of the build, or the release and its identity. Each is empty where
// it says nothing; what is no text is read as it stands, since people edit tasks.
func exportedBy(config json.RawMessage) (run, release, identity string) {
	var c struct {
		Metadata struct {
			Run      json.RawMessage `json:"run"`
			Release  json.RawMessage `json:"release"`
			Identity json.RawMessage `json:"identity"`
		} `json:"metadata"`
	}
	if config == nil || json.Unmarshal(config, &c) != nil {
		return "", "", ""
	}
	return text(c.Metadata.Run), text(c.Metadata.Release), text(c.Metadata.Identity)
}
