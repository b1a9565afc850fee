package hub

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// call has what the transport needs to know about a request. It is passed in the request's
// context, because colly has no place for it.
type call struct {
	bucket string // quota that the request counts against
	limit  int64  // of the body in bytes, after decompression
	spool  *spool // for the body of a response 200, instead of memory; may be nil
}

type callKey struct{}

// transport sends every request of the process, with retries. A response is returned with
// its whole body, read within the limit. Credentials are added here, to a copy of the request
// and by the address that it is sent to, so that no redirect can pass them on. Redirects are
// never followed.
type transport struct {
	base     http.RoundTripper
	endpoint origin
	token    string
	offline  bool
	attempts int           // of one request, responses 429 not counted
	maxWait  time.Duration // for quota, in one request
	watch    watchdog
	governor *governor
	clock    Clock
	log      *slog.Logger
	stats    *counters

	mu  sync.Mutex
	rng *rand.Rand
}

var (
	errQuotaWait = errors.New("rate limited for longer than allowed")
	errOffline   = errors.New("offline mode")
)

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.offline {
		return nil, errOffline
	}
	c, ok := req.Context().Value(callKey{}).(*call)
	if !ok {
		return nil, errors.New("hub: request without a call in its context")
	}
	ctx, budget := req.Context(), t.maxWait
	for attempt := 1; ; {
		waited, err := t.governor.acquire(ctx, c.bucket, budget)
		if err != nil {
			return nil, err
		}
		budget -= waited
		resp, err := t.send(req, c)
		if err != nil {
			t.governor.cancel(c.bucket)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if final(err) || attempt >= t.attempts {
				return nil, err
			}
			t.log.Debug("request failed, will retry", "url", displayURL(req.URL), "attempt", attempt, "error", err)
			if err := t.clock.Sleep(ctx, t.pause(attempt, 0)); err != nil {
				return nil, err
			}
			attempt++
			t.stats.retries.Add(1)
			continue
		}
		now := t.clock.Now()
		after, capped := RetryAfter(resp.Header, now)
		if capped {
			t.log.Warn("Retry-After is unreasonable, capped", "value", shorten(resp.Header.Get("Retry-After")), "wait", after)
		}
		wait := t.governor.release(c.bucket, outcome{
			limited:    resp.StatusCode == http.StatusTooManyRequests,
			limits:     ParseLimits(resp.Header),
			retryAfter: after,
		})
		switch {
		case resp.StatusCode == http.StatusTooManyRequests:
			t.stats.limited.Add(1)
			t.log.Debug("rate limited", "bucket", c.bucket, "wait", wait)
			if budget <= 0 {
				return resp, nil
			}
			continue // acquire waits
		case resp.StatusCode == http.StatusRequestTimeout || resp.StatusCode >= 500:
			if attempt >= t.attempts {
				return resp, nil
			}
			t.log.Debug("server error, will retry", "url", displayURL(req.URL), "status", resp.StatusCode, "attempt", attempt)
			if err := t.clock.Sleep(ctx, t.pause(attempt, after)); err != nil {
				return nil, err
			}
			attempt++
			t.stats.retries.Add(1)
			continue
		}
		return resp, nil
	}
}

// pause is the wait before the next attempt: 0.5, 1, 2 … 30 s, the upper half of it
// random, so that workers don't retry at the same moment; at least what the server demands.
func (t *transport) pause(attempt int, asked time.Duration) time.Duration {
	full := min(500*time.Millisecond<<min(attempt-1, 10), 30*time.Second)
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(asked, full/2+time.Duration(t.rng.Int64N(int64(full/2)+1)))
}

// send makes one attempt.
func (t *transport) send(req *http.Request, c *call) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	out := req.Clone(ctx)
	out.Header.Del("Authorization")
	out.Header.Del("Cookie")
	if t.token != "" && t.endpoint.is(out.URL) {
		out.Header.Set("Authorization", "Bearer "+t.token)
	}
	t.stats.sent(c.bucket)
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, t.cause(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	counted := &countingReader{r: resp.Body, total: &t.stats.bytes}
	stop := t.watch.start(counted, cancel)
	defer stop()
	body, err := readBody(resp, counted, c)
	if err != nil {
		return nil, t.cause(ctx, err)
	}
	header := resp.Header.Clone()
	header.Del("Content-Encoding") // the body is decompressed
	header.Del("Content-Length")
	return &http.Response{
		Status: resp.Status, StatusCode: resp.StatusCode, Proto: resp.Proto, ProtoMajor: resp.ProtoMajor, ProtoMinor: resp.ProtoMinor,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Uncompressed: true, // colly would decompress gzip by content type and name, without limit
		Request:      req,
	}, nil
}

// cause returns the reason for which a context was cancelled, if it was, instead of the
// transport's error.
func (t *transport) cause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return redact(err)
}

// final reports errors that a retry can't change.
func final(err error) bool {
	return errors.Is(err, errTooLarge) || errors.Is(err, errEncoding) || errors.Is(err, errSpool)
}

// bucketOf is the quota that an address counts against.
func bucketOf(endpoint origin, u *url.URL) string {
	switch {
	case !endpoint.is(u):
		return "cdn " + u.Host
	case strings.HasPrefix(u.Path, "/api/resolve-cache/"):
		return BucketResolvers
	case strings.HasPrefix(u.Path, "/api/"):
		return BucketAPI
	case strings.Contains(u.Path, "/resolve/"), strings.Contains(u.Path, "/raw/"):
		return BucketResolvers
	}
	return BucketPages
}

// The Hub's quotas.
const (
	BucketAPI       = "api"
	BucketResolvers = "resolvers"
	BucketPages     = "pages"
)

// newBase makes the connection pool. Every phase of a request has its own time limit, except
// the body, which the watchdog limits.
func newBase() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  60 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // readBody decompresses, within limits
	}
}

// kindOf is the kind of an error without response.
func kindOf(err error) Kind {
	switch {
	case errors.Is(err, errQuotaWait):
		return KindQuota
	case errors.Is(err, errOffline):
		return KindOffline
	case errors.Is(err, errTooLarge):
		return KindTooLarge
	case errors.Is(err, errEncoding):
		return KindMalformed
	case errors.Is(err, errSpool):
		return KindLocalStorage
	}
	return KindNetwork
}
