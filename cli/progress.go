package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// stageReporter shows the progress of a long job: a bar on a terminal, a line a stage
// elsewhere, nothing with --no-progress.
type stageReporter struct {
	w        io.Writer
	terminal bool
	quiet    bool
	now      func() time.Time

	bar     *progressbar.ProgressBar
	stage   string
	started time.Time
}

// progress returns a reporter on Err.
func (a *app) progress() *stageReporter {
	w, terminal := terminalOf(a.Err)
	return &stageReporter{w: w, terminal: terminal, quiet: a.noProgress, now: time.Now}
}

// Stage reports that a stage has got on: done of total units. A new name begins a
// stage, done == total ends it.
func (r *stageReporter) Stage(name string, done, total int) {
	if r.quiet {
		return
	}
	name = printable(name)
	if name != r.stage {
		r.stage, r.started = name, r.now()
		if r.terminal {
			r.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(r.w), progressbar.OptionSetDescription(name),
				progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionShowCount())
		}
	}
	if r.bar != nil {
		_ = r.bar.Set(done) // a bar that cannot be drawn is no reason to stop
	}
	if done >= total {
		fmt.Fprintf(r.w, "%-48s %7.1f s\n", name, r.now().Sub(r.started).Seconds())
		r.stage, r.bar = "", nil
	}
}

// named reports on one stage.
func (r *stageReporter) named(stage string) func(done, total int) {
	return func(done, total int) { r.Stage(stage, done, total) }
}
