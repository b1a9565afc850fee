package warehouse

import (
	"context"
	"database/sql"
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
	type metric struct{ name, help string }
	var all []textfile.Metric
	for _, of := range []struct {
		label, query string // for the label's value, then a value for each metric
		metrics      []metric
	}{
		{"benchmark", `SELECT benchmark, models, items, kept_items, responses, epoch(loaded_at), epoch(built_at) FROM benchmark_status`, []metric{
			{"metabench_models", "Models with answers."},
			{"metabench_items", "Items with answers."},
			{"metabench_kept_items", "Items that the filters keep."},
			{"metabench_responses", "Observed answers."},
			{"metabench_loaded_timestamp_seconds", "When answers last changed."},
			{"metabench_built_timestamp_seconds", "When results were last computed."},
		}},
		{"status", `SELECT status, count(*) FROM repo_state GROUP BY status ORDER BY status`, []metric{
			{"metabench_repositories", "Repositories by how far the crawl has come."},
		}},
		{"status", `SELECT status, count(*) FROM file_state GROUP BY status ORDER BY status`, []metric{
			{"metabench_files", "Files of repositories by how far the crawl has come."},
		}},
		{"benchmark", `SELECT benchmark, models, permanent, permanent_share, vanished FROM crawl_status ORDER BY benchmark`, []metric{
			{"metabench_asked_models", "Models on the Hub that were asked about the benchmark."},
			{"metabench_failed_models", "Models on the Hub with a task that failed for good."},
			{"metabench_failed_models_ratio", "The same as a share of the models that were asked."},
			{"metabench_vanished_models", "Models with answers that are not on the Hub any more."},
		}},
		{"benchmark", `SELECT benchmark, rmse FROM distillation WHERE form = 'A' AND rmse IS NOT NULL`, []metric{
			{"metabench_reconstruction_rmse_points", "Error of the chosen method on test models."},
		}},
	} {
		found := make([]textfile.Metric, len(of.metrics))
		for k, m := range of.metrics {
			found[k] = textfile.Metric{Name: m.name, Help: m.help}
		}
		var label string
		values := make([]sql.NullFloat64, len(found))
		into := []any{&label}
		for k := range values {
			into = append(into, &values[k])
		}
		err := scanEach(ctx, w.db, of.query, into, func() {
			for k, v := range values {
				if v.Valid {
					found[k].Samples = append(found[k].Samples, textfile.Sample{Labels: map[string]string{of.label: label}, Value: v.Float64})
				}
			}
		})
		if err != nil {
			return nil, fmt.Errorf("measure the warehouse: %s: %w", of.metrics[0].name, err)
		}
		all = append(all, found...)
	}
	standing, err := w.StandingFailures(ctx)
	if err != nil {
		return nil, fmt.Errorf("measure the warehouse: %w", err)
	}
	failures := textfile.Metric{Name: "metabench_standing_failures", Help: "Repositories and tasks that can't be had, as long as that is so."}
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
		textfile.Value("metabench_warehouse_bytes", "Size of the warehouse's file.", float64(info.Size())),
		textfile.Value("metabench_vanished_repositories", "Repositories that are not on the Hub any more.", float64(standing.Vanished)),
		textfile.Value("metabench_lost_loads", "Loads that were committed and are not in the file any more.", float64(len(w.Lost()))),
	), nil
}
