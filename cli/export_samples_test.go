package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The selection goes to the harness's original task, and its log comes back as scores.
func TestExportSamplesAndScoreTheOriginalTask(t *testing.T) {
	bundle, _ := calibration(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "samples.json")
	code, out, errs := run("export", "samples", path, "--bundle", bundle)
	if code != 0 || !strings.Contains(out, "1 tasks, 10 documents") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var samples map[string][]int
	if err := json.Unmarshal(text, &samples); err != nil || len(samples["arc_challenge"]) != 10 {
		t.Fatalf("%s, %v", text, err)
	}
	var log strings.Builder
	for _, doc := range samples["arc_challenge"] {
		line, err := json.Marshal(map[string]any{"doc_id": doc, "doc": map[string]any{"question": "x"}, "filter": "none", "acc_norm": 1})
		if err != nil {
			t.Fatal(err)
		}
		log.Write(append(line, '\n'))
	}
	file := filepath.Join(dir, "samples_arc_challenge_2026-11-23T22-00-00.000000.jsonl")
	if err := os.WriteFile(file, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = run("score", file, "--bundle", bundle, "--json")
	if code != 0 || !strings.Contains(out, `"right": 10`) || !strings.Contains(errs, "asked by arc_challenge of lm-evaluation-harness") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := run("export", "samples", path); code != 2 || !strings.Contains(errs, "--bundle") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// Tasks may be exported for another place than they are written to.
func TestExportHarnessAtAnotherPlace(t *testing.T) {
	bundle, _ := calibration(t)
	dir := t.TempDir()
	source := filepath.Join(dir, "samples_metabench_arc.jsonl")
	var log strings.Builder
	for k := range 10 {
		line, err := json.Marshal(map[string]any{"doc_id": k, "doc": map[string]any{"metabench_idx": k + 1}, "target": "0", "acc": 0,
			"arguments": map[string]any{"gen_args_0": map[string]any{"arg_0": "Q", "arg_1": " no"}, "gen_args_1": map[string]any{"arg_0": "Q", "arg_1": " yes"}}})
		if err != nil {
			t.Fatal(err)
		}
		log.Write(append(line, '\n'))
	}
	if err := os.WriteFile(source, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tasks := filepath.Join(dir, "tasks")
	code, out, errs := run("export", "harness", tasks, "--bundle", bundle, "--questions", source, "--at", "/data/my tasks")
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	for name, want := range map[string]string{"metabench_form_a_arc.yaml": "/data/my tasks/data/metabench_form_a_arc.jsonl", "README.md": "--include_path '/data/my tasks'"} {
		if text, err := os.ReadFile(filepath.Join(tasks, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q: %v\n%s", name, want, err, text)
		}
	}
	if code, _, errs := run("export", "harness", tasks, "--bundle", bundle, "--questions", source, "--at", "tasks"); code != 2 || !strings.Contains(errs, "absolute path") {
		t.Errorf("exit %d, %s", code, errs)
	}
}
