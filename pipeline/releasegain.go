package pipeline

import (
	"context"
	"fmt"
	"strings"

	"metabench/warehouse"
)

// ReleaseNews is what a refresh has to say of releases.
type ReleaseNews struct {
	Calibrated int              `json:"calibrated_releases"`     // anew, on other answers or settings
	Gains      []warehouse.Gain `json:"release_gains,omitempty"` // of a new release over the newest one, where it is more than noise
}

// String is its part of the summary line; empty where there is nothing to say.
func (n ReleaseNews) String() string {
	var parts []string
	if n.Calibrated > 0 {
		parts = append(parts, fmt.Sprintf("%d releases calibrated", n.Calibrated))
	}
	for k, g := range n.Gains {
		gain := fmt.Sprintf("%.2f on form %s of %s", g.Points, g.Form, g.Benchmark)
		if k == 0 {
			gain = fmt.Sprintf("a new release would gain %.2f points on form %s of %s", g.Points, g.Form, g.Benchmark)
		}
		parts = append(parts, gain)
	}
	return strings.Join(parts, ", ")
}

// releaseNews compares the calibrations with those from before the builds.
func (p *Pipeline) releaseNews(ctx context.Context, before map[string]string) (ReleaseNews, error) {
	var news ReleaseNews
	after, err := p.w.Calibrations(ctx)
	if err != nil {
		return news, err
	}
	for version, numbers := range after {
		if before[version] != numbers {
			news.Calibrated++
		}
	}
	news.Gains, err = p.w.ReleaseGains(ctx)
	return news, err
}
