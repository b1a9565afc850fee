package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"metabench/analysis"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/textfile"
	"metabench/warehouse"
)

// Refreshed is what a refresh did.
type Refreshed struct {
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

	ReleaseNews
}

// String is the line that goes into a log.
func (r Refreshed) String() string {
	s := fmt.Sprintf("refreshed in %.0f s: %d repositories fetched, %d failed, %d benchmarks built, %d unchanged, ",
		r.Seconds, r.Fetched, r.Failed, r.Built, r.Skipped)
	if r.LeftOut > 0 {
		s += fmt.Sprintf("%d left out for too few models, ", r.LeftOut)
	}
	if r.Texts > 0 || r.Untold > 0 {
		s += fmt.Sprintf("texts of %d items read, %d not to be had, ", r.Texts, r.Untold)
	}
	if news := r.ReleaseNews.String(); news != "" {
		s += news + ", "
	}
	return s + cmp.Or(r.Snapshot, "nothing new to publish")
}

// PartialError is the ending of a refresh that came to its end although something
// outside failed: more sources than are tolerated, or the Hub while texts were read.
type PartialError struct{ Err error }

func (e *PartialError) Error() string { return e.Err.Error() }

// Unwrap returns what failed.
func (e *PartialError) Unwrap() error { return e.Err }

// Refresh crawls where options are given, builds what changed, reads texts, checks,
// publishes, and writes metrics. Stages whose inputs have not changed are skipped, so
// that the next refresh also finishes what an earlier one did not. A *PartialError
// comes with a complete result.
func (p *Pipeline) Refresh(ctx context.Context, crawl *scraper.Options) (Refreshed, error) {
	started := time.Now()
	var did Refreshed
	var partial error
	if crawl != nil {
		summary, err := p.Crawl(ctx, *crawl, nil)
		if err != nil {
			return did, err
		}
		did.Fetched, did.Failed = summary.Fetched, summary.Failed
		partial = TooManyFailed(summary, p.opts.Config.Hub.MaxFailed) // no reason to stop
	}
	calibrated, err := p.w.Calibrations(ctx)
	if err != nil {
		return did, err
	}
	if err := p.refreshBuild(ctx, &did); err != nil {
		return did, err
	}
	if did.ReleaseNews, err = p.releaseNews(ctx, calibrated); err != nil {
		return did, err
	}
	if crawl != nil {
		late, err := p.refreshTexts(ctx, &did)
		if err != nil {
			return did, err
		}
		partial = cmp.Or(partial, late)
	}
	if err := p.refreshPublish(ctx, &did); err != nil {
		return did, err
	}
	did.Seconds = time.Since(started).Seconds()
	if err := p.writeMetrics(ctx, did); err != nil {
		return did, err
	}
	if partial != nil {
		return did, &PartialError{partial}
	}
	return did, nil
}

// refreshBuild builds where any benchmark's results are not what a build would give.
// Stages whose inputs have not changed come from the cache, so that a build of
// unchanged benchmarks is cheap.
func (p *Pipeline) refreshBuild(ctx context.Context, did *Refreshed) error {
	all, err := p.w.Benchmarks(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	pending, err := p.Pending(ctx)
	if err != nil {
		return err
	}
	pendingAlone := len(slices.DeleteFunc(slices.Clone(pending), func(b string) bool { return b == analysis.JointName }))
	did.Built, did.Skipped = pendingAlone, len(all)-pendingAlone
	if len(pending) == 0 {
		return nil
	}
	built, err := p.Build(ctx, nil, "")
	for _, b := range built.Without() {
		if slices.Contains(pending, b) {
			did.LeftOut++
			did.Built--
		}
	}
	return err
}

// refreshTexts reads what newly selected items ask, so that an export of them needs no
// network. That the Hub can't be reached any more is no reason not to publish: late
// says so.
func (p *Pipeline) refreshTexts(ctx context.Context, did *Refreshed) (late, err error) {
	texts, err := p.ReadTexts(ctx)
	did.Texts, did.Untold = texts.Read, texts.Unavailable()
	if hub.KindOf(err) != "" && ctx.Err() == nil {
		return err, nil
	}
	return nil, err
}

// refreshPublish checks and publishes, and exports the lake, each unless what is
// there says the same.
func (p *Pipeline) refreshPublish(ctx context.Context, did *Refreshed) error {
	out := p.opts.Config.Publish
	s, err := p.w.Publish(ctx, warehouse.PublishOptions{Dir: out.Dir, Keep: out.Keep, IfChanged: true})
	if err != nil {
		return err
	}
	did.Snapshot = s.Version
	if out.Lake == "" {
		return nil
	}
	lake, err := p.w.Export(ctx, warehouse.ExportOptions{Dir: out.Lake, IfChanged: true})
	if err == nil && len(lake.Tables) > 0 {
		did.Lake = lake.Dir
	}
	return err
}

// writeMetrics writes the file that a Prometheus node exporter collects.
func (p *Pipeline) writeMetrics(ctx context.Context, did Refreshed) error {
	path := p.opts.Config.Publish.Metrics
	if path == "" {
		return nil
	}
	metrics, err := p.w.Metrics(ctx)
	if err != nil {
		return err
	}
	metrics = append(metrics,
		textfile.Value("metabench_refresh_last_success_timestamp_seconds", "When a refresh last ended well.", textfile.Gauge, float64(time.Now().Unix())),
		textfile.Value("metabench_refresh_duration_seconds", "How long it took.", textfile.Gauge, did.Seconds),
		textfile.Value("metabench_refresh_failed_sources", "Sources that failed in it.", textfile.Gauge, float64(did.Failed)),
	)
	return textfile.Write(path, metrics)
}
