//go:build interop

package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mostExposed is the exposure that systemd still calls OK, in tenths.
const mostExposed = "30"

// TestSystemdUnits lets systemd verify the units and score how little they may do.
func TestSystemdUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("SKIPPED, not tested: no systemd-analyze here")
	}
	names, err := filepath.Glob(filepath.Join("..", "deploy", "systemd", "*"))
	if err != nil || len(names) < 2 {
		t.Fatalf("units %v: %v", names, err)
	}
	self, err := os.Executable() // a program that exists, for the one that may not be installed
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	verify, services := []string{"verify"}, 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		unit := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(unit, []byte(strings.ReplaceAll(string(text), "/usr/bin/metabench", self)), 0o600); err != nil {
			t.Fatal(err)
		}
		verify = append(verify, unit)
		if filepath.Ext(unit) != ".service" {
			continue
		}
		services++
		out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold="+mostExposed, unit).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Log(lines[len(lines)-1])
	}
	if services == 0 {
		t.Error("no service was scored")
	}
	if out, err := exec.CommandContext(t.Context(), analyze, verify...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
