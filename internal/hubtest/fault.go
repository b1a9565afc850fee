package hubtest

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// FaultKind names something that goes wrong. Faults describes each.
type FaultKind string

// Fault is a switch: a kind of failure and which requests it strikes. Zero values mean
// "no restriction" and the kind's own defaults.
type Fault struct {
	Kind   FaultKind
	Routes []Route // struck endpoints; default: those that the kind makes sense for
	Match  string  // only paths that contain this text
	Rate   float64 // share of requests struck, in (0, 1]; decided by seed, path and repetition
	After  int     // spare this many requests first
	Count  int     // strike at most this many

	Duration time.Duration // for kinds with a time
	Bytes    int64         // for kinds with an offset or an amount
	Status   int           // for kinds with a status
	Text     string        // for kinds with the value of a header
}

// faults decides which requests are struck.
type faults struct {
	mu    sync.Mutex
	seed  uint64
	rules []*rule
	seen  map[uint64]int // requests by rule and path
}

type rule struct {
	Fault
	routes  []Route
	matched int
	fired   int
}

func (f *faults) set(seed uint64, list []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seed, f.rules, f.seen = seed, nil, map[uint64]int{}
	for _, one := range list {
		d, ok := describe(one.Kind)
		if !ok {
			panic("hubtest: unknown fault " + string(one.Kind))
		}
		r := &rule{Fault: one, routes: one.Routes}
		if len(r.routes) == 0 {
			r.routes = d.Routes
		}
		f.rules = append(f.rules, r)
	}
}

// strike returns the faults that strike a request, in the order they were set.
func (f *faults) strike(route Route, method, path string) []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Fault
	for i, r := range f.rules {
		if len(r.routes) > 0 && !slices.Contains(r.routes, route) || !strings.Contains(path, r.Match) {
			continue
		}
		r.matched++
		if r.matched <= r.After || r.Count > 0 && r.fired >= r.Count {
			continue
		}
		if r.Rate > 0 && r.Rate < 1 {
			k := key(f.seed+uint64(i), string(r.Kind), method, path)
			n := f.seen[k]
			f.seen[k]++
			if unit(k, n) >= r.Rate {
				continue
			}
		}
		r.fired++
		out = append(out, r.Fault)
	}
	return out
}

// find returns the struck fault of a kind.
func find(struck []Fault, kind FaultKind) (Fault, bool) {
	for _, f := range struck {
		if f.Kind == kind {
			return f, true
		}
	}
	return Fault{}, false
}

func has(struck []Fault, kind FaultKind) bool {
	_, ok := find(struck, kind)
	return ok
}
