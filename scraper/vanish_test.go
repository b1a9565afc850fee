package scraper_test

import (
	"testing"
	"time"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/scraper"
)

// gone returns the repositories that are recorded as vanished.
func (b *bench) gone() map[string]time.Time {
	b.t.Helper()
	all, err := b.store.Repos(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	gone := map[string]time.Time{}
	for _, r := range all {
		if !r.Gone.IsZero() {
			gone[r.Repo] = r.Gone
		}
	}
	return gone
}

func TestModelsTakenOffTheHubAreToldAndKept(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 41, Models: 12}, hubtest.ServerOptions{})
	b.crawl()
	blocks := len(b.store.Blocks())
	models := b.corpus.Models()
	night := func(step string, vanished, returned, standing int, change ...func(*scraper.Options)) {
		t.Helper()
		b.clock.Advance(24 * time.Hour)
		s := b.crawl(append([]func(*scraper.Options){func(o *scraper.Options) { o.Now = b.clock.Now }}, change...)...)
		if s.Vanished != vanished || s.Returned != returned || s.Standing.Vanished != standing || len(b.gone()) != standing || s.Standing.Failed() != 0 {
			t.Errorf("%s: %d vanished, %d returned, %d gone in all, %d failed; want %d, %d, %d and none", step, s.Vanished, s.Returned, s.Standing.Vanished, s.Standing.Failed(), vanished, returned, standing)
		}
		if len(b.store.Blocks()) != blocks {
			t.Errorf("%s: %d blocks, want all %d", step, len(b.store.Blocks()), blocks)
		}
	}
	b.absent.Remove(models[:10]...)
	night("some models only", 0, 0, 0, func(o *scraper.Options) { o.Models = []string{models[11]} })
	night("a few models only", 0, 0, 0, func(o *scraper.Options) { o.Limit = 1 })
	b.server.SetFaults(hubtest.Fault{Kind: hubtest.FaultCutJSON, Routes: []hubtest.Route{hubtest.RouteList}})
	if s, err := b.tryCrawl(t.Context()); err == nil || s.Vanished != 0 || len(b.gone()) != 0 {
		t.Errorf("a listing that can't be read: %v, %d gone", err, len(b.gone()))
	}
	b.server.SetFaults()
	night("ten taken off", 10, 0, 10)
	since := b.gone()
	night("the night after", 0, 0, 10)
	for repo, at := range b.gone() {
		if !at.Equal(since[repo]) {
			t.Errorf("%s is gone since %v, and was since %v", repo, at, since[repo])
		}
	}
	b.absent.Restore(models[:3]...)
	b.corpus.Push(models[0]) // one of them comes back with another run
	night("three are back", 0, 3, 7)
	b.absent.Remove(models...)
	night("a listing of nothing", 0, 0, 7)
	b.absent.Restore(models...)
	night("all are back", 0, 7, 0)
	b.wantTruth()
}

// A crawl that tries no failure again still counts the standing failures.
func TestStandingFailuresAreToldEveryNight(t *testing.T) {
	refused := small()
	for k := range refused {
		refused[k].Tasks = append([]corpus.Task(nil), refused[k].Tasks...)
		for i := range refused[k].Tasks {
			refused[k].Tasks[i].Items++ // no file has as many rows
		}
	}
	b := newBench(t, hubtest.CorpusOptions{Seed: 42, Models: 5, Broken: 0.4, Cases: []hubtest.Case{hubtest.CaseDeleted, hubtest.CaseGated}}, hubtest.ServerOptions{})
	for night := range 3 {
		s := b.crawl(func(o *scraper.Options) { o.Benchmarks = refused })
		if (s.Failed > 0) != (night == 0) {
			t.Errorf("night %d: %d failed in it", night, s.Failed)
		}
		want := corpus.Standing{Repositories: corpus.Failing{Permanent: 1, Policy: 1}, Files: corpus.Failing{Permanent: 3 * 8}}
		if s.Standing.Repositories != want.Repositories || s.Standing.Files != want.Files || s.Standing.Failed() != 25 || s.Standing.FailedShare() != 1 {
			t.Errorf("night %d: standing %+v, want %+v", night, s.Standing, want)
		}
		for _, k := range s.Standing.Benchmarks {
			if k.Models != 5 || k.Answered != 0 || k.Permanent != 4 || k.Policy != 1 {
				t.Errorf("night %d: %+v", night, k)
			}
		}
	}
	all, err := b.store.Repos(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if (r.Status == corpus.StatusPermanent || r.Status == corpus.StatusPolicy) && r.Error == "" {
			t.Errorf("%s is %s without a reason", r.Repo, r.Status)
		}
	}
}
