package scraper_test

import (
	"math"
	"testing"

	"metabench/internal/hubtest"
	"metabench/scraper"
)

// A plan's bytes are within 10 % of those that the crawl transfers, for every kind of
// files.
func TestPlanForeseesTheBytesOfACrawl(t *testing.T) {
	cases := map[string]struct {
		corpus hubtest.CorpusOptions
		change func(*scraper.Options)
	}{
		"all_years":             {hubtest.CorpusOptions{Seed: 1, Models: 12, Benchmarks: hubtest.Leaderboard(), Broken: 0.2}, nil},
		"few_models":            {hubtest.CorpusOptions{Seed: 3, Models: 3, Benchmarks: hubtest.Leaderboard()}, nil},
		"long_prompts":          {hubtest.CorpusOptions{Seed: 2, Models: 4, Benchmarks: hubtest.Leaderboard(), Prompts: hubtest.PromptRealistic}, nil},
		"a_fifth_of_the_items":  {hubtest.CorpusOptions{Seed: 4, Models: 12, Benchmarks: hubtest.Scaled(hubtest.Leaderboard(), 0.2, 5)}, nil},
		"one_benchmark":         {hubtest.CorpusOptions{Seed: 6, Models: 16, Benchmarks: hubtest.Leaderboard()}, func(o *scraper.Options) { o.Only = []string{"hellaswag"} }},
		"nothing_of_the_models": {hubtest.CorpusOptions{Seed: 7, Models: 60}, func(o *scraper.Options) { o.NoModels = true }},
		"whole_files":           {hubtest.CorpusOptions{Seed: 8, Models: 6, Benchmarks: hubtest.Scaled(hubtest.Leaderboard(), 0.3, 5)}, func(o *scraper.Options) { o.Full = true }},
		"every_kind_of_broken":  {hubtest.CorpusOptions{Seed: 9, Models: 42, Broken: 1}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, c.corpus, hubtest.ServerOptions{})
			change := func(o *scraper.Options) {
				if c.change != nil {
					c.change(o)
				}
			}
			crawl, err := scraper.New(b.options(change))
			if err != nil {
				t.Fatal(err)
			}
			plan, err := crawl.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(b.store.Blocks())+len(b.store.Models()) != 0 {
				t.Error("a plan kept something")
			}
			did := b.crawl(change).Stats.Bytes
			off := float64(plan.Bytes.Total-did) / float64(did)
			t.Logf("foreseen %d, transferred %d (%+.1f %%): %+v, sampled %+v", plan.Bytes.Total, did, 100*off, plan.Bytes, plan.Sampled)
			if math.Abs(off) > 0.1 {
				t.Errorf("%d bytes foreseen, %d transferred: %+.1f %%", plan.Bytes.Total, did, 100*off)
			}
		})
	}
}
