package scraper_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/storetest"
	"metabench/scraper"
	"metabench/scraper/hub"
)

// tripper counts requests and calls a function at each.
type tripper struct {
	base http.RoundTripper
	n    atomic.Int64
	at   func(n int64)
}

func (r *tripper) RoundTrip(req *http.Request) (*http.Response, error) {
	r.at(r.n.Add(1))
	return r.base.RoundTrip(req)
}

// A crawl that is interrupted every few requests and started again ends with the same
// answers as one without interruption, and what was delivered is not read again.
func TestCrawlContinuesAfterInterruptionAtAnyRequest(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 7, Models: 8, Broken: 0.5, Cases: []hubtest.Case{
		hubtest.CaseLimitedLatest, hubtest.CaseFallback, hubtest.CaseShuffled, hubtest.CaseGated}}, hubtest.ServerOptions{})
	rounds := 0
	for every := int64(10); ; every += 3 {
		rounds++
		ctx, cancel := context.WithCancel(t.Context())
		_, err := b.tryCrawl(ctx, func(o *scraper.Options) {
			o.Batch = 4
			o.Hub = b.hub(func(h *hub.Options) {
				h.Transport = &tripper{base: h.Transport, at: func(n int64) {
					if n == every {
						cancel()
					}
				}}
			})
		})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("round %d: %v", rounds, err)
		}
		if rounds > 200 {
			t.Fatal("the crawl makes no progress")
		}
	}
	b.wantTruth()
	if rounds < 5 {
		t.Errorf("only %d rounds: nothing was interrupted", rounds)
	}
	// Of every file, the answers were read once, and a second time at most if the
	// interruption came between reading and delivery.
	resolved := map[string]int{}
	for _, r := range b.server.Requests() {
		if r.Route == hubtest.RouteResolve && r.Status == http.StatusFound {
			resolved[r.Path]++
		}
	}
	again := 0
	for _, n := range resolved {
		again += n - 1
	}
	if limit := rounds * 8 * (4 + 1); again > limit { // workers × files not yet delivered
		t.Errorf("%d files were read again in %d rounds", again, rounds)
	}
}

func TestUnchangedHubCostsAHandfulOfRequests(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 8, Models: 40, Broken: 0.5}, hubtest.ServerOptions{})
	b.crawl()
	blocks := b.store.Blocks()
	b.server.Reset()
	s := b.crawl()
	if n := len(b.server.Requests()); n > 6 {
		t.Errorf("%d requests for nothing new", n)
	}
	if s.Fetched != 0 || s.Failed != 0 {
		t.Errorf("summary %+v", s)
	}
	if !reflect.DeepEqual(blocks, b.store.Blocks()) {
		t.Error("blocks changed")
	}
}

// Listing 5,000 repositories of which nothing is new costs at most 20 requests and
// little memory.
func TestNothingNewAmongFiveThousandRepositories(t *testing.T) {
	if testing.Short() {
		t.Skip("lists 5,000 repositories")
	}
	b := newBench(t, hubtest.CorpusOptions{Seed: 9, Models: 5000}, hubtest.ServerOptions{})
	b.recordListing()
	b.server.Reset()
	s := b.crawl()
	if s.HubRequests > 20 || s.Unchanged != 5000 || s.Fetched != 0 {
		t.Errorf("%d requests, %d unchanged, %d fetched", s.HubRequests, s.Unchanged, s.Fetched)
	}
}

func TestPushedRunReplacesTheOldOne(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 10, Models: 5}, hubtest.ServerOptions{})
	b.crawl()
	b.corpus.Push(b.corpus.Models()[2])
	s := b.crawl()
	b.wantTruth()
	if s.Fetched != 1 || s.Unchanged != 4 {
		t.Errorf("%d fetched, %d unchanged; want 1 and 4", s.Fetched, s.Unchanged)
	}
}

func TestAnyNumberOfWorkersGivesTheSameStore(t *testing.T) {
	var want []corpus.Block
	b := newBench(t, hubtest.CorpusOptions{Seed: 11, Models: 10, Broken: 0.7, Cases: []hubtest.Case{hubtest.CaseShuffled}}, hubtest.ServerOptions{})
	for _, workers := range []int{1, 2, 7, 16} {
		b.store = &storetest.Memory{}
		fixed := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		b.crawl(func(o *scraper.Options) { o.Parallel = workers; o.Now = func() time.Time { return fixed } })
		got := b.store.Blocks()
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%d workers give other blocks than one:\n%s", workers, cmp.Diff(want, got))
		}
	}
}

func TestCancelledCrawlReturnsAtOnce(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 12, Models: 5}, hubtest.ServerOptions{
		Faults: []hubtest.Fault{{Kind: hubtest.FaultLatency, Duration: time.Hour, Routes: []hubtest.Route{hubtest.RouteCDN}}}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := b.tryCrawl(ctx)
		done <- err
	}()
	for b.server.Counters().ByRoute[hubtest.RouteResolve] == 0 {
		runtime.Gosched()
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	case <-time.After(20 * time.Second): // 2 s on an idle machine
		t.Fatal("the crawl goes on after it was cancelled")
	}
}

func TestStalledAndDrippingTransfersAreCutAndRepeated(t *testing.T) {
	for name, fault := range map[string]hubtest.Fault{
		"body_stops":        {Kind: hubtest.FaultStall, Bytes: 50, Rate: 0.3},
		"body_comes_slowly": {Kind: hubtest.FaultDrip, Duration: time.Hour, Rate: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, hubtest.CorpusOptions{Seed: 13, Models: 2}, hubtest.ServerOptions{Faults: []hubtest.Fault{fault}})
			b.crawl(func(o *scraper.Options) {
				o.Hub = b.hub(func(h *hub.Options) {
					h.StallWindow, h.Attempts = 300*time.Millisecond, 20
					h.Transport.(*http.Transport).ResponseHeaderTimeout = 300 * time.Millisecond
				})
			})
			b.wantTruth()
			if len(b.server.Counters().ByFault) == 0 {
				t.Error("the fault never struck")
			}
		})
	}
}

func TestServerThatIsGoneEndsTheCrawlSoon(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 14, Models: 30}, hubtest.ServerOptions{})
	var closed atomic.Bool
	_, err := b.tryCrawl(t.Context(), func(o *scraper.Options) {
		o.Hub = b.hub(func(h *hub.Options) {
			h.Transport = &tripper{base: h.Transport, at: func(n int64) {
				if n > 60 && closed.CompareAndSwap(false, true) {
					_ = b.server.Close() // the second Close, at the end, says whether it worked
				}
			}}
		})
	})
	if !errors.Is(err, scraper.ErrUnreachable) {
		t.Errorf("error %v, want one that says the Hub is out of reach", err)
	}
}

func TestPlanForeseesTheRequestsOfACrawl(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 15, Models: 10}, hubtest.ServerOptions{})
	c, err := scraper.New(b.options())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(b.store.Blocks()) != 0 {
		t.Error("planning fetched something")
	}
	if plan.Repositories != 10 || plan.Files != 80 {
		t.Errorf("plan %+v, want 10 repositories and 80 files", plan)
	}
	b.server.Reset()
	b.crawl()
	done := b.server.Counters().Hub
	foreseen := plan.Requests.API + plan.Requests.Resolvers
	if d := done - foreseen; d < -foreseen/20-8 || d > foreseen/20+8 { // 5 %, and the listing itself
		t.Errorf("%d requests foreseen, %d made", foreseen, done)
	}
}
