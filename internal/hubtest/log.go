package hubtest

import (
	"net/http"
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

// Traffic adds up requests.
type Traffic struct {
	Hub, CDN           int   // requests
	HubBytes, CDNBytes int64 // body bytes sent
}

type log struct {
	mu       sync.Mutex
	sum      Traffic
	inFlight int
}

func (l *log) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight++
}

func (l *log) end(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	if r.Host == HostCDN {
		l.sum.CDN++
		l.sum.CDNBytes += r.Bytes
	} else {
		l.sum.Hub++
		l.sum.HubBytes += r.Bytes
	}
}

// Traffic returns the sums over all requests received so far. It waits a moment for
// requests under way, because a client may have read a whole answer before the request is
// counted.
func (s *Server) Traffic() Traffic {
	for range 100 {
		s.log.mu.Lock()
		busy := s.log.inFlight > 0
		s.log.mu.Unlock()
		if !busy {
			break
		}
		time.Sleep(time.Millisecond)
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.sum
}
