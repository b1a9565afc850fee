package pipeline

import (
	"context"
	"fmt"

	"metabench/corpus"
	"metabench/scraper"
)

// TooManyFailedError says that a larger share of all that was ever tried can't be had
// than hub.max_failed tolerates.
type TooManyFailedError struct{ Standing corpus.Standing }

func (e *TooManyFailedError) Error() string {
	return fmt.Sprintf("crawl finished, but %d of %d repositories and tasks can't be had (%d of them for good), more than hub.max_failed tolerates; metabench query \"from failure\" lists them with what helps",
		e.Standing.Failed(), e.Standing.Failed()+e.Standing.Read, e.Standing.Permanent())
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

// TooManyFailed is a *TooManyFailedError when a larger share of all that was ever tried
// can't be had than is tolerated, whether this crawl tried it again or not.
func TooManyFailed(s *scraper.Summary, tolerated float64) error {
	if s.Standing.FailedShare() <= tolerated {
		return nil
	}
	return &TooManyFailedError{s.Standing}
}
