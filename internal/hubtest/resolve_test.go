package hubtest_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

// a repository with a large file, for tests of the resolver.
type fixture struct {
	*client
	repo truth.Repo
	path string // its gsm8k file
	sha  string // that file's SHA-256
	size int64
}

func newFixture(t *testing.T, so hubtest.ServerOptions) fixture {
	t.Helper()
	so.Unlimited = so.Quotas == nil
	c := serve(t, hubtest.CorpusOptions{Seed: 5, Models: 3, Generation: hubtest.GenerationA}, so)
	f := fixture{client: c, repo: truth.Of(c.corpus).Repos()[0]}
	last := f.repo.Tasks[len(f.repo.Tasks)-1]
	f.path, f.sha, f.size = last.Path, last.SHA256, last.Size
	return f
}

func (f fixture) resolve(rev, path string) string {
	return "/datasets/" + f.repo.Repo + "/resolve/" + rev + "/" + path
}

func (f fixture) signed() string {
	f.t.Helper()
	return f.get(f.resolve(f.repo.Commit, escape(f.path))).header.Get("Location")
}

func TestResolveLargeFile(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	address := f.resolve(f.repo.Commit, escape(f.path))
	want := map[string]string{
		"X-Repo-Commit": f.repo.Commit,
		"X-Linked-Size": fmt.Sprint(f.size),
		"X-Linked-Etag": `"` + f.sha + `"`,
		"Accept-Ranges": "bytes",
		"Cache-Control": "no-store",
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r, err := f.try(method, address)
		if err != nil || r.status != http.StatusFound {
			t.Fatal(method, err, r.status)
		}
		for name, value := range want {
			if got := r.header.Get(name); got != value {
				t.Errorf("%s: %s = %q, want %q", method, name, got, value)
			}
		}
		u, err := url.Parse(r.header.Get("Location"))
		if err != nil || u.Scheme+"://"+u.Host != f.s.CDN() || !strings.HasPrefix(u.Path, "/xet-bridge-us/") {
			t.Errorf("Location %s: %v", u, err)
		}
		if hub, _ := url.Parse(f.s.Endpoint()); hub.Hostname() == u.Hostname() {
			t.Errorf("Hub and CDN are both called %s", u.Hostname())
		}
		for _, name := range []string{"X-Xet-Hash", "Link"} {
			if got := r.header.Get(name); got != "" {
				t.Errorf("%s: %q announces a protocol that is not served", name, got)
			}
		}
	}
}

func TestResolveSmallFile(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	r := f.get(f.resolve("main", "README.md"))
	location := r.header.Get("Location")
	prefix := "/api/resolve-cache/datasets/" + f.repo.Repo + "/" + f.repo.Commit + "/README.md?"
	if r.status != http.StatusTemporaryRedirect || !strings.HasPrefix(location, prefix) {
		t.Fatalf("%d to %q, want 307 to %s", r.status, location, prefix)
	}
	if !strings.HasPrefix(string(r.body), "Temporary Redirect. Redirecting to") || r.header.Get("X-Repo-Commit") != f.repo.Commit {
		t.Errorf("%s %s", r.body, r.header)
	}
	etag := r.header.Get("ETag")
	r = f.get(location)
	h := sha1.New()
	_, _ = fmt.Fprintf(h, "blob %d\x00%s", len(r.body), r.body)
	if sum := `"` + hex.EncodeToString(h.Sum(nil)) + `"`; r.status != 200 || etag != sum || r.header.Get("ETag") != sum {
		t.Errorf("status %d, ETags %s and %s, git says %s", r.status, etag, r.header.Get("ETag"), sum)
	}
	if r := f.get(f.resolve("main", "README.md"), "If-None-Match", etag); r.status != http.StatusNotModified {
		t.Errorf("If-None-Match: %d", r.status)
	}
	if r := f.get("/datasets/"+f.repo.Repo+"/raw/main/README.md", "If-None-Match", etag); r.status != http.StatusOK {
		t.Errorf("raw honours If-None-Match: %d", r.status)
	}
}

func TestRawOfLargeFileIsItsPointer(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	r := f.get("/datasets/" + f.repo.Repo + "/raw/main/" + escape(f.path))
	want := fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", f.sha, f.size)
	if r.status != 200 || string(r.body) != want {
		t.Errorf("%d %q, want %q", r.status, r.body, want)
	}
}

func TestRevisionSpellings(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	for name, c := range map[string]struct {
		rev    string
		status int
	}{
		"branch":                 {"main", 302},
		"full_commit":            {f.repo.Commit, 302},
		"unambiguous_beginning":  {f.repo.Commit[:8], 302},
		"qualified_branch":       {"refs%2Fheads%2Fmain", 302},
		"too_short_a_beginning":  {f.repo.Commit[:3], 404},
		"converted_branch":       {"refs%2Fconvert%2Fparquet", 404},
		"unknown_commit":         {strings.Repeat("0", 40), 404},
		"branch_that_is_nowhere": {"nope", 404},
	} {
		t.Run(name, func(t *testing.T) {
			r := f.get(f.resolve(c.rev, escape(f.path)))
			if r.status != c.status || c.status == 404 && r.header.Get("X-Error-Code") != "RevisionNotFound" {
				t.Errorf("%d %s %s", r.status, r.header.Get("X-Error-Code"), r.body)
			}
			if r := f.get("/api/datasets/" + f.repo.Repo + "/revision/" + c.rev); (r.status == 200) != (c.status == 302) {
				t.Errorf("repository info: %d", r.status)
			}
		})
	}
}

func TestPathSpellings(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 5, Models: 1, Generation: hubtest.GenerationAEarly}, hubtest.ServerOptions{})
	repo := truth.Of(c.corpus).Repos()[0]
	path := repo.Tasks[0].Path
	if !strings.Contains(path, "arc:challenge|25") || strings.Count(path, ":") < 5 {
		t.Fatalf("want a path with bars and colons, not %s", path)
	}
	base := "/datasets/" + repo.Repo + "/resolve/main/"
	for name, p := range map[string]string{
		"bars_and_colons_escaped": strings.NewReplacer("|", "%7C", ":", "%3A").Replace(path),
		"lower_case_escapes":      strings.NewReplacer("|", "%7c", ":", "%3a").Replace(path),
		"colons_as_they_are":      strings.ReplaceAll(path, "|", "%7C"),
		"slash_escaped":           strings.NewReplacer("|", "%7C", "/", "%2F").Replace(path),
	} {
		t.Run(name, func(t *testing.T) {
			if r := c.get(base + p); r.status != http.StatusFound {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
}

func TestRenamedRepository(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	old := strings.Replace(f.repo.Repo, "-old/", "/", 1)
	upper := strings.Replace(f.repo.Repo, "details_", "DETAILS_", 1)
	for name, c := range map[string]struct{ from, to string }{
		"info_keeps_the_query":    {"/api/datasets/" + old + "?expand=sha", "/api/datasets/" + f.repo.Repo + "?expand=sha"},
		"tree":                    {"/api/datasets/" + old + "/tree/main?recursive=true", "/api/datasets/" + f.repo.Repo + "/tree/main?recursive=true"},
		"resolve_keeps_the_path":  {"/datasets/" + old + "/resolve/main/" + escape(f.path), "/datasets/" + f.repo.Repo + "/resolve/main/" + escape(f.path)},
		"wrong_case_of_the_name":  {"/api/datasets/" + upper, "/api/datasets/" + f.repo.Repo},
		"resolve_in_a_wrong_case": {"/datasets/" + upper + "/resolve/main/README.md", "/datasets/" + f.repo.Repo + "/resolve/main/README.md"},
	} {
		t.Run(name, func(t *testing.T) {
			r := f.get(c.from)
			if r.status != http.StatusTemporaryRedirect || r.header.Get("Location") != c.to {
				t.Errorf("%d to %q, want 307 to the relative %s", r.status, r.header.Get("Location"), c.to)
			}
			if r.header.Get("X-Repo-Commit") != "" {
				t.Error("a rename redirect has no X-Repo-Commit")
			}
		})
	}
	t.Run("resolve_without_redirect_by_fault", func(t *testing.T) {
		f.s.SetFaults(hubtest.Fault{Kind: hubtest.FaultOldNameDirect})
		defer f.s.SetFaults()
		if r := f.get("/datasets/" + old + "/resolve/main/" + escape(f.path)); r.status != http.StatusFound {
			t.Error(r.status)
		}
	})
}

// A client that does not escape the bar is served too.
func TestBarAsItIs(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.s.Endpoint(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET /datasets/%s/resolve/main/%s HTTP/1.1\r\nHost: x\r\n\r\n", f.repo.Repo, f.path); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusFound {
		t.Errorf("%s %v", res.Status, err)
	}
}
