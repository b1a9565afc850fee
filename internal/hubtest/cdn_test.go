package hubtest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"metabench/internal/hubtest"
	"metabench/internal/hubtest/control"
)

func TestCDNRanges(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	address := f.signed()
	whole := f.get(address)
	if whole.status != 200 || int64(len(whole.body)) != f.size {
		t.Fatalf("%d, %d bytes", whole.status, len(whole.body))
	}
	n := f.size
	for name, c := range map[string]struct {
		spec         string
		status       int
		from, to     int64
		contentRange string
	}{
		"middle":            {"bytes=100-199", 206, 100, 200, fmt.Sprintf("bytes 100-199/%d", n)},
		"last_eight":        {"bytes=-8", 206, n - 8, n, fmt.Sprintf("bytes %d-%d/%d", n-8, n-1, n)},
		"from_there_on":     {fmt.Sprintf("bytes=%d-", n-5), 206, n - 5, n, fmt.Sprintf("bytes %d-%d/%d", n-5, n-1, n)},
		"beyond_the_end":    {fmt.Sprintf("bytes=%d-", n), 416, 0, 0, fmt.Sprintf("bytes */%d", n)},
		"several_ranges":    {"bytes=0-1,5-6", 200, 0, n, ""},
		"end_past_the_file": {fmt.Sprintf("bytes=%d-%d", n-3, n+100), 206, n - 3, n, fmt.Sprintf("bytes %d-%d/%d", n-3, n-1, n)},
	} {
		t.Run(name, func(t *testing.T) {
			r := f.get(address, "Range", c.spec)
			if r.status != c.status || r.header.Get("Content-Range") != c.contentRange {
				t.Fatalf("%d %q, want %d %q", r.status, r.header.Get("Content-Range"), c.status, c.contentRange)
			}
			if c.status != 416 && !bytes.Equal(r.body, whole.body[c.from:c.to]) {
				t.Error("other bytes than of the whole file")
			}
		})
	}
}

func TestCDNIdentity(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	r := f.get(f.signed())
	if etag := r.header.Get("ETag"); etag == "" || strings.Contains(etag, f.sha) {
		t.Errorf("ETag %s is the content's SHA-256", etag)
	}
	for _, name := range []string{"X-Repo-Commit", "X-Linked-Size", "X-Linked-ETag", "RateLimit"} {
		if r.header.Get(name) != "" {
			t.Errorf("%s at the CDN: metadata belong to the redirect", name)
		}
	}
	if r, err := f.try(http.MethodHead, f.signed()); err != nil || r.status != 200 || r.header.Get("Content-Length") != fmt.Sprint(f.size) {
		t.Error(r.status, r.header, err)
	}
}

func TestSignedAddresses(t *testing.T) {
	clock := control.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	f := newFixture(t, hubtest.ServerOptions{Now: clock.Now, Lifetime: time.Minute})
	address := f.signed()
	change := func(key, value string) string {
		u, _ := url.Parse(address)
		q := u.Query()
		q.Set(key, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	bare, _, _ := strings.Cut(address, "?")
	for name, forged := range map[string]string{
		"wrong_signature":    change("Signature", strings.Repeat("0", 64)),
		"no_query":           bare,
		"policy_of_nonsense": change("Policy", "AAAA"),
	} {
		t.Run(name, func(t *testing.T) {
			if r := f.get(forged); r.status != http.StatusForbidden {
				t.Errorf("%d", r.status)
			}
		})
	}
	t.Run("good_for_many_reads", func(t *testing.T) {
		for range 3 {
			if r := f.get(address, "Range", "bytes=0-3"); r.status != 206 || string(r.body) != "PAR1" {
				t.Errorf("%d %q", r.status, r.body)
			}
		}
	})
	t.Run("expires_by_the_clock", func(t *testing.T) {
		clock.Advance(2 * time.Minute)
		if r := f.get(address); r.status != http.StatusForbidden {
			t.Errorf("%d", r.status)
		}
		if r := f.get(f.signed()); r.status != 200 {
			t.Errorf("resolved anew: %d", r.status)
		}
	})
}
