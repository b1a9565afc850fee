package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"metabench/scraper"
	"metabench/warehouse"
)

// Plan is what a crawl would do, and what was crawled before as it was known then.
type Plan struct {
	scraper.Plan
	ComparedWith string `json:"compared_with"`
}

// PlanCrawl says what a crawl into the warehouse of the options would do. It makes, locks
// and writes nothing. What was crawled before is read from the warehouse or, where
// another process writes to that, from the newest snapshot; the file is closed again
// before anything is asked of the Hub, since a reader shuts the next writer out.
//
// Errors: *SettingError, those of warehouse.OpenReadOnly but for a file that is not
// there, those of scraper.Crawl.Plan.
func PlanCrawl(ctx context.Context, o warehouse.Options, crawl scraper.Options) (Plan, error) {
	known, comparedWith, err := readCrawled(ctx, o)
	if err != nil {
		return Plan{}, err
	}
	crawl.Store = known
	c, err := scraper.New(crawl)
	if err != nil {
		return Plan{}, &SettingError{Err: err}
	}
	plan, err := c.Plan(ctx)
	return Plan{plan, comparedWith}, err
}

// readCrawled reads what was crawled before, and says from where.
func readCrawled(ctx context.Context, o warehouse.Options) (scraper.Remembered, string, error) {
	known, err := readHubState(ctx, o)
	var missing *warehouse.NotFoundError
	var locked *warehouse.LockedError
	switch {
	case err == nil:
		return known, "the warehouse " + o.Path, nil
	case errors.As(err, &missing):
		return known, fmt.Sprintf("nothing: there is no warehouse at %s", o.Path), nil
	case !errors.As(err, &locked):
		return known, "", err
	}
	path := o.Path
	o.Path = filepath.Join(o.Published, warehouse.SnapshotName)
	known, err = readHubState(ctx, o)
	switch {
	case err == nil:
		return known, fmt.Sprintf("the snapshot %s, since another process writes to %s: what was crawled after it counts as new", o.Path, path), nil
	case errors.As(err, &missing):
		return known, fmt.Sprintf("nothing: another process writes to %s, and no snapshot is published at %s", path, o.Path), nil
	}
	return known, "", err
}

// readHubState reads what a warehouse or a snapshot has of the Hub.
func readHubState(ctx context.Context, o warehouse.Options) (known scraper.Remembered, err error) {
	w, err := warehouse.OpenReadOnly(ctx, o)
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
