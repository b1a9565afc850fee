package hubtest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"metabench/internal/hubtest"
	"metabench/internal/hubtest/control"
)

func TestQuota(t *testing.T) {
	clock := control.NewClock(time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC)) // one minute into a window
	f := newFixture(t, hubtest.ServerOptions{Now: clock.Now, Quotas: map[hubtest.Plan]hubtest.Quota{
		hubtest.PlanAnonymous: {API: 3, Resolvers: 2, Pages: 1}, hubtest.PlanFree: {API: 4}}})
	info := "/api/datasets/" + f.repo.Repo
	limit := func(r reply) string { return r.header.Get("RateLimit") }

	r := f.get(info)
	if limit(r) != `"api";r=2;t=240` || r.header.Get("RateLimit-Policy") != `"fixed window";"api";q=3;w=300` {
		t.Fatalf("first request: %s", r.header)
	}
	old := strings.Replace(info, "-old/", "/", 1)
	if r = f.get(old); r.status != http.StatusTemporaryRedirect || limit(r) != `"api";r=1;t=240` {
		t.Errorf("a redirect counts: %d %s", r.status, limit(r))
	}
	if r = f.get(info + "/tree/nope"); r.status != 404 || limit(r) != `"api";r=0;t=240` {
		t.Errorf("an error counts: %d %s", r.status, limit(r))
	}
	if r = f.get(info); r.status != http.StatusTooManyRequests || limit(r) != `"api";r=0;t=240` {
		t.Errorf("beyond the quota: %d %s", r.status, limit(r))
	}
	if r = f.get(f.resolve("main", "README.md")); limit(r) != `"resolvers";r=1;t=240` {
		t.Errorf("another bucket: %s", limit(r))
	}
	if r = f.get(r.header.Get("Location")); limit(r) != `"resolvers";r=0;t=240` {
		t.Errorf("resolve-cache is in the resolvers' bucket: %s", limit(r))
	}
	mine := f
	c := *f.client
	c.token = hubtest.TokenFree
	mine.client = &c
	if r = mine.get(info); r.status != 200 || limit(r) != `"api";r=3;t=240` {
		t.Errorf("a token has its own quota: %d %s", r.status, limit(r))
	}
	if r = mine.get(f.resolve("main", "README.md")); limit(r) != `"resolvers";r=999999999;t=240` {
		t.Errorf("a bucket without a quota: %s", limit(r))
	}
	if err := clock.Sleep(context.Background(), 239*time.Second); err != nil {
		t.Fatal(err)
	}
	if r = f.get(info); r.status != http.StatusTooManyRequests || limit(r) != `"api";r=0;t=1` {
		t.Errorf("a second before the window's end: %d %s", r.status, limit(r))
	}
	clock.Advance(time.Second)
	if r = f.get(info); r.status != 200 || limit(r) != `"api";r=2;t=300` {
		t.Errorf("a new window: %d %s", r.status, limit(r))
	}
}

func TestDocumentedQuotas(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{Quotas: hubtest.Quotas()})
	for token, want := range map[string]string{
		"":                `q=500;`,
		hubtest.TokenFree: `q=1000;`,
		hubtest.TokenPro:  `q=2500;`,
	} {
		t.Run(fmt.Sprintf("token_%s", token), func(t *testing.T) {
			c := *f.client
			c.t, c.token = t, token
			r := c.get("/api/datasets/" + f.repo.Repo)
			if got := r.header.Get("RateLimit-Policy"); !strings.Contains(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
			if warned := r.header.Get("X-HF-Warning") != ""; warned != (token == "") {
				t.Errorf("warning %q", r.header.Get("X-HF-Warning"))
			}
		})
	}
}
