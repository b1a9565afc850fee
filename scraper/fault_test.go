package scraper_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/scraper"
	"metabench/scraper/hub"
)

// Faults that a crawl survives without loss: all answers are right and nothing
// failed.
func TestCrawlSurvives(t *testing.T) {
	window := 5 * time.Minute
	cases := map[string]struct {
		faults []hubtest.Fault
		quotas map[hubtest.Plan]hubtest.Quota
	}{
		"many_429_with_headers":                {faults: []hubtest.Fault{{Kind: hubtest.FaultRateLimited, Duration: 55 * time.Second, Rate: 0.9}}},
		"many_429_from_the_edge":               {faults: []hubtest.Fault{{Kind: hubtest.FaultRateEdge, Rate: 0.9}}},
		"429_although_requests_are_left":       {faults: []hubtest.Fault{{Kind: hubtest.FaultRateLeft, Rate: 0.5}}},
		"tiny_quota_enforced":                  {quotas: map[hubtest.Plan]hubtest.Quota{hubtest.PlanAnonymous: {API: 15, Resolvers: 25, Pages: 5}}},
		"retry_after_seconds":                  {faults: []hubtest.Fault{{Kind: hubtest.FaultRetryAfter, Text: "7", Rate: 0.5}}},
		"retry_after_date":                     {faults: []hubtest.Fault{{Kind: hubtest.FaultRetryAfter, Text: "Mon, 23 Nov 2026 12:30:00 GMT", Rate: 0.5}}},
		"retry_after_ten_days":                 {faults: []hubtest.Fault{{Kind: hubtest.FaultRetryAfter, Text: "864000", Rate: 0.1}}},
		"retry_after_negative":                 {faults: []hubtest.Fault{{Kind: hubtest.FaultRetryAfter, Text: "-5", Rate: 0.5}}},
		"retry_after_nonsense":                 {faults: []hubtest.Fault{{Kind: hubtest.FaultRetryAfter, Text: "soon", Rate: 0.5}}},
		"server_errors":                        {faults: []hubtest.Fault{{Kind: hubtest.FaultStatus, Status: 503, Rate: 0.2}, {Kind: hubtest.FaultStatus, Status: 408, Rate: 0.1}}},
		"resets_before_headers":                {faults: []hubtest.Fault{{Kind: hubtest.FaultReset, Rate: 0.2}}},
		"resets_mid_body":                      {faults: []hubtest.Fault{{Kind: hubtest.FaultCut, Bytes: 100, Rate: 0.2}}},
		"short_but_well_formed_bodies":         {faults: []hubtest.Fault{{Kind: hubtest.FaultShort, Bytes: 7, Rate: 0.2}}},
		"wrong_content_length":                 {faults: []hubtest.Fault{{Kind: hubtest.FaultContentLength, Bytes: 5, Rate: 0.2}}},
		"ranges_ignored_at_times":              {faults: []hubtest.Fault{{Kind: hubtest.FaultIgnoreRange, Rate: 0.3}}},
		"ranges_never_offered":                 {faults: []hubtest.Fault{{Kind: hubtest.FaultIgnoreRange}}},
		"wrong_ranges":                         {faults: []hubtest.Fault{{Kind: hubtest.FaultContentRange, Rate: 0.2}}},
		"html_instead_of_ranges":               {faults: []hubtest.Fault{{Kind: hubtest.FaultHTML, Rate: 0.2, Routes: []hubtest.Route{hubtest.RouteCDN}}}},
		"signatures_expire":                    {faults: []hubtest.Fault{{Kind: hubtest.FaultExpired, Rate: 0.3}}},
		"storage_refuses_at_random":            {faults: []hubtest.Fault{{Kind: hubtest.FaultForbidden, Rate: 0.3}}},
		"storage_redirects_within_storage":     {faults: []hubtest.Fault{{Kind: hubtest.FaultRedirectChain, Bytes: 2}}},
		"old_names_served_directly":            {faults: []hubtest.Fault{{Kind: hubtest.FaultOldNameDirect}}},
		"redirects_without_metadata":           {faults: []hubtest.Fault{{Kind: hubtest.FaultNoLinked}}},
		"listing_without_commits":              {faults: []hubtest.Fault{{Kind: hubtest.FaultPlainList}}},
		"tree_without_hashes_of_large_files":   {faults: []hubtest.Fault{{Kind: hubtest.FaultTreeWithoutH}}},
		"gzip_without_length":                  {faults: []hubtest.Fault{{Kind: hubtest.FaultGzip}}},
		"pages_of_two_entries":                 {faults: []hubtest.Fault{{Kind: hubtest.FaultPageSize, Bytes: 2, Text: "2"}}},
		"pages_that_repeat_an_entry":           {faults: []hubtest.Fault{{Kind: hubtest.FaultPageSize, Bytes: 3, Text: "3"}, {Kind: hubtest.FaultRepeatEntry}}},
		"everything_at_once_but_not_all_of_it": {faults: []hubtest.Fault{{Kind: hubtest.FaultStatus, Status: 500, Rate: 0.1}, {Kind: hubtest.FaultReset, Rate: 0.1}, {Kind: hubtest.FaultCut, Rate: 0.1}, {Kind: hubtest.FaultForbidden, Rate: 0.1}, {Kind: hubtest.FaultRateEdge, Rate: 0.1}}},
		"tree_with_paths_out_of_the_folder":    {faults: []hubtest.Fault{{Kind: hubtest.FaultHostileTree}}},
		"ranges_of_the_wrong_place_and_resets": {faults: []hubtest.Fault{{Kind: hubtest.FaultContentRange, Rate: 0.1}, {Kind: hubtest.FaultReset, Rate: 0.1}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, hubtest.CorpusOptions{Seed: 3, Models: 6}, hubtest.ServerOptions{Faults: c.faults, Quotas: c.quotas})
			started := b.clock.Now()
			s := b.crawl(func(o *scraper.Options) {
				o.Hub = b.hub(func(h *hub.Options) { h.MaxWait = 1000 * time.Hour; h.Attempts = 12; h.Log = verbose(t) })
				o.Log = verbose(t)
			})
			b.wantTruthAt(strings.HasPrefix(name, "tree_without"))
			if s.Failed != 0 {
				t.Errorf("%d failures: %+v", s.Failed, s.Failures)
			}
			if counters := b.server.Counters(); len(c.faults) > 0 && len(counters.ByFault) == 0 && !strings.HasPrefix(name, "old_names") {
				t.Error("the fault never struck")
			}
			if c.quotas != nil {
				if n := b.server.Counters().ByStatus[http.StatusTooManyRequests]; n != 0 {
					t.Errorf("%d requests went beyond the quota although it was announced", n)
				}
				if b.clock.Now().Sub(started) < window {
					t.Error("the crawl did not wait for a new window")
				}
			}
		})
	}
}

// Faults that last: what fails is reported with the right status, nothing wrong is stored,
// and the rest of the crawl is as usual.
func TestCrawlReports(t *testing.T) {
	gsm8k := "gsm8k"
	cases := map[string]struct {
		faults []hubtest.Fault
		full   bool
		status corpus.Status // of the gsm8k task of every model
		hint   string        // in the error
	}{
		"altered_bytes_of_the_right_size": {
			faults: []hubtest.Fault{{Kind: hubtest.FaultWrongHash, Match: gsm8k}, {Kind: hubtest.FaultWrongHash, Routes: []hubtest.Route{hubtest.RouteTree}}}, full: true,
			status: corpus.StatusPermanent, hint: "hash"},
		"storage_always_refuses":           {faults: []hubtest.Fault{{Kind: hubtest.FaultForbidden}}, status: corpus.StatusTransient, hint: "refuses"},
		"storage_always_down":              {faults: []hubtest.Fault{{Kind: hubtest.FaultStatus, Status: 502, Routes: []hubtest.Route{hubtest.RouteCDN}}}, status: corpus.StatusTransient, hint: "502"},
		"redirects_without_an_end":         {faults: []hubtest.Fault{{Kind: hubtest.FaultRedirectLoop, Routes: []hubtest.Route{hubtest.RouteResolve}, Match: gsm8k}}, status: corpus.StatusPermanent, hint: "redirects"},
		"redirect_to_a_foreign_host":       {faults: []hubtest.Fault{{Kind: hubtest.FaultRedirectHost, Text: "evil.example", Match: gsm8k}}, status: corpus.StatusPolicy, hint: "evil.example"},
		"storage_redirects_without_an_end": {faults: []hubtest.Fault{{Kind: hubtest.FaultRedirectChain, Bytes: 50}}, status: corpus.StatusPermanent, hint: "redirects"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, hubtest.CorpusOptions{Seed: 4, Models: 4}, hubtest.ServerOptions{Faults: c.faults})
			s, err := b.tryCrawl(t.Context(), func(o *scraper.Options) { o.Full = c.full })
			if err != nil {
				t.Fatal(err)
			}
			if s.Tasks[c.status] == 0 {
				t.Errorf("no task is %s: %v", c.status, s.Tasks)
			}
			for _, r := range b.truth().Repos() {
				files, err := b.store.Files(t.Context(), r.Listed)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range files {
					if f.Task == gsm8k && (f.Status != c.status || !strings.Contains(f.Error, c.hint)) {
						t.Errorf("%s: %s %q, want %s with %q", f.Path, f.Status, f.Error, c.status, c.hint)
					}
					if strings.Contains(f.Error, "Signature") || strings.Contains(f.Error, "Expires") {
						t.Errorf("a signed address in an error: %s", f.Error)
					}
				}
			}
			for _, block := range b.store.Blocks() {
				if block.Task == gsm8k {
					t.Errorf("%s: a block of gsm8k was kept", block.Model)
				}
			}
			if c.status == corpus.StatusTransient && s.Failed == 0 {
				t.Error("the summary says that nothing failed")
			}
			// Without the fault, transient failures are read by the next crawl, others on request.
			b.server.SetFaults()
			b.crawl(func(o *scraper.Options) { o.RetryFailed = c.status != corpus.StatusTransient })
			b.wantTruth()
		})
	}
}

// A commit that arrives between listing and reading changes nothing: the listed
// commit is read. The next crawl reads the new one.
func TestCommitsThatArriveWhileReading(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 6, Models: 4}, hubtest.ServerOptions{})
	listed := map[string]string{}
	for _, r := range b.truth().Repos() {
		listed[r.Repo] = r.Commit
	}
	b.server.SetFaults(hubtest.Fault{Kind: hubtest.FaultMovingHead})
	if s := b.crawl(); s.Failed != 0 {
		t.Errorf("failures: %+v", s.Failures)
	}
	blocks := b.store.Blocks()
	if len(blocks) != 4*8 {
		t.Errorf("%d blocks", len(blocks))
	}
	for _, k := range blocks {
		if k.File.Commit != listed[k.File.Repo] {
			t.Errorf("%s was read at %s, the listing said %s", k.File.Path, k.File.Commit, listed[k.File.Repo])
		}
	}
	b.server.SetFaults()
	b.crawl()
	b.wantTruth()
}

// Faults of the listing end the crawl before it begins.
func TestHostileListingsEndTheCrawl(t *testing.T) {
	cases := map[string]struct {
		fault hubtest.Fault
		hint  string
	}{
		"link_to_another_host":  {hubtest.Fault{Kind: hubtest.FaultLinkHost, Text: "evil.example"}, "evil.example"},
		"link_to_the_same_page": {hubtest.Fault{Kind: hubtest.FaultLinkLoop}, "links back"},
		"pages_for_ever":        {hubtest.Fault{Kind: hubtest.FaultLinkEndless}, "bring nothing new"},
		"gzip_bomb":             {hubtest.Fault{Kind: hubtest.FaultGzipBomb}, "larger than its bound"},
		"listing_cut_short":     {hubtest.Fault{Kind: hubtest.FaultCutJSON, Bytes: 80}, "unexpected end"},
		"hub_down":              {hubtest.Fault{Kind: hubtest.FaultStatus, Status: 503}, "503"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.fault.Routes = []hubtest.Route{hubtest.RouteList}
			b := newBench(t, hubtest.CorpusOptions{Seed: 5, Models: 4}, hubtest.ServerOptions{Faults: []hubtest.Fault{
				{Kind: hubtest.FaultPageSize, Text: "2", Bytes: 2, Routes: c.fault.Routes}, c.fault}})
			_, err := b.tryCrawl(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("error %v, want one with %q", err, c.hint)
			}
			if n := len(b.server.Requests()); n > 20 {
				t.Errorf("%d requests for nothing", n)
			}
		})
	}
}
