package hubtest

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is a request that the replica received, and how it answered.
type Request struct {
	At     time.Time // by the replica's clock
	Host   Host
	Route  Route
	Method string
	URL    string // path and query as sent; of the CDN without its signature
	Path   string // decoded path
	Header http.Header
	Bucket Bucket // empty at the CDN
	Quota  int    // quota in force
	Left   int    // requests left in the window after this one
	Status int    // 0: the connection was reset
	Bytes  int64  // body bytes sent
	Fault  FaultKind
}

// Host is one of the replica's two servers.
type Host string

// The hosts.
const (
	HostHub Host = "hub"
	HostCDN Host = "cdn"
)

// Counters add up requests.
type Counters struct {
	Hub, CDN           int   // requests
	HubBytes, CDNBytes int64 // body bytes sent
	ByRoute            map[Route]int
	ByStatus           map[int]int
	ByFault            map[FaultKind]int
	// MaxInFlight is the largest number of requests served at the same time, by host.
	MaxInFlight map[Host]int
}

type log struct {
	mu       sync.Mutex
	limit    int
	requests []Request
	counters Counters
	inFlight map[Host]int
}

func newLog(limit int) *log {
	l := &log{limit: limit}
	l.reset()
	return l
}

func (l *log) reset() {
	l.requests = nil
	l.counters = Counters{ByRoute: map[Route]int{}, ByStatus: map[int]int{}, ByFault: map[FaultKind]int{}, MaxInFlight: map[Host]int{}}
	if l.inFlight == nil {
		l.inFlight = map[Host]int{}
	}
}

func (l *log) begin(h Host) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight[h]++
	l.counters.MaxInFlight[h] = max(l.counters.MaxInFlight[h], l.inFlight[h])
}

func (l *log) end(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight[r.Host]--
	if r.Host == HostCDN {
		l.counters.CDN++
		l.counters.CDNBytes += r.Bytes
	} else {
		l.counters.Hub++
		l.counters.HubBytes += r.Bytes
	}
	l.counters.ByRoute[r.Route]++
	l.counters.ByStatus[r.Status]++
	if r.Fault != "" {
		l.counters.ByFault[r.Fault]++
	}
	if l.limit > 0 && len(l.requests) >= l.limit {
		l.requests = l.requests[len(l.requests)/2:] // the older half goes
	}
	l.requests = append(l.requests, r)
}

// settle waits a moment for requests under way: a client may have read the whole
// answer before it is written down here.
func (l *log) settle() {
	for range 100 {
		l.mu.Lock()
		busy := l.inFlight[HostHub] + l.inFlight[HostCDN]
		l.mu.Unlock()
		if busy == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Requests returns the requests received so far, oldest first; of a long run the most
// recent ones (ServerOptions.LogLimit).
func (s *Server) Requests() []Request {
	s.log.settle()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return slices.Clone(s.log.requests)
}

// Counters returns the sums over all requests received since the start or the last
// ResetLog.
func (s *Server) Counters() Counters {
	s.log.settle()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	c := s.log.counters
	c.ByRoute, c.ByStatus, c.ByFault, c.MaxInFlight = maps.Clone(c.ByRoute), maps.Clone(c.ByStatus), maps.Clone(c.ByFault), maps.Clone(c.MaxInFlight)
	return c
}

// ResetLog forgets all requests.
func (s *Server) ResetLog() {
	s.log.settle()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.reset()
}
