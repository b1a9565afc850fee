package refdata

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPathSkipsWhatIsAbsent(t *testing.T) {
	skipped := false
	t.Run("absent", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		Path(t, "no", "such", "file")
	})
	if !skipped {
		t.Error("a test without its data was not skipped")
	}
}

// skips reports whether f skips the test that it is given.
func skips(t *testing.T, name string, f func(t *testing.T)) (skipped bool) {
	t.Run(name, func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		f(t)
	})
	return skipped
}

// A test binary may be run anywhere, and a copy of the data may be a part of them.
func TestDataThatAreNotThereSkipTheTest(t *testing.T) {
	t.Chdir(t.TempDir())
	if !skips(t, "no_module_above", func(t *testing.T) { Path(t) }) {
		t.Error("outside a module a test that needs the data is not skipped")
	}
	if _, err := Root(); err == nil || !strings.Contains(err.Error(), "none above") {
		t.Errorf("outside a module: %v", err)
	}
	if err := os.WriteFile("go.mod", []byte("module m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !skips(t, "no_data_beside_it", func(t *testing.T) { Path(t) }) {
		t.Error("without data a test that needs them is not skipped")
	}
	if root, err := Root(); err == nil || !strings.Contains(err.Error(), "looked for in "+root) {
		t.Errorf("without data: %v", err)
	}
	if !skips(t, "no_file", func(t *testing.T) { ReadCSV(t, "absent.csv") }) {
		t.Error("a file that is not there does not skip the test")
	}
}

func TestPathIsBesideTheModule(t *testing.T) {
	root, err := filepath.Abs(filepath.FromSlash("../../../shared/data"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Path(t, "metabench-r", "summary.json"), filepath.Join(root, "metabench-r", "summary.json"); got != want {
		t.Errorf("Path = %s, want %s", got, want)
	}
	if got := Path(t); got != root {
		t.Errorf("Path = %s, want %s", got, root)
	}
}

func TestReadCSVReadsPlainAndGzipped(t *testing.T) {
	const text = "model,item\na,1\n\"b,c\",2\n"
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"model", "item"}, {"a", "1"}, {"b,c", "2"}}
	for name, content := range map[string]string{"plain.csv": text, "packed.csv.gz": packed.String()} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := ReadCSV(t, path); !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("ReadCSV = %q, want %q", got, want)
			}
		})
	}
}
