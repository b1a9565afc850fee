package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/sourcegraph/conc"

	"metabench/scraper"
)

// watchCrawl shows the progress of a crawl until stop is called: one bar on a terminal, a
// line every 30 s elsewhere, nothing with --no-progress.
func (a *app) watchCrawl(c *scraper.Crawl) (stop func()) {
	if a.noProgress {
		return func() {}
	}
	w, terminal := terminalOf(a.Err)
	every := 30 * time.Second
	if terminal {
		every = 200 * time.Millisecond
	}
	quit := make(chan struct{})
	var watching conc.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		var bar *progressbar.ProgressBar
		for {
			select {
			case <-quit:
				if bar != nil {
					_ = bar.Clear() // nothing to be done about a terminal that is gone
				}
				return
			case <-tick.C:
			}
			p := c.Progress()
			if !terminal {
				fmt.Fprintln(a.Err, crawlLine(p))
				continue
			}
			if bar == nil {
				bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(20),
					progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish())
			}
			if p.Models > 0 && bar.GetMax() != p.Models {
				bar.ChangeMax(p.Models)
			}
			bar.Describe(printable(crawlLine(p)))
			_ = bar.Set(p.ModelsDone)
		}
	})
	return func() {
		close(quit)
		watching.Wait()
	}
}

// crawlLine sums up how far a crawl is: models, files, bytes, requests left in the
// quota's window, time left.
func crawlLine(p scraper.Progress) string {
	var b strings.Builder
	b.WriteString(p.Phase)
	if p.Models > 0 {
		fmt.Fprintf(&b, " %d/%d models, %d/%d files", p.ModelsDone, p.Models, p.FilesDone, p.FilesPlanned)
	}
	fmt.Fprintf(&b, ", %s", megabytes(p.Stats.Bytes))
	for _, q := range p.Quota {
		if q.Stated {
			fmt.Fprintf(&b, ", %s %d/%d", q.Bucket, q.Remaining, q.Quota)
		}
	}
	if p.ETA > 0 {
		fmt.Fprintf(&b, ", about %v left", p.ETA.Round(time.Second))
	}
	return b.String()
}
