//go:build interop

package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestHarness runs exported tasks in lm-evaluation-harness with its dummy model, scores the
// logs, and compares the answers with those worked out from the logs by another program.
func TestHarness(t *testing.T) {
	interpreter, dir := python(t, "lm_eval"), t.TempDir()
	warehouse := demo(t)
	t.Setenv("HF_HUB_OFFLINE", "1")
	t.Setenv("HF_HOME", filepath.Join(dir, "cache"))
	bundle := filepath.Join(dir, "metabench.bundle")
	for _, form := range []string{"A", "B"} {
		t.Run("form_"+form, func(t *testing.T) {
			tasks, results := filepath.Join(dir, "tasks of form "+form), filepath.Join(dir, "results of form "+form)
			run(t, "", metabench(t), "--warehouse", warehouse, "export", "harness", "--form", form, tasks)
			groups, err := filepath.Glob(filepath.Join(tasks, "metabench_form_?.yaml"))
			if err != nil || len(groups) != 1 {
				t.Fatalf("groups %v: %v", groups, err)
			}
			group := filepath.Base(groups[0][:len(groups[0])-len(".yaml")])
			run(t, "", interpreter, "-m", "lm_eval", "run", "--model", "dummy", "--include_path", tasks, "--tasks", group,
				"--output_path", results, "--log_samples")
			run(t, "", metabench(t), "--warehouse", warehouse, "export", "bundle", "--form", form, bundle)
			var score map[string]any
			out := run(t, "", metabench(t), "--json", "score", results, "--bundle", bundle)
			if err := json.Unmarshal([]byte(out), &score); err != nil {
				t.Fatal(err)
			}
			check(t, "lm_eval", map[string]any{"results": results, "score": score}, 7)
			if err := os.Remove(bundle); err != nil {
				t.Fatal(err)
			}
		})
	}
}
