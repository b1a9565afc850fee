package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

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
	Texts    int     `json:"texts_read"`    // of selected items
	Untold   int     `json:"texts_missing"` // of items whose files don't tell what was asked
	Snapshot string  `json:"snapshot"`      // empty when nothing new had to be published
	Seconds  float64 `json:"seconds"`
}

func (a *app) refresh(ctx context.Context, cfg *config.Loaded, noCrawl bool) error {
	started := time.Now()
	a.noProgress = true // one line is all that cron wants
	var did refreshed
	var partial error
	err := a.withWarehouse(ctx, cfg, "refresh", func(w *warehouse.Warehouse) error {
		if !noCrawl {
			options, err := a.crawlOptions(cfg, crawlFlags{})
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
		texts := ""
		if did.Texts > 0 || did.Untold > 0 {
			texts = fmt.Sprintf("texts of %d items read, %d not to be had, ", did.Texts, did.Untold)
		}
		_, err = fmt.Fprintf(a.Out, "refreshed in %.0f s: %d repositories fetched, %d failed, %d benchmarks built, %d unchanged, %s%s\n",
			did.Seconds, did.Fetched, did.Failed, did.Built, did.Skipped, texts, cmp.Or(did.Snapshot, "nothing new to publish"))
	}
	return cmp.Or(err, partial)
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

// refreshBuild builds where any benchmark is stale. Stages whose inputs have not
// changed come from the cache, so that a build of unchanged benchmarks is cheap.
func (a *app) refreshBuild(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, did *refreshed) error {
	all, err := w.Benchmarks(ctx)
	if err != nil {
		return err
	}
	stale, err := w.Stale(ctx)
	if err != nil {
		return err
	}
	did.Built, did.Skipped = len(stale), len(all)-len(stale)
	if len(stale) == 0 {
		return nil
	}
	return a.build(ctx, cfg, w, nil, "")
}

// refreshTexts reads what newly selected items ask, so that an export of them needs no
// network. That the Hub can't be reached any more is no reason not to publish: late
// says so.
func (a *app) refreshTexts(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, did *refreshed) (late, err error) {
	catalogue, err := a.catalogue(cfg)
	if err != nil {
		return nil, err
	}
	texts, err := a.readTexts(ctx, w, func() (*hub.Client, error) { return newHubClient(cfg, a.crawlLog(false)) }, catalogue, cfg)
	for _, u := range texts.untold {
		did.Untold += len(u.Items)
	}
	did.Texts = texts.read
	if hub.KindOf(err) != "" && ctx.Err() == nil {
		return err, nil
	}
	return nil, err
}

// refreshPublish checks and publishes, unless the newest snapshot says the same.
func (a *app) refreshPublish(ctx context.Context, cfg *config.Loaded, w *warehouse.Warehouse, did *refreshed) error {
	fresh, err := w.PublishedIsFresh(cfg.Publish.Dir)
	if err != nil || fresh {
		return err
	}
	found, err := w.Check(ctx, warehouse.CheckOptions{})
	if err != nil {
		return err
	}
	if warehouse.Damaged(found) {
		return withCode(ExitDamage, errors.New("refresh: the warehouse is damaged, nothing was published; see metabench check"))
	}
	s, err := w.Publish(ctx, warehouse.PublishOptions{Dir: cfg.Publish.Dir, Keep: cfg.Publish.Keep})
	if err != nil {
		return gateError(err)
	}
	did.Snapshot = s.Version
	if cfg.Publish.Lake == "" {
		return nil
	}
	_, err = w.Export(ctx, warehouse.ExportOptions{Dir: cfg.Publish.Lake})
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
