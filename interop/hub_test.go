//go:build interop

package interop

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"metabench/internal/hubtest"
)

// hubFacts are what the client must find, from the corpus and not from the server.
type hubFacts struct {
	Endpoint  string            `json:"endpoint"`
	Limited   string            `json:"limited"` // another server, whose first answers are 429
	Seconds   int               `json:"seconds"` // that those ask to wait
	Cache     string            `json:"cache"`
	Namespace string            `json:"namespace"`
	Repos     map[string]string `json:"repos"` // by case
	Listed    []string          `json:"listed"`
	Former    string            `json:"former"` // a name before a move, of the healthy one
	Renamed   string            `json:"renamed"`
	Commits   []string          `json:"commits"` // of the healthy one, newest first
	Files     map[string]file   `json:"files"`   // of the healthy one
	Tokens    map[string]string `json:"tokens"`
}

type file struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	Blob   string `json:"blob,omitempty"`
}

// TestHubClient lets the official client list, download and read by range from the replica.
func TestHubClient(t *testing.T) {
	c := hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 2, Models: 10, Broken: 0.5, Benchmarks: hubtest.Scaled(hubtest.Leaderboard(), 0.05, 20),
		Cases: []hubtest.Case{hubtest.CaseGated, hubtest.CaseDisabled, hubtest.CaseDeleted, hubtest.CasePrivate, hubtest.CaseRenamed}})
	var mu sync.Mutex
	var sent []hubtest.Request
	server := serve(t, c, hubtest.ServerOptions{OnRequest: func(r hubtest.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r)
	}})
	limited := serve(t, c, hubtest.ServerOptions{Faults: []hubtest.Fault{
		{Kind: hubtest.FaultRateLimited, Duration: 2 * time.Second, Count: 1, Routes: []hubtest.Route{hubtest.RouteList}},
		{Kind: hubtest.FaultRateLimited, Duration: 2 * time.Second, Count: 2, Routes: []hubtest.Route{hubtest.RouteResolve}}, // the client asks once more at once
	}})
	facts := hubFacts{Endpoint: server.Endpoint(), Limited: limited.Endpoint(), Seconds: 2, Cache: t.TempDir(), Namespace: hubtest.Namespace,
		Repos: map[string]string{}, Listed: []string{hubtest.ResultsRepo, hubtest.RequestsRepo}, Files: map[string]file{},
		Tokens: map[string]string{"free": hubtest.TokenFree, "member": hubtest.TokenMember, "owner": hubtest.TokenOwner, "nobody": "hf_nobody"}}
	for _, e := range c.Entries() {
		name := string(e.Case)
		if name == "" {
			name = "healthy"
		}
		if e.Case != hubtest.CasePrivate {
			facts.Listed = append(facts.Listed, e.Listed)
		}
		if e.Case == hubtest.CaseRenamed {
			facts.Renamed = e.Listed
		}
		if facts.Repos[name] != "" {
			continue
		}
		facts.Repos[name] = e.Repo
		if name != "healthy" {
			continue
		}
		facts.Former = strings.Replace(e.Repo, hubtest.Namespace, hubtest.OldNamespace, 1)
		head := len(c.Runs(e))
		for k := head; k >= 0; k-- {
			facts.Commits = append(facts.Commits, c.Commit(e.Repo, k))
		}
		for _, f := range c.Files(e, head) {
			d := c.Digest(f)
			if len(d.Hex()) == 64 {
				facts.Files[f.Path] = file{Size: d.Size, SHA256: d.Hex()}
			} else {
				facts.Files[f.Path] = file{Size: d.Size, Blob: d.Hex()}
			}
		}
	}
	check(t, "huggingface_hub", facts, 20)
	server.Traffic() // waits for requests under way
	mu.Lock()
	defer mu.Unlock()
	t.Run("what_it_sends", func(t *testing.T) { mustSendAsDocumented(t, sent) })
}

// mustSendAsDocumented checks the requests of the client against docs/hub-protocol.md.
func mustSendAsDocumented(t *testing.T, sent []hubtest.Request) {
	ranges, tokens, heads := 0, 0, 0
	for _, r := range sent {
		if r.Host == hubtest.HostCDN {
			if r.Header.Get("Authorization") != "" {
				t.Errorf("a token goes to the file host: %s", r.Path)
			}
			if strings.HasPrefix(r.Header.Get("Range"), "bytes=") && r.Status == http.StatusPartialContent {
				ranges++
			}
			continue
		}
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer hf_") {
			tokens++
		}
		if r.Route == hubtest.RouteResolve && r.Method == http.MethodHead {
			heads++
			if r.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("HEAD with Accept-Encoding %q: sizes would be those of packed bytes", r.Header.Get("Accept-Encoding"))
			}
		}
		if strings.Contains(r.URL, "|") {
			t.Errorf("a bar that is not escaped: %s", r.URL)
		}
	}
	if ranges == 0 || tokens == 0 || heads == 0 {
		t.Errorf("%d ranges of the file host, %d requests with a token, %d heads: nothing was checked", ranges, tokens, heads)
	}
	for _, want := range []hubtest.Route{hubtest.RouteList, hubtest.RouteInfo, hubtest.RouteTree, hubtest.RoutePathsInfo, hubtest.RouteResolve, hubtest.RouteResolveCache} {
		if !slices.ContainsFunc(sent, func(r hubtest.Request) bool { return r.Route == want }) {
			t.Errorf("the client never asked for %s", want)
		}
	}
	for _, r := range sent {
		if r.Route == hubtest.RouteOther {
			t.Errorf("the client wants what is not served: %s %s", r.Method, r.URL)
		}
	}
}

func serve(t *testing.T, c *hubtest.Corpus, o hubtest.ServerOptions) *hubtest.Server {
	t.Helper()
	s, err := hubtest.NewServer(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
