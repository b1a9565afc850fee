package hubtest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"metabench/internal/hubtest"
)

// TestFaults switches on each kind of fault by its command-line spelling and looks at
// what a client gets. No kind may be left out.
func TestFaults(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	info := "/api/datasets/" + f.repo.Repo
	tree := info + "/tree/" + f.repo.Commit + "?recursive=true"
	resolve := f.resolve(f.repo.Commit, escape(f.path))
	signed := f.signed()
	whole := f.get(signed).body
	n := len(whole)

	status := func(address string, want int, header ...string) func(*testing.T, fixture) reply {
		return func(t *testing.T, f fixture) reply {
			r := f.get(address, header...)
			if r.status != want {
				t.Errorf("status %d, want %d: %.200s", r.status, want, r.body)
			}
			return r
		}
	}
	type check func(t *testing.T, f fixture)
	also := func(first func(*testing.T, fixture) reply, then func(t *testing.T, r reply)) check {
		return func(t *testing.T, f fixture) { then(t, first(t, f)) }
	}
	limit := func(want string) func(*testing.T, reply) {
		return func(t *testing.T, r reply) {
			if got := r.header.Get("RateLimit"); got != want && !(want == "any" && got != "") {
				t.Errorf("RateLimit %q, want %q", got, want)
			}
		}
	}
	broken := func(address string, got int) check {
		return func(t *testing.T, f fixture) {
			r, err := f.try(http.MethodGet, address)
			if err == nil || len(r.body) != got {
				t.Errorf("%d bytes, %v; want %d bytes and an error", len(r.body), err, got)
			}
		}
	}
	body := func(address string, want []byte) check {
		return func(t *testing.T, f fixture) {
			if r := f.get(address); !bytes.Equal(r.body, want) {
				t.Errorf("%d bytes, want %d", len(r.body), len(want))
			}
		}
	}
	changed := bytes.Clone(whole)
	changed[10] ^= 0x55
	cases := map[string]check{
		"latency=30ms": func(t *testing.T, f fixture) {
			start := time.Now()
			if f.get(info); time.Since(start) < 30*time.Millisecond {
				t.Error("no wait")
			}
		},
		"reset": func(t *testing.T, f fixture) {
			if r, err := f.try(http.MethodPost, info); err == nil || !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
				t.Errorf("%d %v", r.status, err)
			}
		},
		"status=503": also(status(info, 503), func(t *testing.T, r reply) {
			if !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !bytes.Contains(r.body, []byte("<html>")) {
				t.Errorf("%s %s", r.header, r.body)
			}
		}),
		"status=502,route=cdn":    func(t *testing.T, f fixture) { status(info, 200)(t, f); status(signed, 502)(t, f) },
		"429=55s":                 also(status(resolve, 429), limit(`"resolvers";r=0;t=55`)),
		"429_edge":                also(status(info, 429), limit("")),
		"429_left":                also(status(info, 429), limit("any")),
		"retry_after=-5":          also(status(info, 429), retryAfter("-5")),
		"retry_after=864000":      also(status(info, 429), retryAfter("864000")),
		"cut=100":                 broken(signed, 100),
		"cut":                     broken(signed, n/2),
		"corrupt=10":              body(signed, changed),
		"short=100":               body(signed, whole[:n-100]),
		"content_length=7":        broken(signed, n),
		"content_length=-7":       body(signed, whole[:n-7]),
		"html":                    also(status(signed, 200), func(t *testing.T, r reply) { contains(t, r, "<html>") }),
		"ignore_range":            also(status(signed, 200, "Range", "bytes=0-3"), func(t *testing.T, r reply) { size(t, r, n) }),
		"expired":                 also(status(signed, 403), func(t *testing.T, r reply) { contains(t, r, "expired") }),
		"forbidden,rate=0.5":      sometimes(signed, 403),
		"status=500,rate=0.3":     sometimes(info, 500),
		"redirect_chain=2":        also(status(signed, 302), func(t *testing.T, r reply) { contains(t, r, "Found") }),
		"redirect_loop":           also(status(info, 307), location(info)),
		"old_name_direct":         func(t *testing.T, f fixture) { status(strings.Replace(resolve, "-old/", "/", 1), 302)(t, f) },
		"rewritten":               also(status(tree, 404), func(t *testing.T, r reply) { contains(t, r, "Invalid rev id") }),
		"cut_json=20":             also(status(tree, 200), func(t *testing.T, r reply) { size(t, r, 20) }),
		"status=500,match=gsm8k":  func(t *testing.T, f fixture) { status(resolve, 500)(t, f); status(info, 200)(t, f) },
		"status=500,after=1":      func(t *testing.T, f fixture) { status(info, 200)(t, f); status(info, 500)(t, f) },
		"status=500,count=1":      func(t *testing.T, f fixture) { status(info, 500)(t, f); status(info, 200)(t, f) },
		"redirect_host=evil.test": also(status(resolve, 302), locationHost("http://evil.test/xet-bridge-us/")),
		"redirect_port":           func(t *testing.T, f fixture) { otherPort(t, f, resolve, whole) },
		"link_host=evil.test":     also(status(listing+"&limit=1", 200), linkHost("<http://evil.test/")),
		"page_size=2":             func(t *testing.T, f fixture) { entries, pages := f.all(listing); same(t, len(entries), 3, pages, 2) },
		"repeat_entry": func(t *testing.T, f fixture) {
			entries, pages := f.all(listing + "&limit=2")
			same(t, len(entries), 4, pages, 2)
		},
		"link_loop":                loops(listing + "&limit=1"),
		"link_endless":             endless(listing + "&limit=2"),
		"plain_list":               func(t *testing.T, f fixture) { same(t, f.first("&expand=sha").SHA, "", 0, 0) },
		"stale_sha":                func(t *testing.T, f fixture) { staleSHA(t, f) },
		"moving_head":              func(t *testing.T, f fixture) { movingHead(t, f) },
		"gzip":                     func(t *testing.T, f fixture) { zipped(t, f, info, 1) },
		"gzip_bomb=3000000":        func(t *testing.T, f fixture) { zipped(t, f, info, 3_000_000) },
		"no_linked":                also(status(resolve, 302), func(t *testing.T, r reply) { same(t, r.header.Get("X-Linked-Size"), "", 0, 0) }),
		"tree_no_hash":             treeHashes(tree, func(e treeEntry) bool { return e.LFS == nil }),
		"wrong_hash":               treeHashes(tree, func(e treeEntry) bool { return e.LFS == nil || e.Path != f.path || e.LFS.OID != f.sha }),
		"content_range=5":          shiftedRange(signed, whole),
		"drip=1ms":                 body(signed, whole),
		"stall=100":                stalls(signed, 100),
		"hostile_tree":             treeHas(tree, "../../etc/"),
		"latency=1ms,route=models": func(t *testing.T, f fixture) { status("/api/models", 200)(t, f) },
	}
	tried := map[hubtest.FaultKind]bool{}
	for spec, run := range cases {
		t.Run(spec, func(t *testing.T) {
			fault, err := hubtest.ParseFault(spec)
			if err != nil {
				t.Fatal(err)
			}
			tried[fault.Kind] = true
			mine, c := f, *f.client
			c.t = t
			mine.client = &c
			f.s.SetFaults(fault)
			f.s.Reset()
			defer f.s.SetFaults()
			run(t, mine)
			if f.s.Counters().ByFault[fault.Kind] == 0 {
				t.Error("the fault struck nothing")
			}
		})
	}
	for _, d := range hubtest.Faults() {
		if !tried[d.Kind] && !t.Failed() {
			t.Errorf("fault %s is not tried here", d.Kind)
		}
	}
}

func retryAfter(want string) func(*testing.T, reply) {
	return func(t *testing.T, r reply) {
		if r.header.Get("Retry-After") != want || r.header.Get("RateLimit") != "" {
			t.Errorf("%s", r.header)
		}
	}
}

func contains(t *testing.T, r reply, text string) {
	t.Helper()
	if !bytes.Contains(r.body, []byte(text)) {
		t.Errorf("%.200s", r.body)
	}
}

func size(t *testing.T, r reply, n int) {
	t.Helper()
	if len(r.body) != n {
		t.Errorf("%d bytes, want %d", len(r.body), n)
	}
}

func same[A, B comparable](t *testing.T, a, b A, c, d B) {
	t.Helper()
	if a != b || c != d {
		t.Errorf("got %v and %v, want %v and %v", a, c, b, d)
	}
}

// sometimes expects a status for some but not all of many requests.
func sometimes(address string, struck int) func(*testing.T, fixture) {
	return func(t *testing.T, f fixture) {
		if n := strings.Count(pattern(f, address, struck), "x"); n < 3 || n > 37 {
			t.Errorf("%d of 40 struck", n)
		}
	}
}

// pattern shows which of 40 requests got a status.
func pattern(f fixture, address string, struck int) string {
	var b strings.Builder
	for range 40 {
		if f.get(address).status == struck {
			b.WriteByte('x')
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

func TestRatesAreDecidedBySeed(t *testing.T) {
	var first string
	for range 2 {
		f := newFixture(t, hubtest.ServerOptions{Seed: 7, Faults: []hubtest.Fault{{Kind: hubtest.FaultStatus, Status: 500, Rate: 0.4}}})
		got := pattern(f, "/api/datasets/"+f.repo.Repo, 500)
		if first == "" {
			first = got
		} else if got != first {
			t.Errorf("%s, then %s", first, got)
		}
	}
}

func location(want string) func(*testing.T, reply) {
	return func(t *testing.T, r reply) { same(t, r.header.Get("Location"), want, 0, 0) }
}

func locationHost(prefix string) func(*testing.T, reply) {
	return func(t *testing.T, r reply) {
		if !strings.HasPrefix(r.header.Get("Location"), prefix) {
			t.Error(r.header.Get("Location"))
		}
	}
}

// otherPort expects the file at the Hub's host name with the CDN's port.
func otherPort(t *testing.T, f fixture, resolve string, whole []byte) {
	location := f.get(resolve).header.Get("Location")
	u, err := url.Parse(location)
	hub, err2 := url.Parse(f.s.Endpoint())
	if err != nil || err2 != nil || u.Hostname() != hub.Hostname() || u.Port() == hub.Port() {
		t.Fatalf("Location %s", location)
	}
	if r := f.get(location); !bytes.Equal(r.body, whole) {
		t.Errorf("%d bytes, want %d", len(r.body), len(whole))
	}
}

func linkHost(prefix string) func(*testing.T, reply) {
	return func(t *testing.T, r reply) {
		if !strings.HasPrefix(r.header.Get("Link"), prefix) {
			t.Error(r.header.Get("Link"))
		}
	}
}

func (c *client) first(query string) dataset {
	c.t.Helper()
	return decode[[]dataset](c.t, c.get(listing+query))[0]
}

func (c *client) next(address string) string {
	c.t.Helper()
	m := nextLink.FindStringSubmatch(c.get(address).header.Get("Link"))
	if m == nil {
		c.t.Fatalf("no next page after %s", address)
	}
	return m[1]
}

func loops(address string) func(*testing.T, fixture) {
	return func(t *testing.T, f fixture) {
		second := f.next(address)
		if a, b := f.get(address), f.get(second); !bytes.Equal(a.body, b.body) || f.next(second) != second {
			t.Error("the link leads on")
		}
	}
}

func endless(address string) func(*testing.T, fixture) {
	return func(t *testing.T, f fixture) {
		seen := map[string]bool{}
		for range 10 {
			if address = f.next(address); seen[address] {
				t.Fatalf("%s twice: a client would notice", address)
			}
			seen[address] = true
		}
	}
}

func staleSHA(t *testing.T, f fixture) {
	entries, _ := f.all(listing + "&expand=sha")
	for _, e := range entries {
		if e.SHA == repoOf(t, f.client, e.ID).Commit {
			t.Errorf("%s has its newest commit", e.ID)
		}
		if r := f.get("/api/datasets/" + e.ID + "/tree/" + e.SHA); r.status != 200 {
			t.Errorf("the older commit can't be listed: %d", r.status)
		}
	}
}

func movingHead(t *testing.T, f fixture) {
	tree := func(rev string) int {
		return len(decode[[]treeEntry](t, f.get("/api/datasets/"+f.repo.Repo+"/tree/"+rev)))
	}
	before := tree(f.repo.Commit)
	if after := tree("main"); after <= before {
		t.Errorf("%d entries before, %d after the push", before, after)
	}
	if pinned := tree(f.repo.Commit); pinned != before {
		t.Errorf("the pinned commit changed from %d to %d entries", before, pinned)
	}
	if data := f.fetch(f.repo.Repo, f.repo.Commit, f.path); int64(len(data)) != f.size {
		t.Error("the pinned file changed")
	}
}

func zipped(t *testing.T, f fixture, address string, atLeast int64) {
	r := f.get(address, "Accept-Encoding", "gzip")
	if r.header.Get("Content-Encoding") != "gzip" || r.header.Get("Content-Length") != "" {
		t.Fatalf("%s", r.header)
	}
	z, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, z); err != nil || n < atLeast {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func treeHashes(address string, want func(treeEntry) bool) func(*testing.T, fixture) {
	return func(t *testing.T, f fixture) {
		for _, e := range decode[[]treeEntry](t, f.get(address)) {
			if !want(e) {
				t.Errorf("%+v", e)
			}
		}
	}
}

func treeHas(address, text string) func(*testing.T, fixture) {
	return func(t *testing.T, f fixture) {
		entries := decode[[]treeEntry](t, f.get(address))
		if !slices.ContainsFunc(entries, func(e treeEntry) bool { return strings.Contains(e.Path, text) }) {
			t.Errorf("no %s in the tree", text)
		}
	}
}

func shiftedRange(address string, whole []byte) func(*testing.T, fixture) {
	return func(t *testing.T, f fixture) {
		r := f.get(address, "Range", "bytes=10-19")
		same(t, r.header.Get("Content-Range"), fmt.Sprintf("bytes 15-24/%d", len(whole)), string(r.body), string(whole[15:25]))
	}
}

// stalls expects n bytes and then nothing until the client gives up.
func stalls(address string, n int) func(*testing.T, fixture) {
	return func(t *testing.T, f fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := f.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(res.Body, make([]byte, n)); err != nil {
			t.Error(err)
		}
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err := res.Body.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("the body goes on: %v", err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestParseFaultRefusals(t *testing.T) {
	for spec, want := range map[string]string{
		"nonsense":                 "no such fault",
		"reset=1":                  "takes no value",
		"latency":                  "needs a value",
		"latency=fast":             "invalid duration",
		"status=200":               "no error",
		"cut=1,rate=2":             "not in (0, 1]",
		"cut=1,route=nowhere":      "no route",
		"cut=1,rate=0.5,bad=1":     "unknown option",
		"page_size=x":              "invalid syntax",
		"status=500,after=several": "invalid syntax",
	} {
		t.Run(spec, func(t *testing.T) {
			if _, err := hubtest.ParseFault(spec); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
	f, err := hubtest.ParseFault("retry_after=Fri, 31 Dec 1999 23:59:59 GMT,rate=0.5,route=list,route=tree")
	if err != nil || f.Text != "Fri, 31 Dec 1999 23:59:59 GMT" || f.Rate != 0.5 || len(f.Routes) != 2 {
		t.Errorf("%+v, %v", f, err)
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("cut=1000,rate=0.1,route=cdn,match=a,after=1,count=2")
	f.Fuzz(func(t *testing.T, s string) {
		if fault, err := hubtest.ParseFault(s); err == nil && (fault.Rate < 0 || fault.Rate > 1) {
			t.Errorf("%+v", fault)
		}
	})
}
