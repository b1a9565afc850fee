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
