package warehouse

import (
	"context"
	"fmt"
	"os"

	"metabench/corpus"
	"metabench/textfile"
)

// Metrics describes the warehouse for monitoring: what it holds, how old that is,
// how the crawl stands and how large the file is. Times are seconds since 1970, so
// that staleness is a subtraction.
func (w *Warehouse) Metrics(ctx context.Context) (all []textfile.Metric, err error) {
	if err := w.checkpoint(ctx); err != nil { // or what is in the log would not count
		return nil, fmt.Errorf("measure the warehouse: %w", err)
	}
	err = w.View(ctx, func(v *Warehouse) error {
		all, err = v.measure(ctx)
		return err
	})
	return all, err
}

func (w *Warehouse) measure(ctx context.Context) ([]textfile.Metric, error) {
	per := []struct{ name, help, label, query string }{
		{"metabench_models", "Models with answers.", "benchmark", `SELECT benchmark, models FROM benchmark_status`},
		{"metabench_items", "Items with answers.", "benchmark", `SELECT benchmark, items FROM benchmark_status`},
		{"metabench_kept_items", "Items that the filters keep.", "benchmark", `SELECT benchmark, kept_items FROM benchmark_status`},
		{"metabench_responses", "Observed answers.", "benchmark", `SELECT benchmark, responses FROM benchmark_status`},
		{"metabench_loaded_timestamp_seconds", "When answers last changed.", "benchmark", `SELECT benchmark, epoch(loaded_at) FROM benchmark_status WHERE loaded_at IS NOT NULL`},
		{"metabench_built_timestamp_seconds", "When results were last computed.", "benchmark", `SELECT benchmark, epoch(built_at) FROM benchmark_status WHERE built_at IS NOT NULL`},
		{"metabench_repositories", "Repositories by how far the crawl has come.", "status", `SELECT status, count(*) FROM repo_state GROUP BY status ORDER BY status`},
		{"metabench_files", "Files of repositories by how far the crawl has come.", "status", `SELECT status, count(*) FROM file_state GROUP BY status ORDER BY status`},
		{"metabench_asked_models", "Models on the Hub that were asked about the benchmark.", "benchmark", `SELECT benchmark, models FROM crawl_status ORDER BY benchmark`},
		{"metabench_failed_models", "Models on the Hub with a task that can't be had for good.", "benchmark", `SELECT benchmark, permanent FROM crawl_status ORDER BY benchmark`},
		{"metabench_failed_models_ratio", "The same as a share of the models that were asked.", "benchmark", `SELECT benchmark, permanent_share FROM crawl_status ORDER BY benchmark`},
		{"metabench_vanished_models", "Models with answers that are not on the Hub any more.", "benchmark", `SELECT benchmark, vanished FROM crawl_status ORDER BY benchmark`},
		{"metabench_reconstruction_rmse_points", "Error of the chosen method on test models.", "benchmark", `
			SELECT m.benchmark, any_value(m.rmse ORDER BY m.method) FROM reconstruction_metric AS m
			JOIN reconstruction_model AS r ON r.benchmark = m.benchmark AND r.target = m.target AND r.form = m.form AND r.method = m.method AND r.chosen
			WHERE m.target = m.benchmark AND m.form = 'A' AND m.scheme = 'random' AND m.part = 'test' AND m.grp = 'all' AND m.rmse IS NOT NULL
			GROUP BY m.benchmark ORDER BY m.benchmark`},
	}
	var all []textfile.Metric
	for _, p := range per {
		m := textfile.Metric{Name: p.name, Help: p.help, Kind: textfile.Gauge}
		var label string
		var value float64
		err := scanEach(ctx, w.db, p.query, []any{&label, &value}, func() {
			m.Samples = append(m.Samples, textfile.Sample{Labels: map[string]string{p.label: label}, Value: value})
		})
		if err != nil {
			return nil, fmt.Errorf("measure the warehouse: %s: %w", p.name, err)
		}
		all = append(all, m)
	}
	standing, err := w.StandingFailures(ctx)
	if err != nil {
		return nil, fmt.Errorf("measure the warehouse: %w", err)
	}
	failures := textfile.Metric{Name: "metabench_standing_failures", Help: "Repositories and tasks that can't be had, as long as that is so.", Kind: textfile.Gauge}
	for _, f := range []struct {
		status corpus.Status
		n      int
	}{
		{corpus.StatusPermanent, standing.Permanent()},
		{corpus.StatusPolicy, standing.Repositories.Policy + standing.Files.Policy},
		{corpus.StatusTransient, standing.Repositories.Transient + standing.Files.Transient},
	} {
		failures.Samples = append(failures.Samples, textfile.Sample{Labels: map[string]string{"status": string(f.status)}, Value: float64(f.n)})
	}
	info, err := os.Stat(w.path)
	if err != nil {
		return nil, fmt.Errorf("measure the warehouse: %w", err)
	}
	return append(all, failures,
		textfile.Value("metabench_warehouse_bytes", "Size of the warehouse's file.", textfile.Gauge, float64(info.Size())),
		textfile.Value("metabench_vanished_repositories", "Repositories that are not on the Hub any more.", textfile.Gauge, float64(standing.Vanished)),
		textfile.Value("metabench_lost_loads", "Loads that were committed and are not in the file any more.", textfile.Gauge, float64(len(w.Lost()))),
	), nil
}
