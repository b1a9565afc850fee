package pipeline

import (
	"cmp"
	"fmt"
	"strings"

	"metabench/corpus"
	"metabench/scraper"
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
	Stage        Stage             `json:"stage"`     // that it ended in: done, or the one that failed
	ExitCode     int               `json:"exit_code"` //
	Fetched      int               `json:"fetched_repositories"`
	Failed       int               `json:"failed_sources"`        // in this refresh
	Vanished     int               `json:"vanished_repositories"` // that the Hub lists no more since the crawl before
	Failures     []scraper.Failure `json:"failures,omitempty"`    // the first of what failed in this refresh
	Standing     corpus.Standing   `json:"standing"`              // what can't be had, whenever that began
	Built        int               `json:"built_benchmarks"`
	Skipped      int               `json:"unchanged_benchmarks"`
	LeftOut      []LeftOut         `json:"left_out"`      // what the answers don't allow, whenever it was built
	Texts        int               `json:"texts_read"`    // of selected items
	TextsMissing int               `json:"texts_missing"` // of items whose files don't have what was asked
	Snapshot     string            `json:"snapshot"`      // empty when nothing new had to be published
	Lake         string            `json:"lake"`          // empty likewise, or when there is none
	Seconds      float64           `json:"seconds"`

	ReleaseNews
}

// String is the line that goes into a log.
func (r Refreshed) String() string {
	var b strings.Builder
	if r.Stage == StageDone {
		fmt.Fprintf(&b, "refreshed in %.0f s: ", r.Seconds)
	} else {
		fmt.Fprintf(&b, "refresh ended in stage %s after %.0f s with exit code %d: ", r.Stage, r.Seconds, r.ExitCode)
	}
	fmt.Fprintf(&b, "%d repositories fetched, %d sources failed, %d failing in all, ", r.Fetched, r.Failed, r.Standing.Failed())
	if r.Standing.Vanished > 0 {
		fmt.Fprintf(&b, "%d gone from the Hub, ", r.Standing.Vanished)
	}
	fmt.Fprintf(&b, "%d benchmarks built, %d unchanged, ", r.Built, r.Skipped)
	if lines := (Built{LeftOut: r.LeftOut}).Lines(); len(lines) > 0 {
		const most = 3
		fmt.Fprintf(&b, "left out: %s, ", strings.Join(lines[:min(most, len(lines))], "; "))
		if n := len(lines) - most; n > 0 {
			fmt.Fprintf(&b, "and %d more (metabench query \"from left_out\"), ", n)
		}
	}
	if r.Texts > 0 || r.TextsMissing > 0 {
		fmt.Fprintf(&b, "texts of %d items read, %d not to be had, ", r.Texts, r.TextsMissing)
	}
	if news := r.ReleaseNews.String(); news != "" {
		b.WriteString(news + ", ")
	}
	b.WriteString(cmp.Or(r.Snapshot, map[bool]string{true: "nothing new to publish", false: "nothing published"}[r.Stage == StageDone]))
	return b.String()
}
