package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The page that describes the house names every package, and every arrow between two.
func TestArchitecturePageShowsThePackagesAndTheirImports(t *testing.T) {
	const module = "metabench"
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var arrows []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module+"/")
		if name == module {
			name = "main.go"
		}
		if !bytes.Contains(page, []byte("| `"+name+"` |")) {
			t.Errorf("docs/architecture.md has no row for the package %s in the table \"Where things live\"", name)
		}
		var imports []string
		for _, p := range fields[1:] {
			if own, ok := strings.CutPrefix(p, module+"/"); ok {
				imports = append(imports, own)
			}
		}
		if len(imports) > 0 {
			slices.Sort(imports)
			arrows = append(arrows, name+" → "+strings.Join(imports, ", "))
		}
	}
	slices.Sort(arrows)
	_, rest, found := strings.Cut(string(page), "```text\n")
	shown, _, closed := strings.Cut(rest, "```")
	if want := strings.Join(arrows, "\n") + "\n"; !found || !closed || shown != want {
		t.Errorf("the arrows of docs/architecture.md are not those of the code, which are:\n\n```text\n%s```", want)
	}
}
