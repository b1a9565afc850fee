package pipeline

import (
	"context"
	"fmt"

	"metabench/corpus"
	"metabench/scraper"
)

// TooManyFailedError says that a larger share of the repositories and tasks on the Hub
// can't be had than hub.max_failed tolerates.
type TooManyFailedError struct{ Standing corpus.Standing }

func (e *TooManyFailedError) Error() string {
	s := e.Standing
	return fmt.Sprintf("%d of %d repositories and tasks on the Hub can't be had (%d of them for good), more than hub.max_failed tolerates; "+
		"metabench query \"from failure\" lists them with what helps", s.Failed(), s.Failed()+s.Read, s.Permanent())
}

// Crawl crawls into the warehouse and brings its item statistics up to date. The
// summary is there also when the crawl broke off. watch is called with the crawl
// before it begins, and what it returns afterwards; may be nil.
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

// TooManyFailed is a *TooManyFailedError when a larger share of the repositories and
// tasks on the Hub can't be had than is tolerated, whenever they began to.
func TooManyFailed(s corpus.Standing, tolerated float64) error {
	if s.FailedShare() <= tolerated {
		return nil
	}
	return &TooManyFailedError{s}
}
