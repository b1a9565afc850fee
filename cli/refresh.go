package cli

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/pipeline"
	"metabench/scraper"
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
Interrupted anywhere, or past refresh.deadline, the next one continues. One line of
summary is printed, and the metrics are written, however it ends. Yesterday's snapshot
stays, and the exit code is 13, when a quality check failed or people would lose what
that snapshot has. Sources that fail count every night until they can be had: exit
code 3 when they are more than hub.max_failed tolerates.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.refresh(cmd.Context(), cfg, noCrawl)
		},
	}
	a.newWarehouseFlag(cmd.Flags())
	cmd.Flags().BoolVar(&noCrawl, "no-crawl", false, "leave the Hub alone: build, check and publish what is there")
	return cmd
}

func (a *app) refresh(ctx context.Context, cfg *config.Loaded, noCrawl bool) error {
	a.noProgress = true // one line is all that cron wants
	if err := a.warnOfLittleSpace(cfg, cfg.Publish.Dir, cfg.Publish.Lake); err != nil {
		return err
	}
	var did pipeline.Refreshed
	err := a.openAndRefresh(ctx, cfg, noCrawl, &did)
	if code := exitCodeOf(err); did.Stage == "" { // it has not begun
		if code == ExitLocked || code == ExitUsage { // the metrics belong to the other refresh, or there are none
			return err
		}
		return errors.Join(err, pipeline.WriteUnopened(cfg.Publish.Metrics, int(code)))
	}
	return cmp.Or(a.printLine(did, "%s", did), err)
}

// openAndRefresh refreshes the warehouse, and says what it did where it came to it.
func (a *app) openAndRefresh(ctx context.Context, cfg *config.Loaded, noCrawl bool, did *pipeline.Refreshed) error {
	var crawl *scraper.Options
	if noCrawl {
		if err := mustExist(ctx, cfg); err != nil {
			return err
		}
	} else {
		options, err := a.crawlOptions(cfg, crawlFlags{quiet: true})
		if err != nil {
			return err
		}
		crawl = &options
	}
	return a.withWarehouse(ctx, cfg, "refresh", func(w *warehouse.Warehouse) error {
		p, err := a.pipeline(cfg, w)
		if err != nil {
			return err
		}
		*did, err = p.Refresh(ctx, crawl)
		return pipelineError(err)
	})
}
