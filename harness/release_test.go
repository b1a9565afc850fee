package harness

import (
	"strings"
	"testing"
)

// Two releases may be asked from one directory of tasks: names and metadata tell them
// apart, and the questions still say which form they are of.
func TestTasksOfAReleaseCarryIt(t *testing.T) {
	g := &Group{Form: FormB, Run: "r1", Release: "2026.11-a", Identity: "0123456789abcdef", Dir: "/x", Sets: sets()[:1]}
	files := export(t, g)
	for _, name := range []string{"metabench_form_b_2026_11_a.yaml", "metabench_form_b_2026_11_a_arc.yaml"} {
		if text := files[name]; !strings.Contains(text, "release: 2026.11-a\n") || !strings.Contains(text, "identity: 0123456789abcdef\n") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if readme := files["README.md"]; !strings.Contains(readme, "form B of release 2026.11-a (0123456789abcdef)") || !strings.Contains(readme, "--tasks metabench_form_b_2026_11_a ") {
		t.Errorf("README: %s", readme)
	}
	if data := files["data/metabench_form_b_2026_11_a_arc.jsonl"]; !strings.Contains(data, `"form":"B"`) {
		t.Errorf("questions: %s", data)
	}
	plain := export(t, &Group{Form: FormB, Run: "r1", Dir: "/x", Sets: sets()[:1]})
	if text := plain["metabench_form_b.yaml"]; text == "" || strings.Contains(text, "release") || strings.Contains(text, "identity") {
		t.Errorf("without a release: %s", text)
	}
}
