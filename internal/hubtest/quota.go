package hubtest

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Bucket is a kind of request with a quota of its own (§3.5).
type Bucket string

// The buckets.
const (
	BucketAPI       Bucket = "api"       // /api/… except resolve-cache
	BucketResolvers Bucket = "resolvers" // resolve, raw, resolve-cache
	BucketPages     Bucket = "pages"     // everything else
)

// Quota is the number of requests allowed in a window, by bucket; 0 means no limit.
type Quota struct {
	API       int
	Resolvers int
	Pages     int
}

func (q Quota) of(b Bucket) int {
	n := q.Pages
	switch b {
	case BucketAPI:
		n = q.API
	case BucketResolvers:
		n = q.Resolvers
	}
	if n == 0 {
		return unlimited
	}
	return n
}

// unlimited is announced where there is no limit: headers must be there anyway.
const unlimited = 1_000_000_000

// Plan is what an account pays for.
type Plan string

// The plans with the quotas documented in September 2025.
const (
	PlanAnonymous  Plan = "anonymous" // counted by address
	PlanFree       Plan = "free"
	PlanPro        Plan = "pro"
	PlanTeam       Plan = "team"
	PlanEnterprise Plan = "enterprise"
)

// Quotas returns the documented quotas by plan, in requests per five minutes.
func Quotas() map[Plan]Quota {
	return map[Plan]Quota{
		PlanAnonymous:  {500, 3000, 100},
		PlanFree:       {1000, 5000, 200},
		PlanPro:        {2500, 12000, 400},
		PlanTeam:       {3000, 20000, 400},
		PlanEnterprise: {6000, 50000, 600},
	}
}

// Window is the length of a quota window, and windows start at multiples of it.
const Window = 300 * time.Second

// limiter counts requests in fixed windows by account and bucket.
type limiter struct {
	mu      sync.Mutex
	windows map[string]*window
}

type window struct {
	start time.Time
	used  int
}

// grant is the limiter's decision about a request.
type grant struct {
	bucket    Bucket
	quota     int
	remaining int
	reset     time.Duration
	refused   bool
}

func (l *limiter) take(account string, b Bucket, quota int, now time.Time) grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.windows == nil {
		l.windows = map[string]*window{}
	}
	k := account + "\x00" + string(b)
	w := l.windows[k]
	start := now.Truncate(Window)
	if w == nil || !w.start.Equal(start) {
		w = &window{start: start}
		l.windows[k] = w
	}
	g := grant{bucket: b, quota: quota, reset: start.Add(Window).Sub(now)}
	if w.used >= quota {
		g.refused = true
		return g
	}
	w.used++
	g.remaining = quota - w.used
	return g
}

// seconds until reset, rounded up: who waits that long finds a new window.
func (g grant) seconds() int { return int((g.reset + time.Second - 1) / time.Second) }

func (g grant) write(h http.Header) {
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", g.bucket, g.remaining, g.seconds()))
	h.Set("RateLimit-Policy", fmt.Sprintf(`"fixed window";%q;q=%d;w=%d`, g.bucket, g.quota, int(Window/time.Second)))
}
