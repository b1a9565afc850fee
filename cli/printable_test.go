package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"metabench/warehouse"
)

func TestPrintableSpellsOutWhatATerminalObeys(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"plain":              {"a\tb\nModell α שלום\n", "a\tb\nModell α שלום\n"},
		"escape_sequence":    {"m\x1b[31mred", `m\u001b[31mred`},
		"carriage_return":    {"good\rbad", `good\u000dbad`},
		"c1":                 {"m\u009b31m", `m\u009b31m`},
		"right_to_left":      {"m\u202egpj", `m\u202egpj`},
		"zero_width":         {"m\u200b", `m\u200b`},
		"tag_beyond_16_bits": {"m\U000e0041", `m\udb40\udc41`},
		"no_utf_8":           {"caf\xe9!", `caf\xe9!`},
		"replacement_itself": {"\ufffd", "\ufffd"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := printable(c.text); got != c.want {
				t.Errorf("printable(%q) = %q, want %q", c.text, got, c.want)
			}
			var b strings.Builder
			p := &printer{w: &b}
			for k := range len(c.text) { // byte by byte: characters are cut
				if _, err := p.Write([]byte{c.text[k]}); err != nil {
					t.Fatal(err)
				}
			}
			if b.String() != c.want {
				t.Errorf("written byte by byte: %q, want %q", b.String(), c.want)
			}
		})
	}
}

// What comes out in JSON means the character that went in.
func TestPrintableJSONSaysTheSame(t *testing.T) {
	const name = "m\u009b\u202e\U000e0041"
	text, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	var back string
	if err := json.Unmarshal([]byte(printable(string(text))), &back); err != nil || back != name {
		t.Errorf("%q came back as %q, error %v", name, back, err)
	}
}

// A name, a column or a path with control characters shows on no stream that people
// read: neither in a message nor in a table of results.
func TestNoControlCharacterReachesTheTerminal(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a\x1b[2J.csv")
	if err := os.WriteFile(path, []byte("x1,x\x1b[31m2,x3\n1,2,3\n2,1,5\n3,5,1\n4,4,4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"message": {"fa", path, "--columns", "x1,x2,x3"},
		"json":    {"fa", path, "--columns", "x1,x2,x3", "--json"},
		"table":   {"query", "select chr(27) || '[31m' as name"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			Run(t.Context(), append(args, "--warehouse", emptyWarehouse(t)), IO{In: strings.NewReader(""), Out: &out, Err: &errs})
			shown := out.String() + errs.String()
			if strings.Contains(shown, "\x1b") || !strings.Contains(shown, `\u001b[31m`) {
				t.Errorf("shown: %q", shown)
			}
		})
	}
}

// emptyWarehouse makes a warehouse to ask.
func emptyWarehouse(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	w, err := warehouse.Create(t.Context(), warehouse.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
