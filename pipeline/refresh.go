package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sourcegraph/conc/panics"

	"metabench/analysis"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// PartialError is the ending of a refresh that came to its end although something
// outside failed: more sources than are tolerated, or the Hub while texts were read.
type PartialError struct{ Err error }

func (e *PartialError) Error() string { return e.Err.Error() }

// Unwrap returns what failed.
func (e *PartialError) Unwrap() error { return e.Err }

// DeadlineError says that a refresh took longer than refresh.deadline allows.
type DeadlineError struct {
	Deadline time.Duration
	Stage    Stage
}

func (e *DeadlineError) Error() string {
	return fmt.Sprintf("refresh: refresh.deadline (%v) passed in stage %s; what was done is kept, and the next refresh goes on", e.Deadline, e.Stage)
}

// Refresh crawls unless the options are nil, builds what changed, reads texts, checks,
// publishes, and writes metrics. Stages whose inputs have not changed are skipped, so
// that the next refresh also finishes what an earlier one did not. The result says what
// was done however it ended, and so do the metrics; a *PartialError comes with a
// complete one.
//
// Errors: *DeadlineError, *PartialError, those of Crawl, Build, ReadTexts and Publish.
func (p *Pipeline) Refresh(ctx context.Context, crawl *scraper.Options) (Refreshed, error) {
	started := time.Now()
	var did Refreshed
	limited, cancel := ctx, context.CancelFunc(func() {})
	if d := p.opts.Config.Refresh.Deadline; d > 0 {
		limited, cancel = context.WithTimeout(ctx, d)
	}
	defer cancel()
	var err error
	if fault := panics.Try(func() { err = p.refresh(limited, crawl, &did) }); fault != nil {
		err = fault.AsError() // which belongs into the metrics as well
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = &DeadlineError{Deadline: p.opts.Config.Refresh.Deadline, Stage: did.Stage}
	}
	leftOutErr := p.countLeftOut(context.WithoutCancel(ctx), &did)
	err = cmp.Or(err, leftOutErr) // after another error it has failed for the same reason
	did.Seconds = time.Since(started).Seconds()
	did.ExitCode = p.opts.ExitCode(err)
	return did, errors.Join(err, p.writeMetrics(context.WithoutCancel(ctx), did, err))
}

// refresh does what Refresh says but for metrics, and notes how far it has come.
func (p *Pipeline) refresh(ctx context.Context, crawl *scraper.Options, did *Refreshed) error {
	if crawl != nil {
		did.Stage = StageCrawl
		summary, err := p.Crawl(ctx, *crawl, nil)
		if summary != nil {
			did.Fetched, did.Failed, did.Failures, did.Vanished = summary.Fetched, summary.Failed, summary.Failures, summary.Vanished
			did.Standing = summary.Standing
		}
		if err != nil {
			return err
		}
	} else {
		var err error
		if did.Standing, err = p.w.StandingFailures(ctx); err != nil {
			return err
		}
	}
	partial := TooManyFailed(did.Standing, p.opts.Config.Hub.MaxFailed) // no reason to stop
	did.Stage = StageBuild
	calibrated, err := p.w.Calibrations(ctx)
	if err != nil {
		return err
	}
	if err := p.refreshBuild(ctx, did); err != nil {
		return err
	}
	if did.ReleaseNews, err = p.releaseNews(ctx, calibrated); err != nil {
		return err
	}
	if crawl != nil {
		did.Stage = StageTexts
		late, err := p.refreshTexts(ctx, did)
		if err != nil {
			return err
		}
		partial = cmp.Or(partial, late)
	}
	did.Stage = StagePublish
	if err := p.refreshPublish(ctx, did); err != nil {
		return err
	}
	did.Stage = StageDone
	if partial != nil {
		return &PartialError{partial}
	}
	return nil
}

// refreshBuild builds where any benchmark's results are not what a build would give.
// Stages whose inputs have not changed come from the cache, so that a build of
// unchanged benchmarks is cheap.
func (p *Pipeline) refreshBuild(ctx context.Context, did *Refreshed) error {
	all, err := p.w.Benchmarks(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	job, err := p.newJob(ctx) // of both, so that the answers are hashed once
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
	built, err := p.buildWith(ctx, job, all, all)
	for _, b := range built.Without() {
		if slices.Contains(pending, b) {
			did.Built--
		}
	}
	return err
}

// countLeftOut reads what the answers did not allow, whenever it was built.
func (p *Pipeline) countLeftOut(ctx context.Context, did *Refreshed) error {
	all, err := p.w.Benchmarks(ctx)
	if err != nil {
		return err
	}
	for _, benchmark := range append(all, analysis.JointName) {
		parts, err := p.w.LeftOut(ctx, benchmark)
		if err != nil {
			return err
		}
		for _, part := range parts {
			did.LeftOut = append(did.LeftOut, LeftOut{benchmark, part})
		}
	}
	return nil
}

// refreshTexts reads what newly selected items ask, so that an export of them needs no
// network. That the Hub can't be reached any more is no reason not to publish: late
// says so.
func (p *Pipeline) refreshTexts(ctx context.Context, did *Refreshed) (late, err error) {
	texts, err := p.ReadTexts(ctx)
	did.Texts, did.TextsMissing = texts.Read, texts.UnavailableItems()
	if hub.KindOf(err) != "" && ctx.Err() == nil {
		return err, nil
	}
	return nil, err
}

// refreshPublish checks and publishes, and exports the lake, each unless what is
// there says the same.
func (p *Pipeline) refreshPublish(ctx context.Context, did *Refreshed) error {
	out := p.opts.Config.Publish
	s, err := p.w.Publish(ctx, warehouse.PublishOptions{Dir: out.Dir, Keep: out.Keep, Limits: Limits(p.opts.Config), IfChanged: true})
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
