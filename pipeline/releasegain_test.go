package pipeline

import (
	"strings"
	"testing"

	"metabench/warehouse"
)

func TestSummaryTellsOfReleasesWhereThereIsSomethingToTell(t *testing.T) {
	gains := []warehouse.Gain{{Form: "A", Benchmark: "arc", Points: 0.214}, {Form: "A", Benchmark: "mean", Points: 0.1}}
	cases := map[string]struct {
		news ReleaseNews
		want string
	}{
		"nothing":    {ReleaseNews{}, "0 unchanged, nothing new to publish"},
		"calibrated": {ReleaseNews{Calibrated: 2}, "0 unchanged, 2 releases calibrated, nothing new"},
		"gains":      {ReleaseNews{Gains: gains}, "0 unchanged, a new release would gain 0.21 points on form A of arc, 0.10 on form A of mean, nothing new"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (Refreshed{Stage: StageDone, ReleaseNews: c.news}).String(); !strings.Contains(got, c.want) {
				t.Errorf("%q lacks %q", got, c.want)
			}
		})
	}
}
