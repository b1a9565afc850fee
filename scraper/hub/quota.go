package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// governor keeps all requests of the process within the Hub's quotas: fixed windows
// per bucket ("api", "resolvers", "pages"), known from the headers of every response.
//
// When only a reserve of 5 % of the quota is left, it waits for the window's end, so that 429
// is the exception. A 429 makes the bucket limited: after the wait one request is sent, and
// only when it succeeds are the others.
type governor struct {
	clock Clock
	mu    sync.Mutex
	rng   *rand.Rand
	state map[string]*bucketState
}

type bucketState struct {
	limit    Limit
	known    bool
	reset    time.Time // end of the window that limit speaks of
	inflight int

	limited bool          // the last response was 429
	until   time.Time     // no request before this while limited
	backoff time.Duration // last wait that was not stated by the Hub
	changed chan struct{} // closed at the next response, if a request waits for it
}

// answered ends a request and wakes those that wait for a response.
func (b *bucketState) answered() {
	b.inflight--
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

func newGovernor(clock Clock, rng *rand.Rand) *governor {
	return &governor{clock: clock, rng: rng, state: map[string]*bucketState{}}
}

func (g *governor) bucket(name string) *bucketState {
	b := g.state[name]
	if b == nil {
		b = &bucketState{}
		g.state[name] = b
	}
	return b
}

// acquire waits until a request of the bucket may be sent. Each nil return must be
// followed by one release. The time waited counts against budget; beyond it
// acquire returns errQuotaWait.
func (g *governor) acquire(ctx context.Context, name string, budget time.Duration) (waited time.Duration, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return waited, err
		}
		wait, answer := g.try(name)
		switch {
		case answer != nil:
			select {
			case <-answer:
			case <-ctx.Done():
				return waited, ctx.Err()
			}
		case wait == 0:
			return waited, nil
		case waited+wait > budget:
			return waited, fmt.Errorf("%w: %s would have to wait another %v", errQuotaWait, name, wait.Round(time.Second))
		default:
			if err := g.clock.Sleep(ctx, wait); err != nil {
				return waited, err
			}
			waited += wait
		}
	}
}

// try counts a request that may be sent now: it returns 0 and nil. Otherwise it returns how
// long to wait, or a channel that is closed at the bucket's next response.
func (g *governor) try(name string) (wait time.Duration, answer <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, now := g.bucket(name), g.clock.Now()
	if b.limited {
		if wait := b.until.Sub(now); wait > 0 {
			return wait, nil
		}
		if b.inflight > 0 {
			// One request at a time while limited: this one waits for the response of
			// another, or of requests that were sent before the limit.
			if b.changed == nil {
				b.changed = make(chan struct{})
			}
			return 0, b.changed
		}
		b.inflight++
		return 0, nil
	}
	if b.known && !now.Before(b.reset) {
		b.known = b.limit.Quota > 0 // a new window: full again, unless another client uses it
		b.limit.Remaining = b.limit.Quota
		b.reset = now.Add(max(b.limit.Window, time.Second))
	}
	if b.known && b.limit.Remaining <= reserve(b.limit.Quota) {
		return max(b.reset.Sub(now), time.Millisecond), nil
	}
	b.limit.Remaining--
	b.inflight++
	return 0, nil
}

// sameWindow is how far the end of one window may seem to move, because headers have whole
// seconds.
const sameWindow = 2 * time.Second

// reserve is left to other clients with the same address or token: 5 % of the quota.
func reserve(quota int) int { return quota / 20 }

// outcome is what a response states about the bucket.
type outcome struct {
	limited    bool // 429
	limits     []Limit
	retryAfter time.Duration
}

// release ends a request. It returns how long the bucket will wait because of it.
func (g *governor) release(name string, o outcome) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, now := g.bucket(name), g.clock.Now()
	b.answered()
	if limit, ok := pick(o.limits, name); ok {
		if limit.Quota == 0 {
			limit.Quota, limit.Window = b.limit.Quota, b.limit.Window
		}
		limit.Remaining -= b.inflight
		reset := now.Add(limit.Reset)
		// Responses overtake one another: within a window the remaining number never grows.
		if b.known && reset.Sub(b.reset).Abs() <= sameWindow && limit.Quota == b.limit.Quota {
			limit.Remaining = min(limit.Remaining, b.limit.Remaining)
		}
		b.known, b.reset, b.limit = true, reset, limit
		if limit.Reset == 0 && limit.Remaining <= reserve(limit.Quota) {
			b.reset = now.Add(time.Second) // the last second of a window: don't ask all the time
		}
	}
	if !o.limited {
		b.limited, b.backoff = false, 0
		return 0
	}
	wait := o.retryAfter
	if limit, ok := pick(o.limits, name); ok && limit.Remaining <= 0 {
		wait = max(wait, limit.Reset)
	}
	if wait == 0 {
		// The Hub doesn't state how long: 1, 2, 4 … 60 s, the upper half of it random. Many
		// responses 429 to requests that were sent together count once.
		if !b.limited || !now.Before(b.until) {
			b.backoff = min(max(2*b.backoff, minBackoff), maxBackoff)
		}
		wait = b.backoff/2 + time.Duration(g.rng.Int64N(int64(b.backoff/2)+1))
	}
	if until := now.Add(wait); !b.limited || until.After(b.until) {
		b.until = until
	}
	b.limited = true
	return wait
}

// cancel ends a request without response.
func (g *governor) cancel(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bucket(name).answered()
}

// pick chooses among the limits of a bucket, and those without the name of one, the limit
// that lasts longest.
func pick(limits []Limit, name string) (Limit, bool) {
	var best Limit
	found := false
	for _, l := range limits {
		if l.Bucket != name && l.Bucket != "" && len(limits) > 1 {
			continue
		}
		if !found || l.Reset > best.Reset {
			best, found = l, true
		}
	}
	return best, found
}

// Quota returns the present state of a bucket; ok is false before its first response.
func (c *Client) Quota(bucket string) (limit Limit, ok bool) {
	g := c.transport.governor
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.bucket(bucket)
	limit = b.limit
	limit.Bucket = bucket
	limit.Reset = max(0, b.reset.Sub(g.clock.Now()))
	limit.Remaining = max(0, limit.Remaining)
	return limit, b.known
}
