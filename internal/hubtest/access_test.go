package hubtest_test

import (
	"net/http"
	"strings"
	"testing"

	"metabench/internal/hubtest"
)

// TestErrorTable is the table of §3.4: what each kind of refusal looks like.
func TestErrorTable(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 2, Models: 8, Broken: 0.5,
		Cases: []hubtest.Case{hubtest.CaseGated, hubtest.CaseDisabled, hubtest.CaseDeleted, hubtest.CasePrivate}},
		hubtest.ServerOptions{})
	at := func(kase hubtest.Case) string { return caseOf(t, c, kase).Repo }
	healthy := at(hubtest.CaseHealthy)
	gatedFile := "/datasets/" + at(hubtest.CaseGated) + "/resolve/main/" + escape(c.anyFile(at(hubtest.CaseGated)))
	const badToken = "hf_nobody"
	for name, k := range map[string]struct {
		path, token string
		status      int
		code        string
		message     string
	}{
		"missing_anonymous":        {"/api/datasets/" + hubtest.Namespace + "/details_nope", "", 401, "", "Invalid username or password."},
		"missing_with_token":       {"/api/datasets/" + hubtest.Namespace + "/details_nope", hubtest.TokenFree, 404, "RepoNotFound", "Repository not found"},
		"deleted_anonymous":        {"/api/datasets/" + at(hubtest.CaseDeleted) + "/tree/main", "", 401, "", "Invalid username or password."},
		"deleted_with_token":       {"/api/datasets/" + at(hubtest.CaseDeleted) + "/tree/main", hubtest.TokenFree, 404, "RepoNotFound", "Repository not found"},
		"private_anonymous":        {"/api/datasets/" + at(hubtest.CasePrivate), "", 401, "", "Invalid username or password."},
		"private_to_its_owner":     {"/api/datasets/" + at(hubtest.CasePrivate), hubtest.TokenOwner, 200, "", ""},
		"gated_anonymous":          {gatedFile, "", 401, "GatedRepo", "restricted"},
		"gated_without_acceptance": {gatedFile, hubtest.TokenFree, 403, "GatedRepo", "not in the authorized list"},
		"gated_with_acceptance":    {gatedFile, hubtest.TokenMember, 302, "", ""},
		"gated_tree_is_public":     {"/api/datasets/" + at(hubtest.CaseGated) + "/tree/main", "", 200, "", ""},
		"gated_info_is_public":     {"/api/datasets/" + at(hubtest.CaseGated), "", 200, "", ""},
		"disabled_tree":            {"/api/datasets/" + at(hubtest.CaseDisabled) + "/tree/main", "", 403, "", "Access to this resource is disabled."},
		"disabled_info_says_so":    {"/api/datasets/" + at(hubtest.CaseDisabled), "", 200, "", ""},
		"bad_revision":             {"/api/datasets/" + healthy + "/tree/nope", "", 404, "RevisionNotFound", "Invalid rev id: nope"},
		"no_such_file":             {"/datasets/" + healthy + "/resolve/main/nope.txt", "", 404, "EntryNotFound", "Entry not found"},
		"no_such_directory":        {"/api/datasets/" + healthy + "/tree/main/nope", "", 404, "EntryNotFound", "does not exist"},
		"bad_token_on_public":      {"/api/datasets/" + healthy, badToken, 401, "", "Invalid credentials in Authorization header"},
		"bad_token_on_resolve":     {"/datasets/" + healthy + "/resolve/main/README.md", badToken, 401, "", "Invalid credentials in Authorization header"},
		"bad_parameter":            {"/api/datasets/" + healthy + "?expand=nope", "", 400, "", "must be one of"},
		"converted_parquet":        {"/api/datasets/" + healthy + "/parquet/default/train/0.parquet", "", 404, "", ""},
		"anything_else":            {"/spaces/whatever", "", 404, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			mine := *c
			mine.t, mine.token = t, k.token
			r := mine.get(k.path)
			if r.status != k.status || r.header.Get("X-Error-Code") != k.code ||
				!strings.Contains(r.header.Get("X-Error-Message"), k.message) {
				t.Errorf("%d %q %q\nwant %d %q %q", r.status, r.header.Get("X-Error-Code"), r.header.Get("X-Error-Message"),
					k.status, k.code, k.message)
			}
			if r.header.Get("RateLimit") == "" || r.header.Get("RateLimit-Policy") == "" {
				t.Error("an answer without rate-limit headers")
			}
			if r.status == 401 && r.header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
	t.Run("entry_not_found_has_commit_and_15_bytes", func(t *testing.T) {
		r := c.get("/datasets/" + healthy + "/resolve/main/nope.txt")
		if len(r.body) != 15 && string(r.body) != "Entry not found" || r.header.Get("X-Repo-Commit") == "" {
			t.Errorf("%q %s", r.body, r.header)
		}
	})
}

// anyFile is a file of a repository.
func (c *client) anyFile(repo string) string {
	c.t.Helper()
	for _, e := range decode[[]treeEntry](c.t, c.get("/api/datasets/"+repo+"/tree/main?recursive=true")) {
		if e.LFS != nil {
			return e.Path
		}
	}
	c.t.Fatalf("%s has no large file", repo)
	return ""
}

func TestRobots(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Models: 1}, hubtest.ServerOptions{})
	r := c.get("/robots.txt")
	if r.status != 200 || string(r.body) != "User-agent: *\nAllow: /\n" || !strings.HasPrefix(r.header.Get("RateLimit"), `"pages"`) {
		t.Errorf("%d %q %s", r.status, r.body, r.header)
	}
}

func TestLogSeesCredentials(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	f.token = hubtest.TokenFree
	f.get(f.signed(), "Authorization", "Bearer stolen")
	requests := f.s.Requests()
	if len(requests) != 2 || requests[0].Header.Get("Authorization") != "Bearer "+hubtest.TokenFree ||
		requests[1].Host != hubtest.HostCDN || requests[1].Header.Get("Authorization") != "Bearer stolen" {
		t.Errorf("%+v", requests)
	}
	if requests[1].Path != f.repo.Repo+"/"+f.path || strings.Contains(requests[1].URL, "?") {
		t.Errorf("CDN request %+v", requests[1])
	}
	if n := f.s.Counters(); n.Hub != 1 || n.CDN != 1 || n.CDNBytes != f.size || n.ByStatus[http.StatusFound] != 1 {
		t.Errorf("%+v", n)
	}
}
