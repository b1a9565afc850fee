package evallog

import (
	"encoding/json"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
	"metabench/harness"
)

// readOpenCompass reads the results of a task with details: results/MODEL/TASK.json.
func (rd *reader) readOpenCompass(path string) error {
	var content map[string]json.RawMessage
	first := true
	file, err := rd.each(path, func(object []byte, line int64) error {
		if !first {
			return io.EOF
		}
		first = false
		return decode(path, line, object, &content)
	})
	if err != nil {
		return err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	r := newRun(file, "opencompass")
	r.task = strings.TrimSuffix(filepath.Base(path), ".json")
	r.model = filepath.Base(filepath.Dir(absolute))
	if filepath.Base(filepath.Dir(filepath.Dir(absolute))) != "results" {
		return r.fault(0, corpus.KindName, "", "lies in no directory results/MODEL, which names the model that answered", "Keep OpenCompass's directories")
	}
	if err := r.putDetails(content["details"]); err != nil {
		return err
	}
	rd.runs = append(rd.runs, r)
	return nil
}

// putDetails keeps the entries of details: an object of them by number, beside its type, or a
// list. Prompts are written in each model's own template, so that the right answers alone say
// whether two logs ask the same.
func (r *run) putDetails(raw json.RawMessage) error {
	entries := map[string]json.RawMessage{}
	var listed []json.RawMessage
	if err := json.Unmarshal(raw, &listed); err == nil {
		for k, e := range listed {
			entries[strconv.Itoa(k)] = e
		}
	} else if err := json.Unmarshal(raw, &entries); err != nil {
		return r.fault(0, corpus.KindFormat, "", "the details are neither a list nor an object", "Evaluate again with dump_details")
	}
	for _, id := range slices.SortedFunc(maps.Keys(entries), corpus.CompareKeys) {
		if id == "type" {
			continue
		}
		var references string
		var scores []member
		err := harness.EachMember(entries[id], func(key, value []byte) error {
			switch name := string(key); name {
			case "references", "answer", "gold":
				references = contentHash(value)
			case "correct", "is_correct":
				scores = append(scores, member{name, listText(value)})
			}
			return nil
		})
		if err != nil {
			return r.fault(0, corpus.KindFormat, id, "the entry of the details can't be decoded", "Evaluate again with dump_details")
		}
		k, err := r.number(item{id: id, check: references}, 0)
		if err != nil {
			return err
		}
		for _, s := range scores {
			if err := r.putText(k, measure{metric: s.key}, s.value, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// listText is the text of a value, or of the only one of a list.
func listText(value []byte) string {
	var one []json.RawMessage
	if json.Unmarshal(value, &one) == nil && len(one) == 1 {
		return text(one[0])
	}
	return harness.Scalar(value)
}
