package scraper_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/scraper"
	"metabench/scraper/hub"
)

// The crawl's figures, against the replica:
//
//	go test ./scraper -run '^$' -bench . -benchtime 1x
//
// B/model are body bytes over the wire, hub-req/model requests that count against a
// quota. The replica runs in the same process, so times and memory are upper bounds.

// realistic is a corpus with prompts of the real files' size: 30 MB a model.
func realistic(models int) hubtest.CorpusOptions {
	return hubtest.CorpusOptions{Seed: 20, Models: models, Benchmarks: hubtest.Leaderboard(), Prompts: hubtest.PromptRealistic}
}

func perModel(b *testing.B, s *scraper.Summary, models int) {
	b.ReportMetric(float64(s.Stats.Bytes)/float64(models), "B/model")
	b.ReportMetric(float64(s.HubRequests)/float64(models), "hub-req/model")
	b.ReportMetric(float64(models)/s.Seconds, "models/s")
	b.ReportMetric(float64(s.Failed), "failed")
}

// BenchmarkBytesRanged measures what a model costs with ranged reading, the questions
// that the first models of every kind of file cost included.
func BenchmarkBytesRanged(b *testing.B) { benchmarkBytes(b, 40, false) }

// BenchmarkBytesWhole downloads and hashes everything: the other side of the
// comparison.
func BenchmarkBytesWhole(b *testing.B) { benchmarkBytes(b, 4, true) }

func benchmarkBytes(b *testing.B, models int, full bool) {
	for b.Loop() {
		bench := newBench(b, realistic(models), hubtest.ServerOptions{})
		perModel(b, bench.crawl(func(o *scraper.Options) { o.Full = full }), models)
	}
}

// BenchmarkCrawl measures models a second with the quota off.
func BenchmarkCrawl(b *testing.B) {
	const models = 60
	for b.Loop() {
		bench := newBench(b, hubtest.CorpusOptions{Seed: 21, Models: models, Benchmarks: hubtest.Leaderboard()}, hubtest.ServerOptions{})
		perModel(b, bench.crawl(), models)
	}
}

// BenchmarkNoChange measures a crawl of 5,000 repositories of which none has changed.
func BenchmarkNoChange(b *testing.B) {
	bench := newBench(b, hubtest.CorpusOptions{Seed: 22, Models: 5000}, hubtest.ServerOptions{})
	bench.recordListing()
	for b.Loop() {
		s := bench.crawl()
		b.ReportMetric(float64(s.HubRequests), "hub-req")
		b.ReportMetric(float64(s.Fetched), "fetched")
	}
	b.ReportMetric(peakMegabytes(), "peak-MB")
}

// BenchmarkStorm measures a crawl of which 90 % of the requests to the Hub are
// answered by 429; its waits are on a virtual clock.
func BenchmarkStorm(b *testing.B) {
	const models = 10
	for b.Loop() {
		bench := newBench(b, hubtest.CorpusOptions{Seed: 23, Models: models}, hubtest.ServerOptions{
			Faults: []hubtest.Fault{{Kind: hubtest.FaultRateLimited, Duration: 55 * time.Second, Rate: 0.9}}})
		started := bench.clock.Now()
		s := bench.crawl(func(o *scraper.Options) {
			o.Hub = bench.hub(func(h *hub.Options) { h.MaxWait = 10000 * time.Hour })
		})
		b.ReportMetric(float64(s.Failed), "failed")
		b.ReportMetric(float64(s.Stats.Limited), "429s")
		b.ReportMetric(bench.clock.Now().Sub(started).Hours(), "virtual-hours")
	}
}

// recordListing makes the store believe that everything listed has been read.
func (b *bench) recordListing() {
	b.t.Helper()
	record := func(d corpus.RepoState) error {
		d.Status = corpus.StatusDone
		return b.store.Record(b.t.Context(), corpus.Delivery{Repo: d})
	}
	client := b.hub()
	err := client.Datasets(b.t.Context(), hubtest.Namespace, "details_", func(d hub.Dataset) error {
		return record(corpus.RepoState{Repo: d.Repo, Commit: d.SHA, Model: strings.TrimPrefix(d.Repo, hubtest.Namespace+"/details_")})
	})
	if err != nil {
		b.t.Fatal(err)
	}
	head, err := client.Dataset(b.t.Context(), hubtest.ResultsRepo)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := record(corpus.RepoState{Repo: hubtest.ResultsRepo, Commit: head.SHA}); err != nil {
		b.t.Fatal(err)
	}
}

// peakMegabytes is the process's greatest resident size so far; 0 where the system
// doesn't say.
func peakMegabytes() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kb, err := strconv.ParseFloat(fields[1], 64)
			if err == nil {
				return kb / 1024
			}
		}
	}
	return 0
}
