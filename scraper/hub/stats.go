package hub

import (
	"maps"
	"sync"
	"sync/atomic"
)

// counters are kept by the transport.
type counters struct {
	bytes   atomic.Int64
	retries atomic.Int64
	limited atomic.Int64

	mu       sync.Mutex
	requests map[string]int64
}

func (c *counters) sent(bucket string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests == nil {
		c.requests = map[string]int64{}
	}
	c.requests[bucket]++
}

// Stats is what a client has done so far.
type Stats struct {
	Requests map[string]int64 `json:"requests"` // sent, by bucket; "cdn HOST" for downloads
	Bytes    int64            `json:"bytes"`    // of bodies, as they came over the wire
	Retries  int64            `json:"retries"`  // after errors
	Limited  int64            `json:"limited"`  // responses 429
}

// HubRequests is the number of requests that count against a quota.
func (s Stats) HubRequests() int64 {
	return s.Requests[BucketAPI] + s.Requests[BucketResolvers] + s.Requests[BucketPages]
}

// Stats returns what the client has done so far.
func (c *Client) Stats() Stats {
	s := c.transport.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Requests: maps.Clone(s.requests), Bytes: s.bytes.Load(), Retries: s.retries.Load(), Limited: s.limited.Load()}
}
