//go:build interop

package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"metabench/internal/hubtest"
)

// TestMetrics reads the metrics of a refresh with Prometheus's parser, and with promtool
// where that is installed.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	path, catalogue := filepath.Join(dir, "metabench.prom"), filepath.Join(dir, "small.yaml")
	if err := os.WriteFile(catalogue, []byte(run(t, "", metabench(t), "hub", "catalogue", "--scale", "0.02")), 0o600); err != nil {
		t.Fatal(err)
	}
	small, err := hubtest.ScaledBy(hubtest.Leaderboard(), 0.02)
	if err != nil {
		t.Fatal(err)
	}
	hub := serve(t, hubtest.NewCorpus(hubtest.CorpusOptions{Models: 12, Benchmarks: small}), hubtest.ServerOptions{Unlimited: true})
	t.Setenv("HF_ENDPOINT", hub.Endpoint())
	t.Setenv("METABENCH_BENCHMARKS", catalogue)
	t.Setenv("METABENCH_PUBLISH_METRICS", path)
	t.Setenv("METABENCH_PUBLISH_DIR", filepath.Join(dir, "published"))
	run(t, "", metabench(t), "--no-progress", "--warehouse", filepath.Join(dir, "metabench.duckdb"), "refresh")
	t.Run("promtool", func(t *testing.T) {
		promtool, err := exec.LookPath("promtool")
		if err != nil {
			t.Skip("SKIPPED, not tested: no promtool here")
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
		cmd.Stdin = file
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	check(t, "prometheus_client", map[string]any{"metrics": path}, 1)
}
