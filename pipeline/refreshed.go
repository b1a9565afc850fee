package pipeline

import (
	"cmp"
	"fmt"
	"strings"
)

// Stage is a part of a refresh. The order is theirs.
type Stage string

// The stages of a refresh.
const (
	StageOpen    Stage = "open" // the warehouse could not be opened
	StageCrawl   Stage = "crawl"
	StageBuild   Stage = "build"
	StageTexts   Stage = "texts"
	StagePublish Stage = "publish"
	StageDone    Stage = "done"
)

// Stages are all stages, in order.
func Stages() []Stage {
	return []Stage{StageOpen, StageCrawl, StageBuild, StageTexts, StagePublish, StageDone}
}

// Refreshed is what a refresh did and how it ended.
type Refreshed struct {
	Stage    Stage     `json:"stage"`     // that it ended in: done, or the one that failed
	ExitCode int       `json:"exit_code"` //
	Fetched  int       `json:"fetched_repositories"`
	Failed   int       `json:"failed_sources"`  // in this refresh
	Failing  int       `json:"failing_sources"` // in this refresh or earlier, and not mended since
	Built    int       `json:"built_benchmarks"`
	Skipped  int       `json:"unchanged_benchmarks"`
	LeftOut  []LeftOut `json:"left_out"`
	Texts    int       `json:"texts_read"`    // of selected items
	Untold   int       `json:"texts_missing"` // of items whose files don't tell what was asked
	Snapshot string    `json:"snapshot"`      // empty when nothing new had to be published
	Lake     string    `json:"lake"`          // empty likewise, or when there is none
	Seconds  float64   `json:"seconds"`

	ReleaseNews

	tried int // sources that Failing is a part of
}

// String is the line that goes into a log.
func (r Refreshed) String() string {
	var b strings.Builder
	if r.Stage == StageDone {
		fmt.Fprintf(&b, "refreshed in %.0f s: ", r.Seconds)
	} else {
		fmt.Fprintf(&b, "refresh ended in stage %s after %.0f s with exit code %d: ", r.Stage, r.Seconds, r.ExitCode)
	}
	fmt.Fprintf(&b, "%d repositories fetched, %d sources failed, %d failing in all, %d benchmarks built, %d unchanged, ",
		r.Fetched, r.Failed, r.Failing, r.Built, r.Skipped)
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(&b, "left out: %s, ", strings.Join(Built{LeftOut: r.LeftOut}.Lines(), "; "))
	}
	if r.Texts > 0 || r.Untold > 0 {
		fmt.Fprintf(&b, "texts of %d items read, %d not to be had, ", r.Texts, r.Untold)
	}
	if news := r.ReleaseNews.String(); news != "" {
		b.WriteString(news + ", ")
	}
	b.WriteString(cmp.Or(r.Snapshot, map[bool]string{true: "nothing new to publish", false: "nothing published"}[r.Stage == StageDone]))
	return b.String()
}
