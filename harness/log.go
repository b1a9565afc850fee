package harness

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"metabench/corpus"
)

// Log writes answers as lm-evaluation-harness logs them, to try scoring without a model: a
// sample log per task and a results file, in the model's directory. An answer that is
// corpus.Missing is left out. The hashes of the questions and the run that exported them,
// Settings.Build, are written if the tasks have them.
func Log(model string, at time.Time, tasks []Task) ([]File, error) {
	stamp := at.UTC().Format("2006-01-02T15-04-05.000000")
	dir := strings.ReplaceAll(model, "/", "__")
	results := map[string]any{}
	versions, shots, configs := map[string]any{}, map[string]any{}, map[string]any{}
	var files []File
	for k := range tasks {
		t := &tasks[k]
		group := Group{Form: t.Form, Permuted: t.Permuted}
		name := cmp.Or(t.Name, group.Name()+"_"+PlainName(t.Benchmark))
		content, means, err := logTask(t)
		if err != nil {
			return nil, err
		}
		results[name], versions[name], shots[name] = means, 1.0, 0
		configs[name] = map[string]any{"task": name, "metadata": metadata{Version: 1, Form: t.Form, Run: t.Settings.Build}}
		files = append(files, File{path.Join(dir, "samples_"+name+"_"+stamp+".jsonl"), content})
	}
	content, err := json.MarshalIndent(map[string]any{
		"results": results, "configs": configs, "versions": versions, "n-shot": shots, "model_name": model, "chat_template": nil,
		"system_instruction": nil, "fewshot_as_multiturn": false, "config": map[string]any{"model": "simulated", "limit": nil},
		"date": at.Unix(),
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", model, err)
	}
	return append(files, File{path.Join(dir, "results_"+stamp+".json"), append(content, '\n')}), nil
}

func logTask(t *Task) (content []byte, means map[string]any, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	means = map[string]any{"alias": t.Name}
	for _, m := range t.Metrics() {
		right, n := 0, 0
		filter := cmp.Or(m.Filter, "none")
		for k, a := range t.Answers[m] {
			if a == corpus.Missing {
				continue
			}
			right, n = right+int(a), n+1
			sum := sha256.Sum256([]byte(t.Benchmark + "\x00" + t.Items[k]))
			doc := map[string]any{"item": t.Items[k], "benchmark": t.Benchmark, "form": t.Form, "permuted": t.Permuted}
			if k < len(t.OriginalHashes) {
				doc["original_hash"] = t.OriginalHashes[k]
			}
			sample := map[string]any{
				"doc_id":    k,
				"doc":       doc,
				"filter":    filter,
				"metrics":   []string{m.Name},
				m.Name:      float64(a),
				"doc_hash":  hex.EncodeToString(sum[:]),
				"arguments": map[string]any{}, "resps": []any{}, "filtered_resps": []any{}, "target": "",
			}
			if err := enc.Encode(sample); err != nil {
				return nil, nil, fmt.Errorf("log %s: %w", t.Benchmark, err)
			}
		}
		if n > 0 {
			means[m.Name+","+filter] = float64(right) / float64(n)
		}
	}
	return b.Bytes(), means, nil
}
