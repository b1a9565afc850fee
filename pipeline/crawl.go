package pipeline

import (
	"context"
	"fmt"

	"metabench/scraper"
)

// TooManyFailedError says that a larger share of the sources on the Hub fails than
// hub.max_failed tolerates.
type TooManyFailedError struct{ Failing, Tried int }

func (e *TooManyFailedError) Error() string {
	return fmt.Sprintf("%d of %d sources on the Hub fail, more than hub.max_failed tolerates; metabench query \"from failure\" says why; "+
		"metabench crawl --retry-failed once the cause is gone", e.Failing, e.Tried)
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

// TooManyFailed is a *TooManyFailedError when a larger share of the sources on the Hub
// fails than hub.max_failed tolerates, whenever they began to.
func (p *Pipeline) TooManyFailed(ctx context.Context) error {
	failing, tried, err := p.w.Failing(ctx)
	if err != nil {
		return err
	}
	return tooManyFailed(failing, tried, p.opts.Config.Hub.MaxFailed)
}

func tooManyFailed(failing, tried int, tolerated float64) error {
	if failing == 0 || float64(failing) <= tolerated*float64(tried) {
		return nil
	}
	return &TooManyFailedError{failing, tried}
}
