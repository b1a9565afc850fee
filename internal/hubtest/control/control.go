// Package control has what tests do with a replica of the Hub: a clock that takes no time, a
// record of all requests, models that leave the Hub and come back. Only tests import it.
package control

import (
	"maps"
	"slices"
	"sync"

	"metabench/internal/hubtest"
)

// Server is a replica that keeps every request.
type Server struct {
	*hubtest.Server
	mu       sync.Mutex
	requests []hubtest.Request
}

// Serve starts a replica, and calls o.OnRequest if there is one. The caller closes the server.
func Serve(c *hubtest.Corpus, o hubtest.ServerOptions) (*Server, error) {
	s := &Server{}
	next := o.OnRequest
	o.OnRequest = func(r hubtest.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		if next != nil {
			next(r)
		}
	}
	var err error
	s.Server, err = hubtest.NewServer(c, o)
	return s, err
}

// Requests returns the requests received since the start or the last Reset, oldest first.
func (s *Server) Requests() []hubtest.Request {
	s.Traffic() // waits for those under way
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Reset forgets all requests.
func (s *Server) Reset() {
	s.Traffic() // waits for those under way
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Counters adds up requests.
type Counters struct {
	hubtest.Traffic
	ByRoute  map[hubtest.Route]int
	ByStatus map[int]int
	ByFault  map[hubtest.FaultKind]int
}

// Counters returns the sums over Requests.
func (s *Server) Counters() Counters {
	c := Counters{ByRoute: map[hubtest.Route]int{}, ByStatus: map[int]int{}, ByFault: map[hubtest.FaultKind]int{}}
	for _, r := range s.Requests() {
		if r.Host == hubtest.HostCDN {
			c.CDN++
			c.CDNBytes += r.Bytes
		} else {
			c.Hub++
			c.HubBytes += r.Bytes
		}
		c.ByRoute[r.Route]++
		c.ByStatus[r.Status]++
		c.ByFault[r.Fault]++
	}
	maps.DeleteFunc(c.ByFault, func(k hubtest.FaultKind, _ int) bool { return k == "" })
	return c
}

// Absence is the set of models that are off the Hub. Its method Has is for
// hubtest.CorpusOptions.Absent.
type Absence struct {
	mu     sync.Mutex
	models map[string]bool
}

// Has reports whether a model is off the Hub.
func (a *Absence) Has(model string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.models[model]
}

// Remove takes models off the Hub.
func (a *Absence) Remove(models ...string) { a.set(true, models) }

// Restore brings models back, at the commit that they had.
func (a *Absence) Restore(models ...string) { a.set(false, models) }

func (a *Absence) set(absent bool, models []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.models == nil {
		a.models = map[string]bool{}
	}
	for _, m := range models {
		a.models[m] = absent
	}
}
