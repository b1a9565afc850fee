package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// governor keeps all requests of the process inside the Hub's quotas: fixed windows
// per bucket ("api", "resolvers", "pages"), known from the headers of every answer.
//
// It stops at a reserve of 5 % of the quota and waits for the window's end exactly,
// so that 429 is the exception. After a 429 the bucket is limited: after the wait
// one request probes, and only its success lets the others go.
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

	limited bool          // the last answer was 429
	until   time.Time     // no request before this while limited
	backoff time.Duration // last wait chosen by ourselves
	changed chan struct{} // closed at the next answer, if someone waits for it
}

// answered wakes whoever waits for an answer.
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

// try takes a place if there is one; else it says how long to wait, or gives a
// channel that is closed at the bucket's next answer.
func (g *governor) try(name string) (wait time.Duration, answer <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, now := g.bucket(name), g.clock.Now()
	if b.limited {
		if wait := b.until.Sub(now); wait > 0 {
			return wait, nil
		}
		if b.inflight > 0 {
			// The probe is out, or requests sent before the limit was known are: one
			// request at a time is what "limited" means.
			if b.changed == nil {
				b.changed = make(chan struct{})
			}
			return 0, b.changed
		}
		b.inflight++
		return 0, nil
	}
	if b.known && !now.Before(b.reset) {
		b.known = b.limit.Quota > 0 // a new window: full again, as far as we know
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

// sameWindow is how far the end of a window may seem to move, as headers give it in
// whole seconds.
const sameWindow = 2 * time.Second

// reserve is left to whoever else uses the same address or token: 5 % of the quota.
func reserve(quota int) int { return quota / 20 }

// outcome is what an answer says about the bucket.
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
		// Answers overtake one another: within a window nothing is ever given back.
		if b.known && reset.Sub(b.reset).Abs() <= sameWindow && limit.Quota == b.limit.Quota {
			limit.Remaining = min(limit.Remaining, b.limit.Remaining)
		}
		b.known, b.reset, b.limit = true, reset, limit
		if limit.Reset == 0 && limit.Remaining <= reserve(limit.Quota) {
			b.reset = now.Add(time.Second) // the last second of a window: don't spin
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
		// No one says how long: 1, 2, 4 … 60 s, the upper half of it by chance. A
		// storm of answers to requests sent together counts once.
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

// cancel ends a request that got no answer.
func (g *governor) cancel(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bucket(name).answered()
}

// pick chooses the limits that speak of a bucket, or of none by name, and of these
// the one that lasts longest.
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

// Quota returns what is known of a bucket now; ok is false before its first answer.
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
