//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"metabench/internal/hubtest"
	"metabench/scraper/details"
)

// written is an evaluation file that a partner wrote, and what is in it.
type written struct {
	Name    string
	Path    string
	Metric  string
	Answers []int
	Fault   details.Fault // that it must be refused with; empty: it must be read
}

// TestParquet reads evaluation files of pyarrow, in each of the leaderboard's schemas and
// with each of the writer's options, whole and by range; and lets pyarrow read the replica's.
func TestParquet(t *testing.T) {
	ours := sync.OnceValue(func() []written { return replicaFiles(t, t.TempDir()) })
	for _, partner := range []string{"pyarrow", "pyarrow-2023"} {
		t.Run(partner, func(t *testing.T) {
			interpreter := python(t, partner)
			t.Run("its_files", func(t *testing.T) {
				out := run(t, t.TempDir(), interpreter, filepath.Join("pyarrow", "write.py"))
				var files []written
				if err := json.Unmarshal([]byte(out), &files); err != nil || len(files) < 100 {
					t.Fatalf("%d files: %v", len(files), err)
				}
				for _, f := range files {
					t.Run(f.Name, func(t *testing.T) { mustRead(t, f) })
				}
			})
			t.Run("our_files", func(t *testing.T) { check(t, partner, map[string]any{"files": ours()}, 12) })
		})
	}
}

// ranged serves only what was announced, as a file read by range does.
type ranged struct {
	data   []byte
	spans  []details.Span
	loaded int64
}

func (r *ranged) Size() int64 { return int64(len(r.data)) }

func (r *ranged) Prefetch(spans ...details.Span) error {
	for _, s := range spans {
		r.loaded += s.Len
	}
	r.spans = append(r.spans, spans...)
	return nil
}

func (r *ranged) ReadAt(p []byte, off int64) (int, error) {
	within := func(s details.Span) bool { return off >= s.Off && off+int64(len(p)) <= s.Off+s.Len }
	if !slices.ContainsFunc(r.spans, within) {
		return 0, fmt.Errorf("bytes %d to %d were not announced", off, off+int64(len(p)))
	}
	return bytes.NewReader(r.data).ReadAt(p, off)
}

// whole has all bytes at hand.
type whole struct{ *bytes.Reader }

func (whole) Prefetch(...details.Span) error { return nil }

func mustRead(t *testing.T, f written) {
	t.Helper()
	data, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	parts := &ranged{data: data}
	for name, source := range map[string]details.Source{"whole": whole{bytes.NewReader(data)}, "ranged": parts} {
		answers, err := answersOf(source, f.Metric)
		if f.Fault != "" {
			if details.FaultOf(err) != f.Fault {
				t.Errorf("%s: %v, want %s", name, err, f.Fault)
			}
			continue
		}
		got := make([]int, len(answers))
		for k, a := range answers {
			got[k] = int(a)
		}
		if err != nil || !slices.Equal(got, f.Answers) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func answersOf(source details.Source, metric string) ([]uint8, error) {
	f, err := details.Open(source, 0)
	if err != nil {
		return nil, err
	}
	if _, err := f.Identity(); err != nil {
		return nil, err
	}
	return f.Answers(metric)
}

// replicaFiles are evaluation files of each generation and codec as the replica serves them.
func replicaFiles(t *testing.T, dir string) []written {
	t.Helper()
	var files []written
	for _, g := range []hubtest.Generation{hubtest.GenerationAEarly, hubtest.GenerationA, hubtest.GenerationB, hubtest.GenerationBText} {
		for _, codec := range []hubtest.Compression{"snappy", "gzip", "zstd"} {
			c := hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 5, Models: 1, Generation: g, Compression: codec,
				Benchmarks: hubtest.Scaled(hubtest.Leaderboard(), 0.05, 20), RowGroupRows: 30})
			s := serve(t, c, hubtest.ServerOptions{})
			e := c.Entries()[0]
			for _, f := range c.Files(e, len(c.Runs(e))) {
				if !f.HoldsAnswers() || !strings.Contains(f.Path, "|gsm8k|") {
					continue
				}
				w := written{Name: fmt.Sprintf("%s_%s", g, codec), Metric: "acc", Path: filepath.Join(dir, fmt.Sprintf("ours-%s-%s.parquet", g, codec))}
				for _, a := range c.Answers(e, f.Task, c.Salt(e, f.Run, f.Task)) {
					w.Answers = append(w.Answers, int(a))
				}
				download(t, s.Endpoint()+"/datasets/"+e.Repo+"/resolve/main/"+url.PathEscape(f.Path), w.Path)
				files = append(files, w)
			}
		}
	}
	return files
}

func download(t *testing.T, address, path string) {
	t.Helper()
	res, err := http.Get(strings.ReplaceAll(address, "%2F", "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", address, res.Status, err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
