package harness

import "testing"

func TestQuoted(t *testing.T) {
	for path, want := range map[string]string{"/data/tasks-1.0": "/data/tasks-1.0", "/my tasks": "'/my tasks'", "a'b$c": `'a'\''b$c'`} {
		if got := quoted(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
