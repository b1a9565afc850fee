package harness

import "encoding/json"

// exportedBy reads from the metadata of a task's configuration which export wrote it: the run
// of the build, or the release and its identity. Each is empty where it is absent. Values
// other than text are taken as they are written, since people edit tasks.
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
