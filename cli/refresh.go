package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/config"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/textfile"
	"metabench/warehouse"
)

func newRefreshCommand(a *app) *cobra.Command {
	var noCrawl bool
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Crawl, build, check, publish: what cron runs",
		Long: `Bring everything up to date: crawl what is new on the Hub, build the benchmarks whose
answers changed, read what newly selected items ask, check, and publish a snapshot
(and, where configured, the Parquet lake and a Prometheus text file). Stages whose
inputs have not changed are skipped.

Only one refresh runs at a time: another ends with exit code 11 and names the holder.
Interrupted anywhere, the next one continues. On success one line of summary is
printed; a failed quality check keeps yesterday's snapshot and exits with 13.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if noCrawl {
				if err := mustExist(cfg); err != nil {
					return err
				}
			}
			return a.refresh(cmd.Context(), cfg, noCrawl)
		},
	}
	cmd.Flags().BoolVar(&noCrawl, "no-crawl", false, "leave the Hub alone: build, check and publish what is there")
	return cmd
}

// refreshed is what a refresh did.
type refreshed struct {
	Fetched  int     `json:"fetched_repositories"`
	Failed   int     `json:"failed_sources"`
	Built    int     `json:"built_benchmarks"`
	Skipped  int     `json:"unchanged_benchmarks"`
	LeftOut  int     `json:"left_out_benchmarks"` // with too few models
	Texts    int     `json:"texts_read"`          // of selected items
	Untold   int     `json:"texts_missing"`       // of items whose files don't tell what was asked
	Snapshot string  `json:"snapshot"`            // empty when nothing new had to be published
	Lake     string  `json:"lake"`                // empty likewise, or when there is none
	Seconds  float64 `json:"seconds"`
}

func (a *app) refresh(ctx context.Context, cfg *config.Loaded, noCrawl bool) error {
	started := time.Now()
	a.noProgress = true // one line is all that cron wants
	var did refreshed
	var partial error
	if err := a.warnOfLittleSpace(cfg, cfg.Publish.Dir, cfg.Publish.Lake); err != nil {
		return err
	}
	err := a.withWarehouse(ctx, cfg, "refresh", func(w *warehouse.Warehouse) error {
		if !noCrawl {
			options, err := a.crawlOptions(cfg, crawlFlags{quiet: true})
			if err != nil {
				return err
			}
			if partial, err = a.refreshCrawl(ctx, cfg, w, options, &did); err != nil {
				return err
			}
		}
		if err := a.refreshBuild(ctx, cfg, w, &did); err != nil {
			return err
		}
		if !noCrawl {
			late, err := a.refreshTexts(ctx, cfg, w, &did)
			if err != nil {
				return err
			}
			partial = cmp.Or(partial, late)
		}
		if err := a.refreshPublish(ctx, cfg, w, &did); err != nil {
			return err
		}
		did.Seconds = time.Since(started).Seconds()
		return a.writeMetrics(ctx, cfg, w, did)
	})
	if err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(did)
	} else {
		_, err = fmt.Fprintln(a.Out, did)
	}
	return cmp.Or(err, partial)
}

// String is the line that goes into a log.
func (r refreshed) String() string {
	s := fmt.Sprintf("refreshed in %.0f s: %d repositories fetched, %d failed, %d benchmarks built, %d unchanged, ",
		r.Seconds, r.Fetched, r.Failed, r.Built, r.Skipped)
	if r.LeftOut > 0 {
		s += fmt.Sprintf("%d left out for too few models, ", r.LeftOut)
	}
	if r.Texts > 0 || r.Untold > 0 {
		s += fmt.Sprintf("texts of %d items read, %d not to be had, ", r.Texts, r.Untold)
	}
	return s + cmp.Or(r.Snapshot, "nothing new to publish")
}

// refreshCrawl crawls. Sources that failed are no reason to stop: partial says that
// there were too many.
func (a *app) refreshCrawl(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, options scraper.Options, did *refreshed) (partial, err error) {
	summary, err := a.crawlInto(ctx, w, options)
	if err != nil {
		return nil, err
	}
	did.Fetched, did.Failed = summary.Fetched, summary.Failed
	return tooManyFailed(summary, cfg.Hub.MaxFailed), nil
}

// refreshBuild builds where any benchmark's results are not what a build would give.
// Stages whose inputs have not changed come from the cache, so that a build of
// unchanged benchmarks is cheap.
func (a *app) refreshBuild(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, did *refreshed) error {
	all, err := w.Benchmarks(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	job, err := a.newBuildJob(ctx, cfg, w)
	if err != nil {
		return err
	}
	pending, err := job.pending(ctx, all)
	if err != nil {
		return err
	}
	pendingAlone := len(slices.DeleteFunc(slices.Clone(pending), func(b string) bool { return b == analysis.JointName }))
	did.Built, did.Skipped = pendingAlone, len(all)-pendingAlone
	if len(pending) == 0 {
		return nil
	}
	left, err := a.build(ctx, cfg, w, nil, "")
	for _, few := range left {
		if slices.Contains(pending, few.Benchmark) {
			did.LeftOut++
			did.Built--
		}
	}
	return err
}

// refreshTexts reads what newly selected items ask, so that an export of them needs no
// network. That the Hub can't be reached any more is no reason not to publish: late
// says so.
func (a *app) refreshTexts(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, did *refreshed) (late, err error) {
	catalogue, err := a.catalogue(cfg)
	if err != nil {
		return nil, err
	}
	texts, err := a.readTexts(ctx, w, func() (*hub.Client, error) { return newHubClient(cfg, slog.New(slog.DiscardHandler)) }, catalogue, cfg)
	for _, u := range texts.untold {
		did.Untold += len(u.Items)
	}
	did.Texts = texts.read
	if hub.KindOf(err) != "" && ctx.Err() == nil {
		return err, nil
	}
	return nil, err
}

// refreshPublish checks and publishes, and exports the lake, each unless what is
// there says the same.
func (a *app) refreshPublish(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, did *refreshed) error {
	s, err := w.Publish(ctx, warehouse.PublishOptions{Dir: cfg.Publish.Dir, Keep: cfg.Publish.Keep, IfChanged: true})
	if err != nil {
		return gateError(err)
	}
	did.Snapshot = s.Version
	if cfg.Publish.Lake == "" {
		return nil
	}
	lake, err := w.Export(ctx, warehouse.ExportOptions{Dir: cfg.Publish.Lake, IfChanged: true})
	if err == nil && len(lake.Tables) > 0 {
		did.Lake = lake.Dir
	}
	return err
}

// writeMetrics writes the file that a Prometheus node exporter collects.
func (a *app) writeMetrics(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, did refreshed) error {
	if cfg.Publish.Metrics == "" {
		return nil
	}
	metrics, err := w.Metrics(ctx)
	if err != nil {
		return err
	}
	metrics = append(metrics,
		textfile.Value("metabench_refresh_last_success_timestamp_seconds", "When a refresh last ended well.", textfile.Gauge, float64(time.Now().Unix())),
		textfile.Value("metabench_refresh_duration_seconds", "How long it took.", textfile.Gauge, did.Seconds),
		textfile.Value("metabench_refresh_failed_sources", "Sources that failed in it.", textfile.Gauge, float64(did.Failed)),
	)
	return textfile.Write(cfg.Publish.Metrics, metrics)
}
