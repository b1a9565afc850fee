package evallog

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"metabench/corpus"
)

const inspectHeader = `{"version": 2, "status": "success", "eval": {"task": "inspect_evals/arc_easy", "created": "2025-10-21T01:12:03+02:00",
 "dataset": {"samples": 9, "sample_ids": [1, 2]}, "model": "openai/x", "config": {"epochs": 1}, "packages": {"inspect_ai": "0.3.206"}}}`

const inspectSummaries = `[{"id": 1, "epoch": 1, "input": "Q1", "target": "A", "scores": {"choice": {"value": "C"}}},
 {"id": 2, "epoch": 1, "input": "Q2", "target": ["B"], "scores": {"choice": {"value": "N"}}}]`

type entry struct{ name, content string }

// archived is a zip archive with entries in order, compressed by a method.
func archived(t testing.TB, method uint16, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zstdMethod, func(out io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(out) })
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: method})
		if err == nil {
			_, err = f.Write([]byte(e.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInspectArchives(t *testing.T) {
	first, second := `{"id": 1, "epoch": 1, "input": "Q1", "target": "A", "scores": {"choice": {"value": "C"}}}`, `{"id": 2, "epoch": 1, "input": "Q2", "target": "B", "scores": {"choice": {"value": false}}}`
	for name, c := range map[string]struct {
		method  uint16
		entries []entry
	}{
		"deflate":        {zip.Deflate, []entry{{"summaries.json", inspectSummaries}, {"header.json", inspectHeader}}},
		"zstd":           {zstdMethod, []entry{{"summaries.json", inspectSummaries}, {"header.json", inspectHeader}}},
		"last_one_wins":  {zip.Store, []entry{{"summaries.json", "[]"}, {"header.json", "{}"}, {"summaries.json", inspectSummaries}, {"header.json", inspectHeader}}},
		"samples_alone":  {zstdMethod, []entry{{"samples/1_epoch_1.json", first}, {"samples/2_epoch_1.json", second}, {"header.json", inspectHeader}}},
		"chunked":        {zstdMethod, []entry{{"samples/1_epoch_1/sample.json", first}, {"samples/1_epoch_1/events_1.json", "[]"}, {"samples/2_epoch_1/sample.json", second}, {"header.json", inspectHeader}}},
		"unfinished_run": {zstdMethod, []entry{{"_journal/start.json", strings.Replace(inspectHeader, `"status": "success", `, "", 1)}, {"_journal/summaries/2.json", "[" + second + "]"}, {"_journal/summaries/10.json", "[" + first + "]"}}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"x.zip": archived(t, c.method, c.entries...)})
			in := mustRead(t, dir, Options{})
			if got, want := sheet(in), "arc_easy choice arc_easy openai/x 1:1 2:0"; got != want {
				t.Errorf("read %s, want %s", got, want)
			}
			if f := in.Blocks[0].File; f.Run.Hour() != 23 || f.Size == 0 || len(f.SHA256) != 64 {
				t.Errorf("provenance %+v", f)
			}
			if notes := strings.Join(in.Notes, ""); strings.Contains(notes, "INCOMPLETE: status started") != (name == "unfinished_run") {
				t.Errorf("notes %s", notes)
			}
		})
	}
}

func TestInspectEpochsNeedAReducer(t *testing.T) {
	samples := `[{"id": "a", "epoch": 1, "scores": {"s": {"value": 1}}}, {"id": "a", "epoch": 2, "scores": {"s": {"value": 0}}}, {"id": "a", "epoch": 3, "error": {"message": "x"}}]`
	dir := tree(t, map[string]string{"x.eval": archived(t, zip.Deflate, entry{"header.json", inspectHeader}, entry{"summaries.json", samples})})
	refused(t, dir, Options{}, corpus.KindAmbiguous, "2 answers to the same item", "--reducer", "first, max, mean, median, min")
	refused(t, dir, Options{Reducer: []string{"mean"}}, corpus.KindValue, "0.5", "--threshold")
	wantSheet(t, dir, Options{Reducer: []string{"max"}}, "arc_easy s (max of epochs) arc_easy openai/x a:1")
	wantSheet(t, dir, Options{Reducer: []string{"mean"}, Threshold: []string{"0.75"}}, "arc_easy s (mean of epochs)>=0.75 arc_easy openai/x a:0")
}

func TestInspectScorers(t *testing.T) {
	log := strings.TrimSuffix(inspectHeader, "}") + `, "samples": [{"id": 1, "epoch": 1, "input": [{"role": "user", "content": "hi"}],
 "scores": {"a": {"value": "P"}, "b": {"value": {"x": "C", "y": [1]}}}}, {"id": 2, "epoch": 1, "error": {"message": "boom"}, "scores": {"a": {"value": "C"}}}]}`
	dir := tree(t, map[string]string{"log.json": log})
	wantSheet(t, dir, Options{}, "arc_easy b/x arc_easy openai/x 1:1 2:-")
	wantSheet(t, dir, Options{Metric: []string{"a"}, Threshold: []string{"0.5"}}, "arc_easy a>=0.5 arc_easy openai/x 1:1 2:-")
	refused(t, dir, Options{Metric: []string{"a"}}, corpus.KindValue, "0.5")
	refused(t, dir, Options{Metric: []string{"b/y"}}, corpus.KindValue, "no score")
}

func TestInspectDamagedArchiveIsRefused(t *testing.T) {
	whole := archived(t, zip.Deflate, entry{"header.json", inspectHeader}, entry{"summaries.json", inspectSummaries})
	refused(t, tree(t, map[string]string{"x.eval": whole[:len(whole)/2]}), Options{}, corpus.KindTruncated, "can't be opened")
}

func TestInspectFixtures(t *testing.T) {
	dir := formats(t, "inspect")
	refused(t, dir, Options{}, corpus.KindValue, "--threshold") // 0.65 for an exploit
	in := mustRead(t, dir, Options{Threshold: []string{"cyse2_vulnerability_exploit=0.5"}})
	got := sheet(in)
	for _, want := range []string{
		"arc_easy choice arc_easy ollama/qwen2.5:0.5b 1:1 2:0 3:0 4:- 5:-",
		"arc_easy choice arc_easy anthropic/claude-sonnet-4-0 1:1 2:1 3:1 4:1 5:1",
		"pubmedqa choice pubmedqa openai/azure/gpt-4o-mini 12377809:1 26163474:1",
		"gdm_intercode_ctf includes gdm_intercode_ctf mistral/mistral-small-latest 0:0",
		"cyse2_vulnerability_exploit vul_exploit_scorer>=0.5 cyse2_vulnerability_exploit mistral/mistral-large-latest 1:1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("read\n%s\nwithout\n%s", got, want)
		}
	}
	if notes := strings.Join(in.Notes, "\n"); !strings.Contains(notes, "no answer of anthropic/claude-opus-4-6 to cvebench has a score") {
		t.Errorf("notes %s", notes)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add([]byte(archived(f, zip.Deflate, entry{"header.json", inspectHeader}, entry{"summaries.json", inspectSummaries})))
	f.Add([]byte(archived(f, zstdMethod, entry{"header.json", inspectHeader}, entry{"summaries.json", inspectSummaries})))
	f.Add([]byte(strings.TrimSuffix(inspectHeader, "}") + `, "samples": ` + inspectSummaries + "}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "x.eval")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		sound(t, path, Options{Reducer: []string{"max"}, Threshold: []string{"0.5"}})
	})
}
