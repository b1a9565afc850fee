package hub

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// jumpClock moves on instead of waiting, and records the waits.
type jumpClock struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

func newJumpClock() *jumpClock {
	return &jumpClock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
}

func (c *jumpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *jumpClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waits = append(c.waits, d)
	return ctx.Err()
}

// world responds to requests without a network.
type world func(*http.Request) *http.Response

func (w world) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := w(r)
	if resp == nil {
		return nil, errors.New("connection refused")
	}
	resp.Request = r
	return resp, nil
}

func respond(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func newTestClient(t *testing.T, w world, change ...func(*Options)) (*Client, *jumpClock) {
	t.Helper()
	clock := newJumpClock()
	o := Options{Transport: w, Clock: clock, Seed: 1}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, clock
}

const canary = "hf_CANARYcanaryCANARY"

// The token goes to the configured endpoint only, and neither it nor a signature is in any
// log or error.
func TestTokenStaysWithTheEndpoint(t *testing.T) {
	cases := map[string]struct {
		endpoint string
		location string // of the resolver's redirect
		second   string // of the next hop's redirect; empty: it serves the file
		fails    bool
	}{
		"to_a_download_host":              {"https://huggingface.co", "https://cdn-lfs.huggingface.co/f?Signature=SECRET", "", false},
		"between_download_hosts":          {"https://huggingface.co", "https://a.hf.co/f?Signature=SECRET", "https://b.a.hf.co/f?Signature=SECRET", false},
		"below_the_hub_and_back_to_it":    {"https://huggingface.co", "https://cdn.huggingface.co/f?Signature=SECRET", "https://huggingface.co/api/datasets?Signature=SECRET", true},
		"down_to_plain_http":              {"https://huggingface.co", "http://huggingface.co/f?Signature=SECRET", "", true},
		"to_another_port":                 {"https://huggingface.co", "https://huggingface.co:8443/f?Signature=SECRET", "", true},
		"to_a_foreign_host":               {"https://huggingface.co", "https://evil.example/f?Signature=SECRET", "", true},
		"to_a_name_that_looks_like_ours":  {"https://huggingface.co", "https://huggingface.co.evil.example/f?Signature=SECRET", "", true},
		"to_an_ending_that_looks_like":    {"https://huggingface.co", "https://evilhf.co/f?Signature=SECRET", "", true},
		"with_a_user_in_the_address":      {"https://huggingface.co", "https://huggingface.co@evil.example/f?Signature=SECRET", "", true},
		"with_a_user_at_a_download_host":  {"https://huggingface.co", "https://u:p@cdn.hf.co/f?Signature=SECRET", "", true},
		"into_the_local_network":          {"https://huggingface.co", "http://169.254.169.254/latest?Signature=SECRET", "", true},
		"to_loopback":                     {"https://huggingface.co", "http://127.0.0.1/f?Signature=SECRET", "", true},
		"from_a_mirror_to_the_real_hub":   {"https://mirror.example", "https://cdn.hf.co/f?Signature=SECRET", "", false},
		"from_loopback_to_other_loopback": {"http://127.0.0.1:8089", "http://localhost:9000/f?Signature=SECRET", "", false},
		"from_loopback_to_another_port":   {"http://127.0.0.1:8089", "http://127.0.0.1:9000/f?Signature=SECRET", "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			withToken, leaks := 0, 0
			client, _ := newTestClient(t, func(r *http.Request) *http.Response {
				self := r.URL.Scheme+"://"+r.URL.Host == c.endpoint
				if r.Header.Get("Authorization") == "Bearer "+canary {
					withToken++
					if !self {
						leaks++
					}
				}
				switch {
				case self && strings.Contains(r.URL.Path, "/resolve/"):
					return respond(302, "Found", "Location", c.location)
				case self:
					return respond(200, "[]")
				case c.second != "" && r.URL.String() != c.second:
					return respond(302, "Found", "Location", c.second)
				}
				return respond(206, "PAR1", "Content-Range", "bytes 0-3/4")
			}, func(o *Options) {
				o.Endpoint, o.Token = c.endpoint, canary
				o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			remote, err := client.Open(t.Context(), "o/r", strings.Repeat("a", 40), Entry{Path: "f.parquet", Size: 4})
			if err == nil {
				_, err = remote.ReadAt(make([]byte, 4), 0)
				if closeErr := remote.Close(); closeErr != nil {
					t.Error(closeErr)
				}
			}
			if (err != nil) != c.fails {
				t.Errorf("error %v, want one: %v", err, c.fails)
			}
			if err != nil && KindOf(err) != KindRefused {
				t.Errorf("kind %q, want refused", KindOf(err))
			}
			if withToken == 0 || leaks > 0 {
				t.Errorf("token sent %d times, of these %d to others", withToken, leaks)
			}
			for _, text := range []string{log.String(), fmt.Sprint(err), fmt.Sprintf("%+v", client.Stats())} {
				if strings.Contains(text, canary) || strings.Contains(text, "SECRET") {
					t.Errorf("secret in %q", text)
				}
			}
		})
	}
}

func TestSignedAddressIsNotInNetworkErrors(t *testing.T) {
	client, _ := newTestClient(t, func(r *http.Request) *http.Response {
		if strings.Contains(r.URL.Path, "/resolve/") {
			return respond(302, "", "Location", "https://cdn.hf.co/f?Signature=SECRET")
		}
		return nil
	})
	remote, err := client.Open(t.Context(), "o/r", "main", Entry{Path: "f", Size: 4})
	if err != nil {
		t.Fatal(err)
	}
	_, err = remote.ReadAt(make([]byte, 4), 0)
	if KindOf(err) != KindNetwork || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("error %v", err)
	}
}

func TestEndpointIsChecked(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"https://huggingface.co": true, "https://huggingface.co/": true, "https://mirror.example:8443": true,
		"http://127.0.0.1:8089": true, "http://localhost:1": true, "http://[::1]:1": true,
		"http://huggingface.co": false, "http://10.0.0.1": false, "ftp://huggingface.co": false, "huggingface.co": false,
		"https://user:pw@huggingface.co": false, "https://huggingface.co/path": false, "https://huggingface.co?x=1": false, "": true,
	} {
		if _, err := New(Options{Endpoint: endpoint}); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// Colly's settings can be changed from the environment, and several of its defaults
// would damage a crawl.
func TestCollyTrapsAreDisarmed(t *testing.T) {
	t.Setenv("COLLY_MAX_BODY_SIZE", "10")
	t.Setenv("COLLY_CACHE_DIR", t.TempDir())
	t.Setenv("COLLY_ALLOWED_DOMAINS", "elsewhere.example")
	t.Setenv("COLLY_PARSE_HTTP_ERROR_RESPONSE", "no")
	t.Setenv("COLLY_MAX_REQUESTS", "1")
	big := strings.Repeat(`{"type":"file","path":"p","size":1},`, 12<<20/36)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 300 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	calls := 0
	client, _ := newTestClient(t, func(r *http.Request) *http.Response {
		calls++
		switch {
		case strings.HasSuffix(r.URL.Path, "/o/big/tree/main"):
			return respond(200, "["+big[:len(big)-1]+"]")
		case strings.HasSuffix(r.URL.Path, "/o/typed/tree/main"):
			return respond(200, bomb.String(), "Content-Type", "application/gzip")
		case strings.HasSuffix(r.URL.Path, "/o/coded/tree/main"):
			return respond(200, bomb.String(), "Content-Encoding", "gzip")
		case strings.HasSuffix(r.URL.Path, "/o/none/tree/main"):
			return respond(404, "", "X-Error-Code", "RepoNotFound")
		case strings.HasSuffix(r.URL.Path, ".xml.gz"):
			return respond(200, "not gzip at all")
		}
		return respond(500, "")
	})
	if files, _, err := client.Tree(t.Context(), "o/big", "main"); err != nil || len(files) != 1 {
		t.Errorf("a body above colly's 10 MiB: %d files, %v", len(files), err)
	}
	if _, _, err := client.Tree(t.Context(), "o/typed", "main"); KindOf(err) != KindMalformed {
		t.Errorf("gzip by content type: %v, want it taken as it is", err)
	}
	if _, _, err := client.Tree(t.Context(), "o/coded", "main"); KindOf(err) != KindTooLarge {
		t.Errorf("gzip bomb: %v, want it refused", err)
	}
	for range 2 {
		calls = 0
		if _, _, err := client.Tree(t.Context(), "o/none", "main"); KindOf(err) != KindNotFound || calls != 1 {
			t.Errorf("missing repository: %v after %d requests, want it asked for each time", err, calls)
		}
	}
	body, err := client.Small(t.Context(), "o/r", "main", Entry{Path: "a.xml.gz", Size: 15}, 100)
	if err != nil || string(body) != "not gzip at all" {
		t.Errorf("name that ends in .xml.gz: %q, %v", body, err)
	}
}

func TestErrorsAreClassifiedAsSpecified(t *testing.T) {
	cases := map[string]struct {
		status int
		header []string
		body   string
		want   Kind
	}{
		"missing_or_private_anonymous":  {401, nil, `{"error":"Invalid username or password."}`, KindNotFound},
		"missing_or_private_with_token": {404, []string{"X-Error-Code", "RepoNotFound", "X-Error-Message", "Repository not found"}, "", KindNotFound},
		"gated_anonymous":               {401, []string{"X-Error-Code", "GatedRepo"}, "", KindGated},
		"gated_with_token":              {403, []string{"X-Error-Code", "GatedRepo"}, "", KindGated},
		"disabled":                      {403, []string{"X-Error-Message", "Access to this resource is disabled."}, "", KindDisabled},
		"bad_revision":                  {404, []string{"X-Error-Code", "RevisionNotFound"}, "", KindNoRevision},
		"no_such_file":                  {404, []string{"X-Error-Code", "EntryNotFound"}, "Entry not found", KindNoEntry},
		"invalid_token":                 {401, []string{"X-Error-Message", "Invalid credentials in Authorization header"}, "", KindCredentials},
		"bad_parameter":                 {400, nil, "limit must be a number", KindBadRequest},
		"edge_fault_in_html":            {502, []string{"Content-Type", "text/html"}, "<html>", KindServer},
		"timeout":                       {408, nil, "", KindServer},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			client, _ := newTestClient(t, func(*http.Request) *http.Response { return respond(c.status, c.body, c.header...) })
			_, _, err := client.Tree(t.Context(), "o/r", "main")
			if KindOf(err) != c.want {
				t.Errorf("%v: kind %q, want %q", err, KindOf(err), c.want)
			}
		})
	}
}

func TestGovernorWaitsForExactlyTheWindow(t *testing.T) {
	clock := newJumpClock()
	g := newGovernor(clock, rand.New(rand.NewPCG(1, 1)))
	answer := func(o outcome) time.Duration {
		if _, err := g.acquire(t.Context(), "api", time.Hour); err != nil {
			t.Fatal(err)
		}
		return g.release("api", o)
	}
	limit := Limit{Bucket: "api", Remaining: 27, Reset: 189 * time.Second, Quota: 500, Window: 300 * time.Second}
	answer(outcome{limits: []Limit{limit}})
	limit.Remaining = 25
	answer(outcome{limits: []Limit{limit}}) // 25 = 5 % of 500: the reserve is reached
	if len(clock.waits) != 0 {
		t.Fatalf("waited %v before the reserve was reached", clock.waits)
	}
	limit.Remaining, limit.Reset = 499, 300*time.Second
	answer(outcome{limits: []Limit{limit}})
	if len(clock.waits) != 1 || clock.waits[0] != 189*time.Second {
		t.Errorf("waits %v, want the window's 189 s", clock.waits)
	}
	if wait := answer(outcome{limited: true, limits: []Limit{{Bucket: "api", Reset: 55 * time.Second, Quota: 500}}}); wait != 55*time.Second {
		t.Errorf("after a 429 with t=55 the wait is %v", wait)
	}
	if wait := answer(outcome{limited: true, limits: []Limit{{Bucket: "api", Reset: 5 * time.Second, Quota: 500}}, retryAfter: 30 * time.Second}); wait != 30*time.Second {
		t.Errorf("the larger of t=5 and Retry-After: 30 is %v", wait)
	}
	for i, most := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		wait := answer(outcome{limited: true})
		if wait < most*time.Second/2 || wait > most*time.Second {
			t.Errorf("back-off %d is %v, want %v to %v", i, wait, most*time.Second/2, most*time.Second)
		}
	}
	_, err := g.acquire(t.Context(), "api", time.Second)
	if !errors.Is(err, errQuotaWait) {
		t.Errorf("a wait beyond the budget: %v", err)
	}
}

// While a bucket is limited, at most one request is under way.
func TestOneRequestAtATimeWhileLimited(t *testing.T) {
	var inFlight, limited, most atomic.Int64
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := inFlight.Add(1)
		defer inFlight.Add(-1)
		if limited.Load() > 20 { // requests sent before the limit was known are gone
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
		}
		if n.Add(1) < 60 {
			limited.Add(1)
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		limited.Store(0)
		_, _ = io.WriteString(w, "[]")
	}))
	defer server.Close()
	pool := &http.Transport{}
	defer pool.CloseIdleConnections()
	client, err := New(Options{Endpoint: server.URL, Clock: newJumpClock(), Transport: pool, MaxWait: 1000 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, _, err := client.Tree(t.Context(), "o/r", "main"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d requests at a time while limited", most.Load())
	}
}

func TestWaitForQuotaCanBeCancelled(t *testing.T) {
	client, err := New(Options{Transport: world(func(*http.Request) *http.Response {
		return respond(429, "", "RateLimit", `"api";r=0;t=250`)
	})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := client.Tree(ctx, "o/r", "main"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestTokenIsFoundWhereTheHubsToolsKeepIt(t *testing.T) {
	files := map[string]string{"/path/token": "hf_path\n", "/home/token": "hf_home", "/cache/huggingface/token": "hf_cache",
		"/me/.cache/huggingface/token": "hf_me", "/bad": "hf_with\x07bell"}
	cases := map[string]struct {
		env   map[string]string
		token string
		fails bool
	}{
		"variable_first":        {map[string]string{"HF_TOKEN": "hf_env", "HF_TOKEN_PATH": "/path/token"}, "hf_env", false},
		"then_the_named_file":   {map[string]string{"HF_TOKEN_PATH": "/path/token", "HF_HOME": "/home"}, "hf_path", false},
		"then_hf_home":          {map[string]string{"HF_HOME": "/home", "HOME": "/me"}, "hf_home", false},
		"then_the_cache":        {map[string]string{"XDG_CACHE_HOME": "/cache", "HOME": "/me"}, "hf_cache", false},
		"then_home":             {map[string]string{"HOME": "/me"}, "hf_me", false},
		"old_variable":          {map[string]string{"HUGGING_FACE_HUB_TOKEN": "hf_old"}, "hf_old", false},
		"no_file_is_no_token":   {map[string]string{"HOME": "/nobody"}, "", false},
		"implicit_token_is_off": {map[string]string{"HOME": "/me", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, "", false},
		"line_end_is_cut":       {map[string]string{"HF_TOKEN": " hf_env\r\n"}, "hf_env", false},
		"control_characters":    {map[string]string{"HF_TOKEN_PATH": "/bad"}, "", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			env, err := LoadEnvironment(func(k string) string { return c.env[k] }, func(p string) ([]byte, error) {
				if text, ok := files[p]; ok {
					return []byte(text), nil
				}
				return nil, fmt.Errorf("open %s: %w", p, errNotThere)
			})
			if (err != nil) != c.fails || env.Token != c.token || !c.fails && env.Endpoint != DefaultEndpoint {
				t.Errorf("token %q, error %v", env.Token, err)
			}
			if err != nil && strings.Contains(err.Error(), "hf_") {
				t.Errorf("token in error %v", err)
			}
		})
	}
}

func TestOfflineModeSendsNothing(t *testing.T) {
	client, _ := newTestClient(t, func(*http.Request) *http.Response { t.Error("a request was sent"); return nil }, func(o *Options) { o.Offline = true })
	if _, err := client.Dataset(t.Context(), "o/r"); KindOf(err) != KindOffline {
		t.Errorf("error %v", err)
	}
}

// Paths of the Hub can't leave a directory.
func TestPathsThatLeadElsewhereAreRefused(t *testing.T) {
	for path, ok := range map[string]bool{
		"README.md": true, "2023-07-19T15:58:12.174583/details_harness|arc:challenge|25_x.parquet": true, "a/%2e%2e/b": true, "Ünï/код": true,
		"../x": false, "a/../b": false, "/etc/passwd": false, `C:\x`: false, "C:x": false, `a\b`: false, "a//b": false, "./a": false,
		"a/": false, "": false, "a\x00b": false, "a\nb": false, "..": false, strings.Repeat("x", 4096): false,
	} {
		if err := CheckPath(path); (err == nil) != ok {
			t.Errorf("%.40q: %v", path, err)
		}
	}
	for repo, ok := range map[string]bool{"a/b": true, "a": false, "a/b/c": false, "a/..": false, "/b": false, "a/": false, "": false, "a/b\x00": false} {
		if err := CheckRepo(repo); (err == nil) != ok {
			t.Errorf("%q: %v", repo, err)
		}
	}
}
