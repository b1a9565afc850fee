package pipeline

import (
	"context"
	"fmt"

	"metabench/corpus"
	"metabench/scraper"
)

// TooManyFailedError says that a larger share of a crawl's sources failed than
// hub.max_failed tolerates.
type TooManyFailedError struct{ Failed int }

func (e *TooManyFailedError) Error() string {
	return fmt.Sprintf("crawl finished, but %d sources failed; see them with --json, try them again with --retry-failed", e.Failed)
}

// Crawl crawls into the warehouse and brings its item statistics up to date. The
// summary is there also when the crawl broke off. watch is called with the crawl
// before it begins, and what it returns afterwards; nil for nobody.
func (p *Pipeline) Crawl(ctx context.Context, options scraper.Options, watch func(*scraper.Crawl) (stop func())) (*scraper.Summary, error) {
	options.Store = p.w
	c, err := scraper.New(options)
	if err != nil {
		return nil, &SettingError{Err: err}
	}
	stop := func() {}
	if watch != nil {
		stop = watch(c)
	}
	summary, err := c.Run(ctx)
	stop()
	if err != nil {
		return summary, err
	}
	return summary, p.w.RefreshStatistics(ctx)
}

// TooManyFailed is a *TooManyFailedError when a larger share of the tried tasks failed
// than is tolerated.
func TooManyFailed(s *scraper.Summary, tolerated float64) error {
	tried := 0
	for status, n := range s.Tasks {
		if status != corpus.StatusMissing {
			tried += n
		}
	}
	if s.Failed == 0 || float64(s.Failed) <= tolerated*float64(max(tried, s.Failed)) {
		return nil
	}
	return &TooManyFailedError{s.Failed}
}
