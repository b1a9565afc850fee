package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/scraper"
)

// crawlCatalogue makes the leaderboard's benchmarks small.
func crawlCatalogue(t *testing.T, dir string) []corpus.Benchmark {
	t.Helper()
	small := hubtest.Scaled(hubtest.Leaderboard(), 0.02, 5)
	if err := os.WriteFile(filepath.Join(dir, "small.yaml"), []byte(catalogueFile(small)), 0o600); err != nil {
		t.Fatal(err)
	}
	return small
}

func TestCrawlCommandFillsTheWarehouseOnce(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "HUGGING_FACE_HUB_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("HF_HOME", dir)
	t.Setenv("METABENCH_BENCHMARKS", filepath.Join(dir, "small.yaml"))
	server, err := hubtest.NewServer(hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 1, Models: 4, Benchmarks: crawlCatalogue(t, dir)}), hubtest.ServerOptions{Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	t.Setenv("HF_ENDPOINT", server.Endpoint())
	run := func(want ExitCode, v any, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		code := Run(t.Context(), append(args, "--json", "--no-progress"), IO{In: strings.NewReader(""), Out: &out, Err: &errs})
		if ExitCode(code) != want {
			t.Fatalf("%v: exit %d, want %d\n%s", args, code, want, errs.String())
		}
		if v != nil {
			if err := json.Unmarshal(out.Bytes(), v); err != nil {
				t.Fatalf("%v: %v\n%s", args, err, out.String())
			}
		}
		return errs.String()
	}
	var plan scraper.Plan
	run(ExitOK, &plan, "crawl", "--dry-run")
	if plan.Repositories != 4 || plan.Files != 4*62 {
		t.Errorf("plan %+v", plan)
	}
	var first, second scraper.Summary
	run(ExitOK, &first, "crawl")
	if first.Fetched != 4 || first.Tasks[corpus.StatusDone] != 4*62 || first.Failed != 0 {
		t.Errorf("first crawl %+v", first)
	}
	run(ExitOK, &second, "crawl")
	if second.Fetched != 0 || second.HubRequests > 5 {
		t.Errorf("second crawl %+v", second)
	}
	run(ExitUsage, nil, "crawl", "--benchmark", "nonesuch")
	run(ExitUsage, nil, "crawl", "--verify", "perhaps")
	t.Setenv("HF_TOKEN", "hf_nobody")
	if text := run(ExitAuth, nil, "crawl"); strings.Contains(text, "hf_nobody") {
		t.Errorf("the token is printed: %s", text)
	}
	t.Setenv("HF_TOKEN", "")
	t.Setenv("HF_HUB_OFFLINE", "1")
	run(ExitError, nil, "crawl")
}
