package scraper_test

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/storetest"
	"metabench/scraper"
)

func TestSelectionLeavesTheRestForLater(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 30, Models: 9}, hubtest.ServerOptions{})
	if s := b.crawl(func(o *scraper.Options) { o.Only = []string{"arc", "gsm8k"} }); s.Tasks[corpus.StatusDone] != 9*2 {
		t.Errorf("two benchmarks: %v", s.Tasks)
	}
	b.server.Reset()
	if s := b.crawl(func(o *scraper.Options) { o.Only = []string{"arc", "gsm8k"} }); s.Fetched != 0 || len(b.server.Requests()) > 6 {
		t.Errorf("the same two again: %d fetched with %d requests", s.Fetched, len(b.server.Requests()))
	}
	org, _, _ := strings.Cut(b.corpus.Models()[0], "/")
	s := b.crawl(func(o *scraper.Options) { o.Models = []string{org + "/*"}; o.Limit = 1 })
	if s.Fetched != 1 || s.Tasks[corpus.StatusDone] != 6 {
		t.Errorf("one model of %s: %d fetched, %v", org, s.Fetched, s.Tasks)
	}
	if s = b.crawl(func(o *scraper.Options) { o.Limit = 3 }); s.Fetched != 3 {
		t.Errorf("limit of 3: %d fetched", s.Fetched)
	}
	if s = b.crawl(); s.Fetched != 5 {
		t.Errorf("the rest: %d fetched", s.Fetched)
	}
	b.wantTruth()
	b.wantLeaderboard()
	for _, r := range b.server.Requests() {
		if r.Route == hubtest.RouteResolve && strings.Contains(r.Path, "arc") && path.Ext(r.Path) == ".parquet" {
			t.Errorf("%s was read a second time", r.Path)
		}
	}
}

func TestAddedBenchmarkIsReadWhenAskedFor(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 31, Models: 3}, hubtest.ServerOptions{})
	all := b.truth().Benchmarks()
	b.crawl(func(o *scraper.Options) { o.Benchmarks = all[1:] })
	if s := b.crawl(func(o *scraper.Options) { o.Only = []string{all[0].Name} }); s.Tasks[corpus.StatusDone] != 3 {
		t.Errorf("the added benchmark: %v", s.Tasks)
	}
	b.wantTruth()
}

func TestFullVerificationIsInTheProvenance(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 32, Models: 2}, hubtest.ServerOptions{})
	for full, want := range map[bool]corpus.Verification{false: corpus.VerifiedStructure, true: corpus.VerifiedHash} {
		b.store = &storetest.Memory{}
		b.crawl(func(o *scraper.Options) { o.Full = full })
		b.wantTruth()
		for _, k := range b.store.Blocks() {
			if k.File.Verified != want || k.File.Order == "" {
				t.Errorf("full %v: verified %q, order %q", full, k.File.Verified, k.File.Order)
			}
		}
	}
}

func TestFaithfulSelectionTakesTheCardsLatest(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 33, Models: 4, Broken: 1, Cases: []hubtest.Case{hubtest.CaseLimitedLatest}}, hubtest.ServerOptions{})
	s := b.crawl(func(o *scraper.Options) { o.Selection = scraper.SelectFaithful })
	if s.Tasks[corpus.StatusPermanent] == 0 {
		t.Errorf("the smoke tests that the card calls latest were not met: %v", s.Tasks)
	}
	for _, k := range b.store.Blocks() {
		if slices.Contains(k.Correct, corpus.Missing) {
			t.Errorf("%s/%s: a smoke test was kept", k.Model, k.Task)
		}
	}
}

func TestRetryFailedReadsAgainWhatFailedForGood(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 34, Models: 3, Broken: 1, Cases: []hubtest.Case{hubtest.CaseShortTask}}, hubtest.ServerOptions{})
	b.crawl()
	if s := b.crawl(); s.Fetched != 0 {
		t.Errorf("without being asked: %d fetched", s.Fetched)
	}
	if s := b.crawl(func(o *scraper.Options) { o.RetryFailed = true }); s.Fetched != 3 || s.Tasks[corpus.StatusPermanent] != 3 || s.Tasks[corpus.StatusDone] != 0 {
		t.Errorf("asked: %d fetched, %v; want only the failed task of each", s.Fetched, s.Tasks)
	}
	for _, r := range b.truth().Repos() {
		files, err := b.store.Files(t.Context(), r.Listed)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Status == corpus.StatusPermanent && f.Attempts != 2 {
				t.Errorf("%s: %d attempts, want 2", f.Path, f.Attempts)
			}
		}
	}
}

func TestBadTokenEndsTheCrawlAndHidesNothing(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 35, Models: 3}, hubtest.ServerOptions{})
	client := b.hub(withToken("hf_nobody"))
	_, err := b.tryCrawl(t.Context(), func(o *scraper.Options) { o.Hub = client })
	if err == nil || !strings.Contains(err.Error(), "HF_TOKEN") || strings.Contains(err.Error(), "hf_nobody") {
		t.Errorf("error %v, want one that names HF_TOKEN and not the token", err)
	}
	if repos, _ := b.store.Repos(t.Context()); len(repos) != 0 {
		t.Errorf("a bad token was taken for %d missing repositories", len(repos))
	}
}

func TestTokenOpensGatedRepositoriesAndNeverReachesStorage(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 36, Models: 3, Broken: 1, Cases: []hubtest.Case{hubtest.CaseGated}}, hubtest.ServerOptions{})
	if s := b.crawl(); len(s.Failures) != 3 || s.Failed != 0 || s.Failures[0].Status != corpus.StatusPolicy {
		t.Errorf("anonymous: %+v, %d failed; gated repositories are a matter of policy", s.Failures, s.Failed)
	}
	if n := b.server.Counters().ByStatus[http.StatusUnauthorized]; n > 3 {
		t.Errorf("%d refusals: one is enough for a repository", n)
	}
	client := b.hub(withToken(hubtest.TokenMember))
	if s := b.crawl(func(o *scraper.Options) { o.Hub = client; o.RetryFailed = true }); s.Tasks[corpus.StatusDone] != 24 {
		t.Errorf("with a token that has access: %v", s.Tasks)
	}
	sent := 0
	for _, r := range b.server.Requests() {
		if r.Header.Get("Authorization") != "" {
			sent++
			if r.Host == hubtest.HostCDN {
				t.Fatal("the token reached the storage")
			}
		}
	}
	if sent == 0 {
		t.Error("the token was never sent")
	}
}
