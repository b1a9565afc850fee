package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"metabench/config"
	"metabench/scraper"
	"metabench/warehouse"
)

// planned is a plan with what it was compared with.
type planned struct {
	scraper.Plan
	ComparedWith string `json:"compared_with"`
}

// planCrawl says what a crawl would do. It makes, locks and writes nothing.
func (a *app) planCrawl(ctx context.Context, cfg *config.Loaded, options scraper.Options) error {
	known, with, err := a.remembered(ctx, cfg)
	if err != nil {
		return err
	}
	options.Store = known
	c, err := scraper.New(options)
	if err != nil {
		return usagef("%w", err)
	}
	plan, err := c.Plan(ctx)
	if err != nil {
		return crawlError(err)
	}
	return a.printPlan(planned{plan, with})
}

// remembered is what was crawled before: as the warehouse says, or where another
// process writes to that, the newest snapshot. The file is closed again before
// anything is asked of the Hub, since a reader shuts the next writer out.
func (a *app) remembered(ctx context.Context, cfg *config.Loaded) (scraper.Remembered, string, error) {
	known, err := recall(ctx, cfg, cfg.Warehouse.Path)
	var missing *warehouse.NotFoundError
	var locked *warehouse.LockedError
	switch {
	case err == nil:
		return known, "the warehouse " + cfg.Warehouse.Path, nil
	case errors.As(err, &missing):
		return known, fmt.Sprintf("nothing: there is no warehouse at %s", cfg.Warehouse.Path), nil
	case !errors.As(err, &locked):
		return known, "", warehouseError(err)
	}
	snapshot := filepath.Join(cfg.Publish.Dir, warehouse.SnapshotName)
	known, err = recall(ctx, cfg, snapshot)
	switch {
	case err == nil:
		return known, fmt.Sprintf("the snapshot %s, since another process writes to %s: what was crawled after it counts as new", snapshot, cfg.Warehouse.Path), nil
	case errors.As(err, &missing):
		return known, fmt.Sprintf("nothing: another process writes to %s, and no snapshot is published at %s", cfg.Warehouse.Path, snapshot), nil
	}
	return known, "", warehouseError(err)
}

// recall reads what a warehouse or a snapshot remembers of the Hub.
func recall(ctx context.Context, cfg *config.Loaded, path string) (known scraper.Remembered, err error) {
	options := warehouseOptions(cfg, "crawl --dry-run")
	options.Path = path
	w, err := warehouse.OpenReadOnly(ctx, options)
	if err != nil {
		return known, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if known.States, err = w.Repos(ctx); err != nil {
		return known, err
	}
	known.Read, err = w.AllFiles(ctx)
	return known, err
}

func (a *app) printPlan(p planned) error {
	if a.json {
		return a.printJSON(p)
	}
	g := newGrid("a crawl would fetch", "")
	g.row("repositories with something new", strconv.Itoa(p.Repositories))
	g.row("unchanged", strconv.Itoa(p.Unchanged))
	if p.Vanished > 0 {
		g.row("vanished from the Hub since the last crawl", strconv.Itoa(p.Vanished))
	}
	g.row("files, at most", strconv.Itoa(p.Files))
	g.row("requests to the API", strconv.Itoa(p.Requests.API))
	g.row("requests to the resolver", strconv.Itoa(p.Requests.Resolvers))
	g.row("bytes, about", megabytes(p.Bytes.Total))
	g.row("  known: listings and published scores", megabytes(p.Bytes.Known))
	g.row("  estimated: trees, models, footers, answers", megabytes(p.Bytes.Models))
	g.row("  estimated: questions, once a kind of file", megabytes(p.Bytes.Questions))
	for _, q := range p.Quota {
		source := "documented"
		if q.Stated {
			source = "stated by the Hub"
		}
		g.row("quota "+q.Bucket, fmt.Sprintf("%d of %d left, per %d s (%s)", q.Remaining, q.Quota, q.Window, source))
	}
	g.row("time under this quota, at least", p.Duration.Round(time.Second).String())
	if err := g.print(a.Out); err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "compared with %s\n", p.ComparedWith)
	if p.Sampled.Files > 0 {
		fmt.Fprintf(a.Err, "estimated from %d files of %d repositories, whose footers were read (%s)\n", p.Sampled.Files, p.Sampled.Repositories, megabytes(p.Sampled.Bytes))
	}
	if p.Anonymous {
		fmt.Fprintln(a.Err, "no token: HF_TOKEN raises the quota")
	}
	return nil
}
