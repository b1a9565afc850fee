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
		if text := files[name]; !strings.Contains(text, "release: 2026.11-a\n") || !strings.Contains(text, "identity: 0123456789abcdef\n") || strings.Contains(text, "run:") {
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

// What an exported task's metadata say of its release comes back with the results.
func TestResultsTellTheRelease(t *testing.T) {
	const file = `{"results": {"t": {}}, "configs": {"t": {"metadata": {"version": 1.0, "release": "2026.11", "identity": "0123456789abcdef"}}, "u": {"metadata": null}}}`
	r, err := parseResults("results.json", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if s := r.settings("t"); s.Release != "2026.11" || s.Identity != "0123456789abcdef" {
		t.Errorf("%+v", s)
	}
	for _, task := range []string{"u", "v"} {
		if s := r.settings(task); s.Release != "" || s.Identity != "" {
			t.Errorf("task %s: %+v", task, s)
		}
	}
}
